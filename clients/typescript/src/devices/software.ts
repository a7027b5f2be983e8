import { fromBase64Url } from '../base/base64url.js';
import { KronborgError } from '../base/error.js';
import { Secret } from '../base/secret.js';
import { type Random, systemRandom } from '../base/sources.js';
import {
  isP256PrivateKey,
  isP256PublicKey,
  p256PublicKeyOf,
  p256Sign,
  p256Verify,
} from '../crypto/p256.js';
import { deviceIdOf, keyIdOf } from '../identity/device_id.js';

/** A P-256 key held by software (docs/protocol/identity.md section 12, kind `software`). */
export class SoftwareDevice {
  readonly #secret: Secret;
  /** Uncompressed point, 65 bytes. */
  readonly publicKey: Uint8Array;
  /** Padded standard base64 of SHA-256 of the public key. */
  readonly keyId: string;
  /** 8 lower-case hex digits. */
  readonly id: string;

  private constructor(secret: Secret) {
    this.#secret = secret;
    this.publicKey = secret.use(p256PublicKeyOf);
    this.keyId = keyIdOf(this.publicKey);
    this.id = deviceIdOf(this.keyId);
  }

  static create(random: Random = systemRandom): SoftwareDevice {
    let bytes = random(32);
    while (!isP256PrivateKey(bytes)) bytes = random(32);
    return new SoftwareDevice(Secret.take(bytes));
  }

  /** From 32 bytes, which are copied. `not_a_key` when they are not a private key. */
  static fromBytes(bytes: Uint8Array): SoftwareDevice {
    if (!isP256PrivateKey(bytes)) {
      throw new KronborgError('not_a_key', 'These bytes are not a private key.');
    }
    return new SoftwareDevice(Secret.copyOf(bytes));
  }

  /** Lends the private key to `task`, which does not keep it: for storing the device. */
  use<T>(task: (privateKey: Uint8Array) => T): T {
    return this.#secret.use(task);
  }

  /** r ‖ s, 64 bytes, over SHA-256 of a payload: the assertion of a request token. */
  assert(payload: Uint8Array): Uint8Array {
    return this.#secret.use((secret) => p256Sign(secret, payload));
  }

  /** The same over the 32 bytes of a registration challenge (section 12.2). */
  prove(challenge: Uint8Array): Uint8Array {
    return this.assert(challenge);
  }

  wipe(): void {
    this.#secret.wipe();
  }
}

/** A device as a registration found it. */
export interface RegisteredKey {
  readonly publicKey: Uint8Array;
  readonly keyId: string;
  readonly id: string;
}

export function registeredKey(publicKey: Uint8Array): RegisteredKey {
  const keyId = keyIdOf(publicKey);
  return { publicKey, keyId, id: deviceIdOf(keyId) };
}

/**
 * Judges the registration of a software device: `device_key_invalid` for a point off the curve,
 * `device_proof_invalid` when `proof` (base64url) is not by the key over the challenge.
 */
export function verifySoftwareRegistration(
  publicKey: Uint8Array,
  challenge: Uint8Array,
  proof: string,
): RegisteredKey {
  if (!isP256PublicKey(publicKey)) {
    throw new KronborgError('device_key_invalid', 'The public key is not a point of the curve.');
  }
  const signature = fromBase64Url(proof);
  if (signature === undefined || !p256Verify(publicKey, challenge, signature)) {
    throw new KronborgError('device_proof_invalid', 'The proof is not by the device key.');
  }
  return registeredKey(publicKey);
}
