import { fromHex, toHex } from '../base/hex.js';
import { lower } from '../base/text.js';
import { utf8 } from '../base/bytes.js';
import { KronborgError } from '../base/error.js';
import { keccak256 } from '../crypto/keccak.js';
import { isPrivateKey, publicKeyOf } from '../crypto/secp256k1.js';

/**
 * EIP-55 form of 40 hex digits, with or without `0x`, in any case
 * (docs/protocol/identity.md section 2). `address_malformed` for anything else.
 */
export function checksumAddress(text: string): string {
  const digits = lower(text.replace(/^0x/, ''));
  if (!/^[0-9a-f]{40}$/.test(digits)) {
    throw new KronborgError('address_malformed', 'An address has 40 hex digits after 0x.');
  }
  const hash = keccak256(utf8(digits));
  const cased = [...digits].map((digit, i) => {
    const nibble = i % 2 === 0 ? hash[i >> 1]! >> 4 : hash[i >> 1]! & 15;
    return nibble >= 8 ? digit.toUpperCase() : digit;
  });
  return `0x${cased.join('')}`;
}

/** Address of an uncompressed public key of 65 bytes. */
export function addressOfPublicKey(publicKey: Uint8Array): string {
  return checksumAddress(toHex(keccak256(publicKey.slice(1)).slice(12)));
}

/** Address of a private key of 32 bytes. `not_a_key` when they are not 1..n-1. */
export function addressOfPrivateKey(privateKey: Uint8Array): string {
  if (!isPrivateKey(privateKey)) {
    throw new KronborgError('not_a_key', 'These bytes are not a private key.');
  }
  return addressOfPublicKey(publicKeyOf(privateKey));
}

/** Whether the text is `0x` and 40 hex digits; the casing is not judged. */
export function isAddress(text: string): boolean {
  return /^0x[0-9a-fA-F]{40}$/.test(text);
}

/** Equality of addresses: after lowering both (docs/protocol/identity.md section 1). */
export function sameAddress(a: string, b: string): boolean {
  return lower(a) === lower(b);
}

/** The 20 bytes of an address. */
export function addressBytes(address: string): Uint8Array {
  const bytes = isAddress(address) ? fromHex(address) : undefined;
  if (bytes === undefined) {
    throw new KronborgError('address_malformed', 'An address has 40 hex digits after 0x.');
  }
  return bytes;
}
