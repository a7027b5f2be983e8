import { chacha20poly1305, xchacha20poly1305 } from '@noble/ciphers/chacha';

/** What an AEAD call works with. `key` has 32 bytes. */
export interface AeadInput {
  readonly key: Uint8Array;
  /** 12 bytes; 24 for the extended form. */
  readonly nonce: Uint8Array;
  /** Associated data, authenticated but not sent. */
  readonly aad: Uint8Array;
}

/** ChaCha20-Poly1305 (RFC 8439): ciphertext followed by the tag of 16 bytes. */
export function seal(input: AeadInput, plaintext: Uint8Array): Uint8Array {
  return chacha20poly1305(input.key, input.nonce, input.aad).encrypt(plaintext);
}

/** The plaintext; undefined when the tag does not verify. */
export function open(input: AeadInput, sealed: Uint8Array): Uint8Array | undefined {
  return attempt(sealed, () => {
    return chacha20poly1305(input.key, input.nonce, input.aad).decrypt(sealed);
  });
}

/** XChaCha20-Poly1305, nonce of 24 bytes. */
export function sealExtended(input: AeadInput, plaintext: Uint8Array): Uint8Array {
  return xchacha20poly1305(input.key, input.nonce, input.aad).encrypt(plaintext);
}

export function openExtended(input: AeadInput, sealed: Uint8Array): Uint8Array | undefined {
  return attempt(sealed, () => {
    return xchacha20poly1305(input.key, input.nonce, input.aad).decrypt(sealed);
  });
}

function attempt(sealed: Uint8Array, decrypt: () => Uint8Array): Uint8Array | undefined {
  if (sealed.length < 16) return undefined;
  try {
    return decrypt();
  } catch {
    return undefined;
  }
}
