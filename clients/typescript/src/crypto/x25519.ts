import { x25519 } from '@noble/curves/ed25519';

import { fromBase64UrlOf, toBase64Url } from '../base/base64url.js';
import { type Random, systemRandom } from '../base/sources.js';
import { Secret } from '../base/secret.js';

/** A key pair for one exchange. */
export class ExchangeKey {
  readonly #secret: Secret;
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
  /** `encPub` as it is sent: base64url. */
  readonly encPub: string;

  private constructor(secret: Uint8Array) {
    this.#secret = Secret.take(secret);
    this.publicKey = x25519.getPublicKey(secret);
    this.encPub = toBase64Url(this.publicKey);
  }

  static create(random: Random = systemRandom): ExchangeKey {
    return new ExchangeKey(random(32));
  }

  /** From 32 bytes, which are copied. */
  static fromBytes(secret: Uint8Array): ExchangeKey {
    return new ExchangeKey(Uint8Array.from(secret));
  }

  /** X25519 with the other's public key (RFC 7748); undefined for the all-zero result. */
  sharedWith(other: Uint8Array): Uint8Array | undefined {
    return this.#secret.use((secret) => sharedSecret(secret, other));
  }

  wipe(): void {
    this.#secret.wipe();
  }
}

function sharedSecret(secret: Uint8Array, other: Uint8Array): Uint8Array | undefined {
  if (other.length !== 32) return undefined;
  try {
    // Throws for the all-zero result, which points of small order give.
    return x25519.getSharedSecret(secret, other);
  } catch {
    return undefined;
  }
}

/**
 * The 32 bytes of an `encPub` that can be used: strict base64url, and X25519 with a throw-away
 * scalar is not zero (docs/protocol/pairing.md section 1). Else undefined.
 */
export function usableEncPub(text: string, random: Random = systemRandom): Uint8Array | undefined {
  const bytes = fromBase64UrlOf(32, text);
  if (bytes === undefined) return undefined;
  const trial = random(32);
  const shared = sharedSecret(trial, bytes);
  trial.fill(0);
  shared?.fill(0);
  return shared === undefined ? undefined : bytes;
}
