import { fromBase64Url, toBase64Url } from '../base/base64url.js';
import { be64, concat, utf8 } from '../base/bytes.js';
import { Secret } from '../base/secret.js';
import { open, seal } from '../crypto/aead.js';
import { hkdfSha256 } from '../crypto/hash.js';

/** 4 zero bytes ‖ BE64(number). */
function nonceOf(number: bigint): Uint8Array {
  return concat(new Uint8Array(4), be64(number));
}

function callAad(sid: string, seq: bigint): Uint8Array {
  return utf8(`osaurus-sc1:req:${sid}:${seq}`);
}

function frameAad(sid: string, seq: bigint, number: bigint, fin: boolean): Uint8Array {
  return utf8(`osaurus-sc1:resp:${sid}:${seq}:${number}:${fin ? 1 : 0}`);
}

/** `ct` of a call (docs/protocol/secure-channel.md section 2). */
export function sealCall(c2s: Secret, sid: string, seq: bigint, plaintext: Uint8Array): string {
  const aad = callAad(sid, seq);
  return c2s.use((key) => toBase64Url(seal({ key, nonce: nonceOf(seq), aad }, plaintext)));
}

export function openCall(
  c2s: Secret,
  sid: string,
  seq: bigint,
  ct: string,
): Uint8Array | undefined {
  const bytes = fromBase64Url(ct);
  if (bytes === undefined) return undefined;
  return c2s.use((key) => open({ key, nonce: nonceOf(seq), aad: callAad(sid, seq) }, bytes));
}

/** Key of the answer to one call (section 3). */
export function responseKey(s2c: Secret, seq: bigint): Secret {
  const derive = (key: Uint8Array): Uint8Array =>
    hkdfSha256(key, new Uint8Array(0), `osaurus-sc1:respkey:${seq}`, 32);
  return Secret.take(s2c.use(derive));
}

/** One frame of an answer as it travels. */
export interface Frame {
  readonly seq: number;
  readonly ct: string;
  /** Only the last frame has it. */
  readonly fin?: true;
}

/** Where a frame belongs. */
export interface FramePlace {
  readonly sid: string;
  /** Number of the call. */
  readonly seq: bigint;
  /** 0, 1, 2, … without gaps. */
  readonly number: number;
  readonly fin: boolean;
}

function frameInput(key: Uint8Array, place: FramePlace): Parameters<typeof seal>[0] {
  const number = BigInt(place.number);
  return { key, nonce: nonceOf(number), aad: frameAad(place.sid, place.seq, number, place.fin) };
}

export function sealFrame(key: Secret, place: FramePlace, plaintext: Uint8Array): Frame {
  const ct = key.use((bytes) => toBase64Url(seal(frameInput(bytes, place), plaintext)));
  return place.fin ? { seq: place.number, ct, fin: true } : { seq: place.number, ct };
}

export function openFrame(key: Secret, place: FramePlace, ct: string): Uint8Array | undefined {
  const bytes = fromBase64Url(ct);
  if (bytes === undefined) return undefined;
  return key.use((secret) => open(frameInput(secret, place), bytes));
}
