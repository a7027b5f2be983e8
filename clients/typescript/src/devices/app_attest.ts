import { concat, equalBytes, utf8 } from '../base/bytes.js';
import { KronborgError } from '../base/error.js';
import { sha256 } from '../crypto/hash.js';
import { keyIdOf } from '../identity/device_id.js';
import { ByteReader, MalformedEvidence, attemptRead } from './byte_reader.js';
import { CborMap, parseCbor } from './cbor.js';
import { type Certificate, isSignedBy, readCertificate } from './certificate.js';
import { TAG, only } from './der.js';
import { type RegisteredKey, registeredKey } from './software.js';

export type AppEnvironment = 'production' | 'development';

/**
 * An App Attest attestation and what it is held against (docs/protocol/identity.md section 12.3).
 */
export interface AttestationInput {
  readonly attestation: Uint8Array;
  readonly keyId: string;
  readonly clientDataHash: Uint8Array;
  /** DER of the root certificate. */
  readonly root: Uint8Array;
  /** Each `TEAMID.bundle`. */
  readonly appIds: readonly string[];
  readonly environments: readonly AppEnvironment[];
  /** Unix seconds at which the certificates must be valid. */
  readonly at: number;
}

export interface AttestedKey extends RegisteredKey {
  readonly appId: string;
  readonly environment: AppEnvironment;
}

interface Statement {
  readonly leaf: Certificate;
  readonly intermediate: Certificate;
  readonly data: Uint8Array;
}

const NONCE_EXTENSION = '1.2.840.113635.100.8.2';
const NONCE_TAG = 0xa1;
const DATA_MIN = 55;
const ATTESTED = 0x40;
const P256 = '1.2.840.10045.3.1.7';
const AAGUIDS: Readonly<Record<AppEnvironment, Uint8Array>> = {
  production: concat(utf8('appattest'), new Uint8Array(7)),
  development: utf8('appattestdevelop'),
};

function fail(code: string): never {
  throw new KronborgError(code, 'The attestation is not accepted.');
}

/** The attested key. The first failing row of section 12.3 decides: `attestation_…`. */
export function verifyAppAttestation(input: AttestationInput): AttestedKey {
  const { leaf, intermediate, data } = readStatement(input.attestation);
  const root = readCertificate(input.root);
  if (!isChain([leaf, intermediate, root], input.at)) fail('attestation_chain');
  const nonce = sha256(concat(data, input.clientDataHash));
  const carried = attemptRead(() => carriedNonce(leaf));
  if (carried === undefined || !equalBytes(carried, nonce)) fail('attestation_nonce');
  if (leaf.curve !== P256 || keyIdOf(leaf.publicKey) !== input.keyId) fail('attestation_key_id');
  const app = readAuthenticatorData(data, leaf.publicKey, input);
  return { ...registeredKey(leaf.publicKey), ...app };
}

/** Rows 1 to 3. */
function readStatement(bytes: Uint8Array): Statement {
  const outer = attemptRead(() => parseCbor(bytes));
  const malformed = (): never => fail('attestation_malformed');
  if (!(outer instanceof CborMap)) return malformed();
  const format = outer.get('fmt');
  const statement = outer.get('attStmt');
  const data = outer.get('authData');
  const isWhole = typeof format === 'string' && statement instanceof CborMap;
  if (!isWhole || !(data instanceof Uint8Array)) return malformed();
  if (format !== 'apple-appattest') fail('attestation_format');
  const chain = statement.get('x5c');
  if (!Array.isArray(chain) || chain.length !== 2) return malformed();
  const [leaf, intermediate] = chain.map((one) =>
    one instanceof Uint8Array ? attemptRead(() => readCertificate(one)) : undefined,
  );
  if (leaf === undefined || intermediate === undefined) return malformed();
  return { leaf, intermediate, data };
}

/** Row 4: each signed by the next, the last one trusted, all valid at the time. */
function isChain(chain: readonly [Certificate, Certificate, Certificate], at: number): boolean {
  const [leaf, intermediate, root] = chain;
  const isSigned = isSignedBy(leaf, intermediate) && isSignedBy(intermediate, root);
  const areRoles = !leaf.isAuthority && intermediate.isAuthority && root.isAuthority;
  return isSigned && areRoles && chain.every((one) => one.notBefore <= at && at <= one.notAfter);
}

/** `SEQUENCE { [1] { OCTET STRING } }` of the leaf's extension. */
function carriedNonce(leaf: Certificate): Uint8Array {
  const extension = leaf.extensions.get(NONCE_EXTENSION);
  if (extension === undefined) throw new MalformedEvidence();
  const tagged = only(only(extension, TAG.sequence).content, NONCE_TAG);
  return only(tagged.content, TAG.octetString).content;
}

/** Rows 7 to 13. */
function readAuthenticatorData(
  data: Uint8Array,
  publicKey: Uint8Array,
  input: AttestationInput,
): { appId: string; environment: AppEnvironment } {
  if (data.length < DATA_MIN) fail('attestation_malformed');
  const reader = new ByteReader(data);
  const appHash = reader.take(32);
  const appId = input.appIds.find((id) => equalBytes(sha256(utf8(id)), appHash));
  if (appId === undefined) return fail('attestation_app_id');
  if ((reader.unsigned(1) & ATTESTED) === 0) fail('attestation_malformed');
  if (reader.unsigned(4) !== 0) fail('attestation_counter');
  const aaguid = reader.take(16);
  const environment = input.environments.find((name) => equalBytes(AAGUIDS[name], aaguid));
  if (environment === undefined) return fail('attestation_environment');
  const credentialId = attemptRead(() => reader.take(reader.unsigned(2)));
  if (credentialId === undefined) return fail('attestation_malformed');
  if (!equalBytes(credentialId, sha256(publicKey))) fail('attestation_credential_id');
  const rest = data.slice(DATA_MIN + credentialId.length);
  const point = attemptRead(() => coseKey(rest));
  if (point === undefined) fail('attestation_malformed');
  if (!equalBytes(point, publicKey)) fail('attestation_key_mismatch');
  return { appId, environment };
}

/** The uncompressed point of a COSE key: kty 2, alg -7, crv 1. */
function coseKey(bytes: Uint8Array): Uint8Array {
  const key = parseCbor(bytes);
  if (!(key instanceof CborMap)) throw new MalformedEvidence();
  const isP256 = key.get(1) === 2 && key.get(3) === -7 && key.get(-1) === 1;
  const [x, y] = [key.get(-2), key.get(-3)];
  if (!isP256 || !(x instanceof Uint8Array) || !(y instanceof Uint8Array)) {
    throw new MalformedEvidence();
  }
  if (x.length !== 32 || y.length !== 32) throw new MalformedEvidence();
  return concat(new Uint8Array([4]), x, y);
}
