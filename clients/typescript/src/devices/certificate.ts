import { p256, p384 } from '@noble/curves/nist';
import { sha256, sha384 } from '@noble/hashes/sha2';

import { equalBytes } from '../base/bytes.js';
import { MalformedEvidence } from './byte_reader.js';
import { type Der, TAG, elements, oidText, only, timeOf } from './der.js';

const CURVES: Readonly<Record<CurveOid, typeof p256>> = {
  '1.2.840.10045.3.1.7': p256,
  '1.3.132.0.34': p384,
};
const HASHES = { '1.2.840.10045.4.3.2': sha256, '1.2.840.10045.4.3.3': sha384 } as const;
const EC_PUBLIC_KEY = '1.2.840.10045.2.1';
const BASIC_CONSTRAINTS = '2.5.29.19';
const VERSION_TAG = 0xa0;
const EXTENSIONS_TAG = 0xa3;

type CurveOid = '1.2.840.10045.3.1.7' | '1.3.132.0.34';

/** The parts of an X.509 certificate (RFC 5280) that App Attest is judged by. */
export interface Certificate {
  readonly signed: Uint8Array;
  readonly signatureOid: string;
  /** DER of the ECDSA signature. */
  readonly signature: Uint8Array;
  readonly issuer: Uint8Array;
  readonly subject: Uint8Array;
  /** Unix seconds, both inclusive. */
  readonly notBefore: number;
  readonly notAfter: number;
  readonly curve: CurveOid;
  /** Uncompressed point. */
  readonly publicKey: Uint8Array;
  readonly isAuthority: boolean;
  /** Content of an extension's octet string by its identifier. */
  readonly extensions: ReadonlyMap<string, Uint8Array>;
}

/**
 * Reads DER. Throws `MalformedEvidence` for anything but a certificate for a P-256 or P-384 key.
 */
export function readCertificate(bytes: Uint8Array): Certificate {
  const [body, algorithm, signature] = elements(only(bytes, TAG.sequence).content);
  if (body?.tag !== TAG.sequence || algorithm?.tag !== TAG.sequence) throw new MalformedEvidence();
  if (signature?.tag !== TAG.bitString) throw new MalformedEvidence();
  const fields = elements(body.content);
  if (fields[0]?.tag === VERSION_TAG) fields.shift();
  const [, , issuer, validity, subject, key, ...more] = fields;
  if (
    issuer === undefined ||
    validity === undefined ||
    subject === undefined ||
    key === undefined
  ) {
    throw new MalformedEvidence();
  }
  const [notBefore, notAfter] = elements(validity.content);
  if (notBefore === undefined || notAfter === undefined) throw new MalformedEvidence();
  const extensions = readExtensions(more.find(({ tag }) => tag === EXTENSIONS_TAG));
  return {
    signed: body.whole,
    signatureOid: oidOf(elements(algorithm.content)[0]),
    signature: bitsOf(signature),
    issuer: issuer.whole,
    subject: subject.whole,
    notBefore: timeOf(notBefore),
    notAfter: timeOf(notAfter),
    ...readKey(key),
    isAuthority: readAuthority(extensions.get(BASIC_CONSTRAINTS)),
    extensions,
  };
}

/** Whether `issuer` signed `certificate` and bears the name it gives. */
export function isSignedBy(certificate: Certificate, issuer: Certificate): boolean {
  const hash = HASHES[certificate.signatureOid as keyof typeof HASHES] as typeof sha256 | undefined;
  if (hash === undefined || !equalBytes(certificate.issuer, issuer.subject)) return false;
  const curve = CURVES[issuer.curve];
  try {
    const compact = curve.Signature.fromDER(certificate.signature).toCompactRawBytes();
    const digest = hash(certificate.signed);
    return curve.verify(compact, digest, issuer.publicKey, { lowS: false, prehash: false });
  } catch {
    return false;
  }
}

function oidOf(element: Der | undefined): string {
  if (element?.tag !== TAG.oid) throw new MalformedEvidence();
  return oidText(element.content);
}

function bitsOf(element: Der | undefined): Uint8Array {
  if (element?.tag !== TAG.bitString || element.content[0] !== 0) throw new MalformedEvidence();
  return element.content.slice(1);
}

function readKey(key: Der): { curve: CurveOid; publicKey: Uint8Array } {
  const [algorithm, bits] = elements(key.content);
  const [kind, named] = elements(algorithm?.content ?? new Uint8Array(0));
  const curve = oidOf(named);
  if (oidOf(kind) !== EC_PUBLIC_KEY || !Object.hasOwn(CURVES, curve)) throw new MalformedEvidence();
  const publicKey = bitsOf(bits);
  const size = curve === '1.3.132.0.34' ? 97 : 65;
  if (publicKey.length !== size || publicKey[0] !== 4) throw new MalformedEvidence();
  return { curve: curve as CurveOid, publicKey };
}

function readExtensions(field: Der | undefined): Map<string, Uint8Array> {
  const found = new Map<string, Uint8Array>();
  if (field === undefined) return found;
  for (const extension of elements(only(field.content, TAG.sequence).content)) {
    const parts = elements(extension.content);
    const value = parts.at(-1);
    const name = oidOf(parts[0]);
    if (value?.tag !== TAG.octetString || found.has(name)) throw new MalformedEvidence();
    found.set(name, value.content);
  }
  return found;
}

function readAuthority(constraints: Uint8Array | undefined): boolean {
  if (constraints === undefined) return false;
  const [first] = elements(only(constraints, TAG.sequence).content);
  return first?.tag === TAG.boolean && first.content[0] === 0xff;
}
