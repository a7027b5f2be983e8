import { fromUtf8 } from '../base/bytes.js';
import { ByteReader, MalformedEvidence } from './byte_reader.js';

/** What the CBOR of App Attest is made of (RFC 8949): no tags, floats or indefinite lengths. */
export type Cbor = number | string | Uint8Array | boolean | null | Cbor[] | CborMap;
export class CborMap extends Map<number | string, Cbor> {}

const DEPTH_MAX = 8;

/** One item that fills the bytes. Throws `MalformedEvidence`. */
export function parseCbor(bytes: Uint8Array): Cbor {
  const reader = new ByteReader(bytes);
  const value = item(reader, 0);
  reader.end();
  return value;
}

function item(reader: ByteReader, depth: number): Cbor {
  if (depth > DEPTH_MAX) throw new MalformedEvidence();
  const initial = reader.unsigned(1);
  const kind = initial >> 5;
  if (kind === 7) return simple(initial & 31);
  const count = argument(reader, initial & 31);
  switch (kind) {
    case 0:
      return count;
    case 1:
      return -1 - count;
    case 2:
      return reader.take(count);
    case 3:
      return text(reader.take(count));
    case 4:
      return array(reader, count, depth + 1);
    case 5:
      return map(reader, count, depth + 1);
    default:
      throw new MalformedEvidence();
  }
}

function argument(reader: ByteReader, information: number): number {
  if (information < 24) return information;
  if (information > 26) throw new MalformedEvidence();
  return reader.unsigned(1 << (information - 24));
}

function simple(information: number): Cbor {
  if (information === 20 || information === 21) return information === 21;
  if (information === 22) return null;
  throw new MalformedEvidence();
}

function text(bytes: Uint8Array): string {
  const value = fromUtf8(bytes);
  if (value === undefined) throw new MalformedEvidence();
  return value;
}

function array(reader: ByteReader, count: number, depth: number): Cbor[] {
  const items: Cbor[] = [];
  for (let i = 0; i < count; i += 1) items.push(item(reader, depth));
  return items;
}

function map(reader: ByteReader, count: number, depth: number): CborMap {
  const members = new CborMap();
  for (let i = 0; i < count; i += 1) {
    const name = item(reader, depth);
    const isName = typeof name === 'string' || typeof name === 'number';
    if (!isName || members.has(name)) throw new MalformedEvidence();
    members.set(name, item(reader, depth));
  }
  return members;
}
