import { be32, concat, utf8 } from '../base/bytes.js';
import { KronborgError } from '../base/error.js';
import { hmacSha512 } from '../crypto/hash.js';
import { isPrivateKey } from '../crypto/secp256k1.js';

const ZERO = new Uint8Array([0]);

/**
 * Message of an agent key; an empty scope means version 1 (docs/protocol/identity.md section 4).
 */
export function agentMessage(scope: string, index: number): Uint8Array {
  if (!Number.isInteger(index) || index < 0 || index > 0xffff_ffff) {
    throw new KronborgError('index_out_of_range', 'An agent index is 0..4294967295.');
  }
  if (scope === '') return concat(utf8('osaurus-agent-v1'), be32(index));
  return concat(utf8('osaurus-agent-v2'), utf8(scope), ZERO, be32(index));
}

export function pairingMessage(): Uint8Array {
  return utf8('osaurus-pair-v1');
}

/** Message of the host-level channel identity; the device id may be empty. */
export function connectMessage(deviceId: string): Uint8Array {
  return concat(utf8('osaurus-connect-v1'), utf8(deviceId), ZERO);
}

/**
 * First 32 bytes of HMAC-SHA512 keyed with the master. `not_a_key` when they are not a private key,
 * which for an agent means that its index is passed over. The caller wipes them.
 */
export function deriveKey(master: Uint8Array, message: Uint8Array): Uint8Array {
  const full = hmacSha512(master, message);
  const key = full.slice(0, 32);
  full.fill(0);
  if (!isPrivateKey(key)) {
    throw new KronborgError('not_a_key', 'This derivation gives no private key.');
  }
  return key;
}
