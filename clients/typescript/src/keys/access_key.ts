import { fromBase64Url, toBase64Url } from '../base/base64url.js';
import { utf8 } from '../base/bytes.js';
import { canonicalJson } from '../base/canonical_json.js';
import { KronborgError } from '../base/error.js';
import { fromStrictHex, toHex } from '../base/hex.js';
import { parseFlat } from '../base/json.js';
import { type Members, U53_MAX, U64_MAX, readMembers } from '../base/members.js';
import { type Random, systemRandom, uuidV4 } from '../base/sources.js';
import { sameAddress } from '../identity/address.js';
import { PREFIX, recoverSigner } from '../identity/envelope.js';
import type { SigningKey } from '../identity/signing_key.js';
import { type AccessKeyCode, type KeyRefusal, keyRefusal } from './refusals.js';

const FORM = 'osk-v1';
const SIZE_MAX = 8192;
const NONCE_BYTES_MAX = 128;

/** The members of an access key (docs/protocol/identity.md section 5.2). */
export interface AccessKeyPayload {
  readonly aud: string;
  readonly cnt: bigint;
  /** Unix seconds; undefined when the key never expires. */
  readonly exp?: number | undefined;
  readonly iat: number;
  readonly iss: string;
  /** Empty when there is none. */
  readonly lbl: string;
  readonly nonce: string;
}

/** A key whose signature is good and whose issuer made it: rows 1 to 6 of section 6. */
export interface ReadAccessKey {
  readonly payload: AccessKeyPayload;
  /** EIP-55 address of the signer, equal to `iss`. */
  readonly issuer: string;
}

/** What to mint. */
export interface AccessKeyOrder {
  /** Master or agent; `iss` is its address. */
  readonly signer: SigningKey;
  /** Default: the signer's own address. */
  readonly audience?: string | undefined;
  readonly counter: bigint;
  /** Unix seconds. */
  readonly issuedAt: number;
  readonly expiresAt?: number | undefined;
  readonly label?: string | undefined;
  /** Default: a random UUID without hyphens. */
  readonly nonce?: string | undefined;
}

export interface MintedAccessKey {
  /** The key: a bearer secret that is shown once. */
  readonly token: string;
  readonly payload: AccessKeyPayload;
  /** `osk-v1.…` and the last 6 digits: what may be shown later. */
  readonly hint: string;
}

/** Makes an access key (docs/protocol/identity.md section 5). */
export function mintAccessKey(
  order: AccessKeyOrder,
  random: Random = systemRandom,
): MintedAccessKey {
  const payload: AccessKeyPayload = {
    aud: order.audience ?? order.signer.address,
    cnt: order.counter,
    exp: order.expiresAt,
    iat: order.issuedAt,
    iss: order.signer.address,
    lbl: order.label ?? '',
    nonce: order.nonce ?? uuidV4(random).replace(/-/g, ''),
  };
  const text = canonicalJson({ ...payload, lbl: payload.lbl === '' ? undefined : payload.lbl });
  const bytes = utf8(text);
  const signature = toHex(order.signer.sign(PREFIX.access, bytes));
  const token = `${FORM}.${toBase64Url(bytes)}.${signature}`;
  if (token.length > SIZE_MAX) {
    throw new KronborgError('key_too_large', `An access key has at most ${SIZE_MAX} bytes.`);
  }
  return { token, payload, hint: accessKeyHint(token) };
}

/** `osk-v1.…` and the last 6 hex digits of the signature (section 5.6). */
export function accessKeyHint(token: string): string {
  return `${FORM}.…${token.slice(-6)}`;
}

function readPayload(members: Members): AccessKeyPayload {
  const exp = members.optionalUnsigned('exp', U53_MAX);
  return {
    aud: members.string('aud'),
    cnt: members.unsigned('cnt', U64_MAX),
    exp: exp === undefined ? undefined : Number(exp),
    iat: Number(members.unsigned('iat', U53_MAX)),
    iss: members.string('iss'),
    lbl: members.optionalString('lbl') ?? '',
    nonce: members.string('nonce'),
  };
}

/** Rows 1 to 6 of docs/protocol/identity.md section 6: what anyone can say about a key. */
export function readAccessKey(token: string): ReadAccessKey | KeyRefusal {
  const refuse = (code: AccessKeyCode): KeyRefusal => keyRefusal(code);
  const parts = token.length > SIZE_MAX || utf8(token).length > SIZE_MAX ? [] : token.split('.');
  const [form, encoded, digits] = parts;
  if (parts.length !== 3 || form !== FORM || !encoded || !digits) return refuse('token_format');
  const bytes = fromBase64Url(encoded);
  if (bytes === undefined) return refuse('payload_encoding');
  const signature = fromStrictHex(digits);
  if (signature?.length !== 65) return refuse('signature_encoding');
  const payload = readMembers(parseFlat(bytes), readPayload);
  const nonceSize = utf8(payload?.nonce ?? '').length;
  if (payload === undefined || nonceSize < 1 || nonceSize > NONCE_BYTES_MAX) {
    return refuse('payload_malformed');
  }
  const issuer = recoverSigner(PREFIX.access, bytes, signature);
  if (issuer === undefined) return refuse('signature_invalid');
  if (!sameAddress(issuer, payload.iss)) return refuse('issuer_mismatch');
  return { payload, issuer };
}
