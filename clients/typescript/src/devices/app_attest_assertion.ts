import { concat, equalBytes, utf8 } from '../base/bytes.js';
import { p256 } from '@noble/curves/nist';

import { sha256 } from '../crypto/hash.js';
import { p256Verify } from '../crypto/p256.js';
import { ByteReader, MalformedEvidence, attemptRead } from './byte_reader.js';
import { type Cbor, CborMap, parseCbor } from './cbor.js';

/** An App Attest assertion and what it is held against (docs/protocol/identity.md section 12.4). */
export interface AssertionInput {
  /** CBOR of `signature` and `authenticatorData`. */
  readonly assertion: Uint8Array;
  readonly appId: string;
  /** Uncompressed P-256 point of the device. */
  readonly publicKey: Uint8Array;
  readonly clientDataHash: Uint8Array;
  /** The last counter accepted. */
  readonly lastCount: number;
}

const DATA_MIN = 37;

/** The new counter; undefined when the assertion does not hold. */
export function verifyAppAttestAssertion(input: AssertionInput): number | undefined {
  const parts = attemptRead(() => readAssertion(input.assertion));
  if (parts === undefined || parts.data.length < DATA_MIN) return undefined;
  const reader = new ByteReader(parts.data);
  const appHash = reader.take(32);
  reader.take(1); // flags, which are not judged
  const count = reader.unsigned(4);
  if (!equalBytes(appHash, sha256(utf8(input.appId))) || count <= input.lastCount) return undefined;
  // The nonce is the message: the signature scheme hashes it once more.
  const nonce = sha256(concat(parts.data, input.clientDataHash));
  return p256Verify(input.publicKey, nonce, parts.signature) ? count : undefined;
}

function readAssertion(bytes: Uint8Array): { signature: Uint8Array; data: Uint8Array } {
  const map = parseCbor(bytes);
  if (!(map instanceof CborMap)) throw new MalformedEvidence();
  const data = bytesOf(map.get('authenticatorData'));
  return { signature: compactOf(bytesOf(map.get('signature'))), data };
}

function bytesOf(value: Cbor | undefined): Uint8Array {
  if (!(value instanceof Uint8Array)) throw new MalformedEvidence();
  return value;
}

/** r ‖ s of a DER signature. */
function compactOf(der: Uint8Array): Uint8Array {
  try {
    return p256.Signature.fromDER(der).toCompactRawBytes();
  } catch {
    throw new MalformedEvidence();
  }
}
