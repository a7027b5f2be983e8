import { secp256k1 } from '@noble/curves/secp256k1';

import { concat, le64, utf8, wipe } from '../base/bytes.js';
import { KronborgError } from '../base/error.js';
import { Secret } from '../base/secret.js';
import { type Random, systemRandom } from '../base/sources.js';
import { hkdfSha256, hmacSha256, sha256 } from './hash.js';
import { isPrivateKey } from './secp256k1.js';

/**
 * SPAKE2 over secp256k1 (docs/protocol/pairing.md section 5.3). Points are compressed, 33 bytes.
 */

const Point = secp256k1.ProjectivePoint;
type CurvePoint = InstanceType<typeof Point>;

const PROTOCOL = 'osaurus-pair-v2';

function numberOf(bytes: Uint8Array): bigint {
  return bytes.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);
}

/** The first x on the curve, with even y. */
function derivedPoint(label: string): CurvePoint {
  for (let counter = 0; counter < 256; counter += 1) {
    const tag = utf8(`${PROTOCOL}:point:${label}:`);
    const x = sha256(concat(tag, new Uint8Array([counter])));
    const point = readShare(concat(new Uint8Array([2]), x));
    if (point !== undefined) return point;
  }
  throw new Error('no such point');
}

/** A point of 33 bytes that is on the curve; undefined for anything else. */
function readShare(bytes: Uint8Array): CurvePoint | undefined {
  if (bytes.length !== 33 || (bytes[0] !== 2 && bytes[0] !== 3)) return undefined;
  try {
    const point = Point.fromHex(bytes);
    point.assertValidity();
    return point;
  } catch {
    return undefined;
  }
}

const M = derivedPoint('M');
const N = derivedPoint('N');

/** The constants M and N, compressed. */
export const SPAKE2_POINTS: { readonly M: Uint8Array; readonly N: Uint8Array } = {
  M: M.toRawBytes(true),
  N: N.toRawBytes(true),
};

/** Whether the bytes can be somebody's share. */
export function isShare(bytes: Uint8Array): boolean {
  return readShare(bytes) !== undefined;
}

/** w of a code: 32 bytes, 1..n-1. The caller wipes them. */
export function passwordScalar(code: string): Uint8Array {
  const text = utf8(code);
  for (let counter = 0; counter < 256; counter += 1) {
    const tag = utf8(`${PROTOCOL}:password:`);
    const w = sha256(concat(tag, le64(BigInt(text.length)), text, new Uint8Array([counter])));
    if (isPrivateKey(w)) return w;
  }
  throw new Error('no such scalar');
}

/** Who the phone says it is; the UTF-8 as it was sent. */
export interface PhoneNames {
  readonly deviceId: string;
  readonly deviceName: string;
}

/** What both sides hold when they share the code. Wipe it after use. */
export interface SharedKeys {
  /** 32 bytes. */
  readonly session: Uint8Array;
  /** Sent by the host; the phone checks it before it sends its own. */
  readonly confirmHost: Uint8Array;
  readonly confirmPhone: Uint8Array;
}

export type Spake2Role = 'phone' | 'host';

/** One side of one exchange. */
export class Spake2 {
  readonly #role: Spake2Role;
  readonly #scalar: Secret;
  readonly #w: Secret;
  /** This side's share, 33 bytes. */
  readonly share: Uint8Array;

  /** `scalar` (32 bytes, copied) is drawn unless one is handed in to reproduce a known answer. */
  constructor(role: Spake2Role, code: string, random: Random = systemRandom, scalar?: Uint8Array) {
    let bytes = scalar === undefined ? random(32) : Uint8Array.from(scalar);
    while (scalar === undefined && !isPrivateKey(bytes)) bytes = random(32);
    this.#role = role;
    this.#scalar = Secret.take(bytes);
    this.#w = Secret.take(passwordScalar(code));
    const blinding = this.#w.use((w) => (role === 'phone' ? M : N).multiply(numberOf(w)));
    const own = this.#scalar.use((secret) => Point.BASE.multiply(numberOf(secret)));
    this.share = own.add(blinding).toRawBytes(true);
  }

  /**
   * The keys from the other's share. `invalid_share` for bytes that are no point, `invalid_code`
   * when there is no shared point, which only a share made to provoke it brings about.
   */
  finish(other: Uint8Array, names: PhoneNames): SharedKeys {
    const received = readShare(other);
    if (received === undefined) {
      throw new KronborgError('invalid_share', 'The key share is not a point of the curve.');
    }
    const theirs = this.#w.use((w) => (this.#role === 'phone' ? N : M).multiply(numberOf(w)));
    const bare = received.subtract(theirs);
    if (bare.equals(Point.ZERO)) {
      throw new KronborgError('invalid_code', 'That code is wrong or has expired.');
    }
    const K = this.#scalar.use((secret) => bare.multiply(numberOf(secret))).toRawBytes(true);
    const [pA, pB] = this.#role === 'phone' ? [this.share, other] : [other, this.share];
    const transcript = this.#w.use((w) => spake2Transcript({ names, pA, pB, K, w }));
    const keys = spake2Keys(transcript);
    wipe(K, transcript);
    return keys;
  }

  wipe(): void {
    this.#scalar.wipe();
    this.#w.wipe();
  }
}

/** Everything the two sides agree on, in the order of the transcript. */
export interface Spake2Transcript {
  readonly names: PhoneNames;
  readonly pA: Uint8Array;
  readonly pB: Uint8Array;
  readonly K: Uint8Array;
  readonly w: Uint8Array;
}

/** LP(b): the length as 8 bytes, little-endian, then b. */
function lengthFirst(bytes: Uint8Array): Uint8Array {
  return concat(le64(BigInt(bytes.length)), bytes);
}

/** TT of section 5.3. It holds K and w: the caller wipes it. */
export function spake2Transcript({ names, pA, pB, K, w }: Spake2Transcript): Uint8Array {
  const phone = concat(lengthFirst(utf8(names.deviceId)), lengthFirst(utf8(names.deviceName)));
  const parts = [utf8(PROTOCOL), phone, new Uint8Array(0), pA, pB, K, w];
  return concat(...parts.map(lengthFirst));
}

export function spake2Keys(transcript: Uint8Array): SharedKeys {
  const root = sha256(transcript);
  const derive = (name: string): Uint8Array =>
    hkdfSha256(root, new Uint8Array(0), `${PROTOCOL}:${name}`, 32);
  const session = derive('session');
  const phoneKey = derive('confirm-phone');
  const hostKey = derive('confirm-mac');
  const keys = {
    session,
    confirmHost: hmacSha256(hostKey, transcript),
    confirmPhone: hmacSha256(phoneKey, transcript),
  };
  wipe(root, phoneKey, hostKey);
  return keys;
}
