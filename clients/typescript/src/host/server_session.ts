import { toBase64Url } from '../base/base64url.js';
import { utf8, wipe } from '../base/bytes.js';
import { canonicalJson } from '../base/canonical_json.js';
import type { Secret } from '../base/secret.js';
import { type Random, systemRandom } from '../base/sources.js';
import { ExchangeKey } from '../crypto/x25519.js';
import { PREFIX } from '../identity/envelope.js';
import type { SigningKey } from '../identity/signing_key.js';
import { openCall, responseKey, sealFrame } from '../channel/seal.js';
import {
  type ChannelKeys,
  type ClientHello,
  type ServerHello,
  channelKeys,
  channelTranscript,
} from '../channel/transcript.js';
import { type OpenedRequest, readInnerRequest } from './inner_request.js';
import { ReplayWindow } from './window.js';

export const SESSION_LIFE = 3600;

export type CallRefusal = 'secure_decrypt_failed' | 'secure_replay' | 'secure_malformed';

/** A call that was opened: what is asked, and what seals the answer. */
export interface OpenedCall {
  readonly request: OpenedRequest;
  readonly reply: SealedReply;
}

/** The host's end of a session (docs/protocol/secure-channel.md). */
export class ServerSession {
  readonly #window = new ReplayWindow();

  constructor(
    readonly sid: string,
    /** Unix seconds. */
    readonly expiresAt: number,
    readonly keys: ChannelKeys,
  ) {}

  /** Rows 4 to 6 of section 2. A number counts only after its tag verified. */
  open(version: number, seq: bigint, ct: string): OpenedCall | CallRefusal {
    const plaintext = version === 1 ? openCall(this.keys.c2s, this.sid, seq, ct) : undefined;
    if (plaintext === undefined) return 'secure_decrypt_failed';
    if (!this.#window.accept(seq)) return 'secure_replay';
    const request = readInnerRequest(plaintext);
    wipe(plaintext);
    if (request === undefined) return 'secure_malformed';
    const key = responseKey(this.keys.s2c, seq);
    return { request, reply: new SealedReply(key, this.sid, seq) };
  }

  wipe(): void {
    this.keys.c2s.wipe();
    this.keys.s2c.wipe();
  }
}

/** Seals the answer to one call, as a whole or frame by frame. */
export class SealedReply {
  #next = 0;

  constructor(
    private readonly key: Secret,
    private readonly sid: string,
    private readonly seq: bigint,
  ) {}

  /** The outer body of a whole answer. */
  whole(status: number, contentType: string | undefined, body: Uint8Array): string {
    const inner = { status, contentType, body: body.length === 0 ? undefined : toBase64Url(body) };
    const plaintext = utf8(canonicalJson(inner));
    const json = this.#frame(plaintext, true);
    wipe(plaintext);
    return json;
  }

  /** One chunk of a streamed answer, as an event. */
  chunk(bytes: Uint8Array): string {
    return `data: ${this.#frame(bytes, false)}\n\n`;
  }

  /** The end of a streamed answer. A stream that is cut gets none. */
  end(): string {
    return `data: ${this.#frame(new Uint8Array(0), true)}\n\n`;
  }

  #frame(plaintext: Uint8Array, fin: boolean): string {
    const place = { sid: this.sid, seq: this.seq, number: this.#next, fin };
    this.#next += 1;
    const frame = sealFrame(this.key, place, plaintext);
    if (fin) this.key.wipe();
    return JSON.stringify(frame);
  }
}

/** What a handshake is made with; drawn unless it is to reproduce a known answer. */
export interface HandshakeSecrets {
  readonly key: ExchangeKey;
  /** 16 bytes. */
  readonly sid: Uint8Array;
}

export function drawHandshake(random: Random = systemRandom): HandshakeSecrets {
  return { key: ExchangeKey.create(random), sid: random(16) };
}

/**
 * Answers a client hello whose members were judged. `theirs` are the bytes of its usable `encPub`;
 * undefined when the exchange gives zero. `now` is Unix seconds.
 */
export function openSession(
  hello: ClientHello,
  theirs: Uint8Array,
  signer: SigningKey,
  expiresAt: number,
  secrets: HandshakeSecrets,
): { readonly session: ServerSession; readonly hello: ServerHello } | undefined {
  const shared = secrets.key.sharedWith(theirs);
  if (shared === undefined) return undefined;
  const sid = toBase64Url(secrets.sid);
  const open = { sid, encPub: secrets.key.encPub, expiresAt };
  const transcript = channelTranscript(hello, open);
  const signature = signer.signHex(PREFIX.channel, transcript);
  const session = new ServerSession(sid, expiresAt, channelKeys(shared, transcript));
  secrets.key.wipe();
  return { session, hello: { v: 1, ...open, signature } };
}
