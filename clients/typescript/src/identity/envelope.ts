import { concat, utf8 } from '../base/bytes.js';
import { fromHex, toHex } from '../base/hex.js';
import { KronborgError } from '../base/error.js';
import { keccak256 } from '../crypto/keccak.js';
import { isPrivateKey, recoverPublicKey, signDigest } from '../crypto/secp256k1.js';
import { addressOfPublicKey } from './address.js';

/** What a signature is for (docs/protocol/identity.md section 3.1). */
export const PREFIX = {
  access: 'Osaurus Signed Access',
  message: 'Osaurus Signed Message',
  pairing: 'Osaurus Signed Pairing',
  pairingServer: 'Osaurus Signed Pairing Server',
  invite: 'Osaurus Signed Invite',
  inviteWhole: 'Kronborg Signed Invite',
  channel: 'Osaurus Secure Channel',
  /** EIP-191 `personal_sign`. */
  ethereum: 'Ethereum Signed Message',
} as const;

export type Prefix = (typeof PREFIX)[keyof typeof PREFIX];

/** Bytes, or a text that stands for its UTF-8. */
export type Payload = Uint8Array | string;

function bytesOf(payload: Payload): Uint8Array {
  return typeof payload === 'string' ? utf8(payload) : payload;
}

/** 0x19 ‖ prefix ‖ ":" ‖ LF ‖ number of payload bytes ‖ payload (section 3). */
export function envelope(prefix: Prefix, payload: Payload): Uint8Array {
  const bytes = bytesOf(payload);
  return concat(new Uint8Array([0x19]), utf8(`${prefix}:\n${bytes.length}`), bytes);
}

export function envelopeDigest(prefix: Prefix, payload: Payload): Uint8Array {
  return keccak256(envelope(prefix, payload));
}

/**
 * r ‖ s ‖ v, 65 bytes, by a bare private key: no rule about who signs what is applied. `SigningKey`
 * applies them. `not_a_key` for bytes that are not a private key.
 */
export function signEnvelope(privateKey: Uint8Array, prefix: Prefix, payload: Payload): Uint8Array {
  if (!isPrivateKey(privateKey)) {
    throw new KronborgError('not_a_key', 'These bytes are not a private key.');
  }
  return signDigest(privateKey, envelopeDigest(prefix, payload));
}

/** EIP-55 address of the signer; undefined for a signature that section 3.2 refuses. */
export function recoverSigner(
  prefix: Prefix,
  payload: Payload,
  signature: Uint8Array,
): string | undefined {
  const key = recoverPublicKey(envelopeDigest(prefix, payload), signature);
  return key === undefined ? undefined : addressOfPublicKey(key);
}

/** The same for hex of either case with an optional `0x` (section 3.3). */
export function recoverHexSigner(
  prefix: Prefix,
  payload: Payload,
  signature: string,
): string | undefined {
  const bytes = fromHex(signature);
  return bytes === undefined ? undefined : recoverSigner(prefix, payload, bytes);
}

/** Hex of a signature with the leading `0x` that pairing and the channel send. */
export function signatureHex(signature: Uint8Array): string {
  return `0x${toHex(signature)}`;
}
