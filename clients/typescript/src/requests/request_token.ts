import { fromBase64Url, toBase64Url } from '../base/base64url.js';
import { utf8 } from '../base/bytes.js';
import { canonicalJson } from '../base/canonical_json.js';
import { fromStrictHex, toHex } from '../base/hex.js';
import { parseFlat } from '../base/json.js';
import { type Members, U32_MAX, U53_MAX, U64_MAX, readMembers } from '../base/members.js';
import type { SoftwareDevice } from '../devices/software.js';
import { sameAddress } from '../identity/address.js';
import { PREFIX, recoverSigner } from '../identity/envelope.js';
import type { SigningKey } from '../identity/signing_key.js';
import { type RequestTokenRefusal, requestTokenRefusal } from './refusals.js';

const SIZE_MAX = 8192;
const LIFETIME = 60;
const TYPE = 'osaurus-id';
const VERSION = 5n;

/** Kind of the device behind an assertion, as the header names it. */
export type AssertionAlgorithm = 'es256k+apple-attest' | 'es256k+tpm2' | 'es256k+p256';

const ALGORITHMS: ReadonlySet<string> = new Set<AssertionAlgorithm>([
  'es256k+apple-attest',
  'es256k+tpm2',
  'es256k+p256',
]);

/** Claims of a request token (docs/protocol/identity.md section 11). Times are Unix seconds. */
export interface RequestClaims {
  readonly iss: string;
  readonly dev: string;
  readonly cnt: bigint;
  readonly iat: number;
  readonly exp: number;
  /** Host name as in the URL, with the port if the URL names one. */
  readonly aud: string;
  /** `<METHOD> <path>`, the path without its query. */
  readonly act: string;
  readonly par?: string | undefined;
  readonly idx?: number | undefined;
}

/** A token whose signature is good and whose issuer made it: rows 1 to 8 of section 11. */
export interface ReadRequestToken {
  readonly algorithm: AssertionAlgorithm;
  readonly claims: RequestClaims;
  /** EIP-55 address of the signer. */
  readonly issuer: string;
  /** The signed bytes, which the device assertion covers too. */
  readonly payload: Uint8Array;
  /** Empty when there is none. */
  readonly assertion: Uint8Array;
}

/** One request to sign for. */
export interface RequestTokenOrder {
  /** Master or agent; `iss` is its address. */
  readonly signer: SigningKey;
  readonly device: SoftwareDevice;
  /** Above every counter this device has used for this issuer. */
  readonly counter: bigint;
  /** Unix seconds; the token ends 60 s later. */
  readonly issuedAt: number;
  readonly audience: string;
  readonly method: string;
  readonly path: string;
  /** With an agent as signer: the master's address and the agent's index. */
  readonly parent?: { readonly master: string; readonly index: number } | undefined;
}

/**
 * Makes a token for one request: canonical JSON, signed by the issuer and by the software device.
 */
export function signRequestToken(order: RequestTokenOrder): string {
  const header = canonicalJson({ alg: 'es256k+p256', typ: TYPE, ver: VERSION });
  const payload = utf8(
    canonicalJson({
      act: `${order.method} ${order.path}`,
      aud: order.audience,
      cnt: order.counter,
      dev: order.device.id,
      exp: order.issuedAt + LIFETIME,
      iat: order.issuedAt,
      idx: order.parent?.index,
      iss: order.signer.address,
      par: order.parent?.master,
    }),
  );
  const signature = toHex(order.signer.sign(PREFIX.message, payload));
  const assertion = toBase64Url(order.device.assert(payload));
  return `${toBase64Url(utf8(header))}.${toBase64Url(payload)}.${signature}.${assertion}`;
}

function readHeader(members: Members): AssertionAlgorithm | undefined {
  const algorithm = members.string('alg');
  const isKnown = ALGORITHMS.has(algorithm) && members.string('typ') === TYPE;
  if (!isKnown || members.unsigned('ver', U64_MAX) !== VERSION) return undefined;
  return algorithm as AssertionAlgorithm;
}

function readClaims(members: Members): RequestClaims {
  const idx = members.optionalUnsigned('idx', U32_MAX);
  return {
    iss: members.string('iss'),
    dev: members.string('dev'),
    cnt: members.unsigned('cnt', U64_MAX),
    iat: Number(members.unsigned('iat', U53_MAX)),
    exp: Number(members.unsigned('exp', U53_MAX)),
    aud: members.string('aud'),
    act: members.string('act'),
    par: members.optionalString('par'),
    idx: idx === undefined ? undefined : Number(idx),
  };
}

/** Rows 1 to 8 of docs/protocol/identity.md section 11: what anyone can say about a token. */
export function readRequestToken(token: string): ReadRequestToken | RequestTokenRefusal {
  const parts = token.length > SIZE_MAX || utf8(token).length > SIZE_MAX ? [] : token.split('.');
  const [head, body, digits, proof] = parts;
  if (parts.length !== 4 || !head || !body || !digits || proof === undefined) {
    return requestTokenRefusal('token_format');
  }
  const headerBytes = fromBase64Url(head);
  const header = headerBytes === undefined ? undefined : parseFlat(headerBytes);
  const algorithm = readMembers(header, readHeader);
  if (algorithm === undefined) return requestTokenRefusal('request_token_header');
  const payload = fromBase64Url(body);
  if (payload === undefined) return requestTokenRefusal('payload_encoding');
  const signature = fromStrictHex(digits);
  if (signature?.length !== 65) return requestTokenRefusal('signature_encoding');
  const assertion = fromBase64Url(proof);
  if (assertion === undefined) return requestTokenRefusal('assertion_encoding');
  const claims = readMembers(parseFlat(payload), readClaims);
  if (claims === undefined || !/^[0-9a-f]{8}$/.test(claims.dev)) {
    return requestTokenRefusal('payload_malformed');
  }
  const issuer = recoverSigner(PREFIX.message, payload, signature);
  if (issuer === undefined) return requestTokenRefusal('signature_invalid');
  if (!sameAddress(issuer, claims.iss)) return requestTokenRefusal('issuer_mismatch');
  return { algorithm, claims, issuer, payload, assertion };
}
