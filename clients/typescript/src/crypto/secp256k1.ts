import { secp256k1 } from '@noble/curves/secp256k1';

const { n } = secp256k1.CURVE;

/** Whether the 32 bytes are a private key, 1..n-1 (docs/protocol/identity.md section 2). */
export function isPrivateKey(bytes: Uint8Array): boolean {
  return bytes.length === 32 && secp256k1.utils.isValidPrivateKey(bytes);
}

/** The uncompressed public key, 65 bytes, of a valid private key. */
export function publicKeyOf(privateKey: Uint8Array): Uint8Array {
  return secp256k1.getPublicKey(privateKey, false);
}

/** r ‖ s ‖ v over a digest of 32 bytes: RFC 6979 nonce, low S, v = 27 + recovery id. */
export function signDigest(privateKey: Uint8Array, digest: Uint8Array): Uint8Array {
  const made = secp256k1.sign(digest, privateKey, { lowS: true, prehash: false });
  const signature = new Uint8Array(65);
  signature.set(made.toCompactRawBytes());
  signature[64] = 27 + made.recovery;
  return signature;
}

/**
 * The uncompressed public key behind a signature of 65 bytes; undefined for whatever
 * docs/protocol/identity.md section 3.2 refuses: v outside 27..30, r or s out of range, a high S,
 * no such point, the point at infinity.
 */
export function recoverPublicKey(
  digest: Uint8Array,
  signature: Uint8Array,
): Uint8Array | undefined {
  const v = signature[64];
  if (signature.length !== 65 || v === undefined || v < 27 || v > 30) return undefined;
  try {
    const compact = secp256k1.Signature.fromCompact(signature.slice(0, 64));
    if (compact.s > n / 2n) return undefined;
    return compact
      .addRecoveryBit(v - 27)
      .recoverPublicKey(digest)
      .toRawBytes(false);
  } catch {
    return undefined;
  }
}
