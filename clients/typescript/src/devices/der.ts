import { ByteReader, MalformedEvidence } from './byte_reader.js';

/** One element of DER (X.690): its tag byte, its content, and its whole encoding. */
export interface Der {
  readonly tag: number;
  readonly content: Uint8Array;
  readonly whole: Uint8Array;
}

export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
} as const;

/** The elements that fill the bytes. Throws `MalformedEvidence`. */
export function elements(bytes: Uint8Array): Der[] {
  const found: Der[] = [];
  let at = 0;
  while (at < bytes.length) {
    const reader = new ByteReader(bytes.slice(at));
    const tag = reader.unsigned(1);
    if ((tag & 31) === 31) throw new MalformedEvidence();
    const { length, size } = lengthOf(reader);
    const content = reader.take(length);
    const end = at + 1 + size + length;
    found.push({ tag, content, whole: bytes.slice(at, end) });
    at = end;
  }
  return found;
}

/** The one element of this tag that fills the bytes. */
export function only(bytes: Uint8Array, tag: number): Der {
  const [element, more] = elements(bytes);
  if (element?.tag !== tag || more !== undefined) throw new MalformedEvidence();
  return element;
}

/** Minimal definite lengths only, as DER wants them. */
function lengthOf(reader: ByteReader): { length: number; size: number } {
  const first = reader.unsigned(1);
  if (first < 0x80) return { length: first, size: 1 };
  const count = first & 0x7f;
  if (count === 0 || count > 3) throw new MalformedEvidence();
  const length = reader.unsigned(count);
  if (length < 0x80 || length < 2 ** (8 * (count - 1))) throw new MalformedEvidence();
  return { length, size: 1 + count };
}

/** Dotted form of an object identifier's content. */
export function oidText(content: Uint8Array): string {
  const arcs: number[] = [];
  let value = 0;
  for (const byte of content) {
    value = value * 128 + (byte & 0x7f);
    if ((byte & 0x80) !== 0) continue;
    arcs.push(value);
    value = 0;
  }
  const [first = 0, ...rest] = arcs;
  const top = first < 80 ? Math.floor(first / 40) : 2;
  return [top, first - top * 40, ...rest].join('.');
}

/** Unix seconds of a UTCTime or GeneralizedTime in the one form certificates may use (RFC 5280). */
export function timeOf(element: Der): number {
  const text = String.fromCharCode(...element.content);
  const isShort = element.tag === TAG.utcTime;
  const pattern = isShort ? /^\d{12}Z$/ : /^\d{14}Z$/;
  if ((!isShort && element.tag !== TAG.generalizedTime) || !pattern.test(text)) {
    throw new MalformedEvidence();
  }
  const digits = isShort ? (Number(text.slice(0, 2)) < 50 ? '20' : '19') + text : text;
  const part = (from: number, to: number): number => Number(digits.slice(from, to));
  const date = Date.UTC(
    part(0, 4),
    part(4, 6) - 1,
    part(6, 8),
    part(8, 10),
    part(10, 12),
    part(12, 14),
  );
  return date / 1000;
}
