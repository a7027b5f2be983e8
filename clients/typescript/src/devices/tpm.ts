import { fromBase64Url } from '../base/base64url.js';
import { concat, equalBytes } from '../base/bytes.js';
import { KronborgError } from '../base/error.js';
import { sha256 } from '../crypto/hash.js';
import { isP256PublicKey, p256Verify } from '../crypto/p256.js';
import { ByteReader, MalformedEvidence, attemptRead } from './byte_reader.js';
import { type RegisteredKey, registeredKey } from './software.js';

/**
 * A TPM 2.0 registration (docs/protocol/identity.md section 12.5): structures as the TPM made them.
 */
export interface TpmInput {
  /** 32 bytes. */
  readonly challenge: Uint8Array;
  /** TPMT_PUBLIC of the device key and of the attestation key. */
  readonly devicePublic: Uint8Array;
  readonly akPublic: Uint8Array;
  /** TPMS_ATTEST and TPMT_SIGNATURE. */
  readonly certify: Uint8Array;
  readonly signature: Uint8Array;
  /** base64url of r ‖ s by the device key. */
  readonly proof: string;
}

interface TpmPublic {
  readonly attributes: number;
  readonly point: Uint8Array;
}

interface TpmAttest {
  readonly magic: number;
  readonly type: number;
  readonly extraData: Uint8Array;
  /** Certified name; empty for another type. */
  readonly name: Uint8Array;
}

const ALG = { ecc: 0x0023, sha256: 0x000b, none: 0x0010, ecdsa: 0x0018 } as const;
const NIST_P256 = 0x0003;
const CERTIFY = 0x8017;
const MAGIC = 0xff544347;
const FIXED = (1 << 1) | (1 << 4) | (1 << 5); // fixedTPM, fixedParent, sensitiveDataOrigin
const RESTRICTED = 1 << 16;
const DECRYPT = 1 << 17;
const SIGN = 1 << 18;
const NAME_PREFIX = new Uint8Array([0x00, 0x0b]);

function fail(code: string): never {
  throw new KronborgError(code, 'The TPM evidence is not accepted.');
}

function read<T>(bytes: Uint8Array, parse: (reader: ByteReader) => T): T {
  const value = attemptRead(() => {
    const reader = new ByteReader(bytes);
    const parsed = parse(reader);
    reader.end();
    return parsed;
  });
  return value === undefined ? fail('tpm_malformed') : value;
}

function expect(reader: ByteReader, value: number): void {
  if (reader.unsigned(2) !== value) throw new MalformedEvidence();
}

function sized(reader: ByteReader): Uint8Array {
  return reader.take(reader.unsigned(2));
}

/** A number of at most 32 bytes, padded to 32. */
function coordinate(reader: ByteReader): Uint8Array {
  const bytes = sized(reader);
  if (bytes.length < 1 || bytes.length > 32) throw new MalformedEvidence();
  return concat(new Uint8Array(32 - bytes.length), bytes);
}

function readPublic(reader: ByteReader): TpmPublic {
  expect(reader, ALG.ecc);
  expect(reader, ALG.sha256);
  const attributes = reader.unsigned(4);
  sized(reader); // authPolicy
  expect(reader, ALG.none);
  const scheme = reader.unsigned(2);
  if (scheme === ALG.ecdsa) expect(reader, ALG.sha256);
  else if (scheme !== ALG.none) throw new MalformedEvidence();
  expect(reader, NIST_P256);
  expect(reader, ALG.none);
  const point = concat(new Uint8Array([4]), coordinate(reader), coordinate(reader));
  if (!isP256PublicKey(point)) throw new MalformedEvidence();
  return { attributes, point };
}

function readAttest(reader: ByteReader): TpmAttest {
  const magic = reader.unsigned(4);
  const type = reader.unsigned(2);
  sized(reader); // qualifiedSigner
  const extraData = sized(reader);
  reader.take(17); // clockInfo
  reader.take(8); // firmwareVersion
  if (type !== CERTIFY) {
    while (!reader.isAtEnd) reader.take(1);
    return { magic, type, extraData, name: new Uint8Array(0) };
  }
  const name = sized(reader);
  sized(reader); // qualifiedName
  return { magic, type, extraData, name };
}

function readSignature(reader: ByteReader): Uint8Array {
  expect(reader, ALG.ecdsa);
  expect(reader, ALG.sha256);
  return concat(coordinate(reader), coordinate(reader));
}

function hasAll(attributes: number, bits: number): boolean {
  return (attributes & bits) === bits;
}

/**
 * The device key. The first failing row of section 12.5 decides: `tpm_…` or `device_proof_invalid`.
 * Row 10, the chain of the endorsement key, needs a round trip to the TPM and is the host's.
 */
export function verifyTpmRegistration(input: TpmInput): RegisteredKey {
  const device = read(input.devicePublic, readPublic);
  const ak = read(input.akPublic, readPublic);
  const isDevice = hasAll(device.attributes, FIXED | SIGN);
  if (!isDevice || (device.attributes & (RESTRICTED | DECRYPT)) !== 0) fail('tpm_key_attributes');
  const isAk = hasAll(ak.attributes, FIXED | SIGN | RESTRICTED);
  if (!isAk || (ak.attributes & DECRYPT) !== 0) fail('tpm_ak_attributes');
  const attest = read(input.certify, readAttest);
  const signature = read(input.signature, readSignature);
  if (!p256Verify(ak.point, input.certify, signature)) fail('tpm_signature_invalid');
  if (attest.magic !== MAGIC || attest.type !== CERTIFY) fail('tpm_certify_invalid');
  if (!equalBytes(attest.extraData, sha256(input.challenge))) fail('tpm_challenge_mismatch');
  const name = concat(NAME_PREFIX, sha256(input.devicePublic));
  if (!equalBytes(attest.name, name)) fail('tpm_name_mismatch');
  const proof = fromBase64Url(input.proof);
  if (proof === undefined || !p256Verify(device.point, input.challenge, proof)) {
    fail('device_proof_invalid');
  }
  return registeredKey(device.point);
}
