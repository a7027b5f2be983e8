import { utf8 } from '../base/bytes.js';
import { toHex } from '../base/hex.js';
import { sha256 } from '../crypto/hash.js';
import { toBase64Url } from '../base/base64url.js';

/** Device id: first 4 bytes of SHA-256 over the key id (docs/protocol/identity.md section 12.1). */
export function deviceIdOf(keyId: string): string {
  return toHex(sha256(utf8(keyId)).slice(0, 4));
}

/** Key id of an uncompressed public key: padded standard base64 of its SHA-256. */
export function keyIdOf(publicKey: Uint8Array): string {
  const unpadded = toBase64Url(sha256(publicKey)).replace(/-/g, '+').replace(/_/g, '/');
  return unpadded.padEnd(Math.ceil(unpadded.length / 4) * 4, '=');
}
