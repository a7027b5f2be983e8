import { hkdf, expand, extract } from '@noble/hashes/hkdf';
import { hmac } from '@noble/hashes/hmac';
import { sha256 as nobleSha256, sha512 } from '@noble/hashes/sha2';

import { utf8 } from '../base/bytes.js';

export function sha256(bytes: Uint8Array): Uint8Array {
  return nobleSha256(bytes);
}

export function hmacSha256(key: Uint8Array, bytes: Uint8Array): Uint8Array {
  return hmac(nobleSha256, key, bytes);
}

export function hmacSha512(key: Uint8Array, bytes: Uint8Array): Uint8Array {
  return hmac(sha512, key, bytes);
}

/** HKDF-SHA256 (RFC 5869), extract and expand; `info` is ASCII. */
export function hkdfSha256(
  input: Uint8Array,
  salt: Uint8Array,
  info: string,
  length: number,
): Uint8Array {
  return hkdf(nobleSha256, input, salt, utf8(info), length);
}

export function hkdfExtract(salt: Uint8Array, input: Uint8Array): Uint8Array {
  return extract(nobleSha256, input, salt);
}

export function hkdfExpand(key: Uint8Array, info: Uint8Array, length: number): Uint8Array {
  return expand(nobleSha256, key, info, length);
}
