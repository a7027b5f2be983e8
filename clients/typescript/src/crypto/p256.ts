import { p256 } from '@noble/curves/nist';

import { sha256 } from './hash.js';

export function isP256PrivateKey(bytes: Uint8Array): boolean {
  return bytes.length === 32 && p256.utils.isValidPrivateKey(bytes);
}

/** The uncompressed public key, 65 bytes. */
export function p256PublicKeyOf(privateKey: Uint8Array): Uint8Array {
  return p256.getPublicKey(privateKey, false);
}

/** Whether the 65 bytes are an uncompressed point of the curve. */
export function isP256PublicKey(bytes: Uint8Array): boolean {
  if (bytes.length !== 65 || bytes[0] !== 4) return false;
  try {
    p256.ProjectivePoint.fromHex(bytes).assertValidity();
    return true;
  } catch {
    return false;
  }
}

/** ECDSA over SHA-256 of the message: r ‖ s, 64 bytes. */
export function p256Sign(privateKey: Uint8Array, message: Uint8Array): Uint8Array {
  return p256.sign(sha256(message), privateKey, { prehash: false }).toCompactRawBytes();
}

/** Verifies r ‖ s over SHA-256 of the message; a high S is allowed. */
export function p256Verify(
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  if (signature.length !== 64 || !isP256PublicKey(publicKey)) return false;
  try {
    return p256.verify(signature, sha256(message), publicKey, { lowS: false, prehash: false });
  } catch {
    return false;
  }
}
