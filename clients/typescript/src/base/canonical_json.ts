import { utf8 } from './bytes.js';
import { KronborgError } from './error.js';
import { JsonNumber } from './json.js';
import { isWellFormed } from './text.js';

/** What canonical JSON can be made of. A member that is undefined is left out. */
export type Canonical =
  | string
  | number
  | bigint
  | boolean
  | null
  | undefined
  | JsonNumber
  | readonly Canonical[]
  | { readonly [name: string]: Canonical }
  | ReadonlyMap<string, Canonical>;

const SHORT: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '/': '\\/',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
};

function refuse(what: string): never {
  throw new KronborgError('json_not_canonical', `Canonical JSON cannot hold ${what}.`);
}

function quoted(text: string): string {
  if (!isWellFormed(text)) refuse('an unpaired surrogate');
  const escaped = text.replace(/["\\/\u0000-\u001f]/g, (character) => {
    return SHORT[character] ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
  return `"${escaped}"`;
}

function integer(value: number | bigint | JsonNumber): string {
  if (typeof value === 'bigint') return value.toString();
  const plain = value instanceof JsonNumber ? value.integer() : value;
  if (value instanceof JsonNumber && /^(?:0|-?[1-9][0-9]*)$/.test(value.text)) return value.text;
  if (plain === undefined || !Number.isSafeInteger(plain)) refuse('a number that is no integer');
  return BigInt(plain).toString();
}

/** Order of the UTF-8 bytes, which is that of the code points and not that of UTF-16 units. */
function byBytes(a: string, b: string): number {
  const left = utf8(a);
  const right = utf8(b);
  for (let i = 0; i < Math.min(left.length, right.length); i += 1) {
    if (left[i] !== right[i]) return left[i]! - right[i]!;
  }
  return left.length - right.length;
}

function object(entries: Iterable<readonly [string, Canonical]>): string {
  const members = [...entries].filter(([, value]) => value !== undefined);
  members.sort(([a], [b]) => byBytes(a, b));
  return `{${members.map(([name, value]) => `${quoted(name)}:${canonicalJson(value)}`).join(',')}}`;
}

/**
 * Canonical JSON of docs/protocol/identity.md section 1: members sorted by the bytes of their names
 * at every depth, no white space, `/` escaped, integers in plain decimal. `json_not_canonical` for
 * a number that is no integer and for text without a UTF-8 form.
 */
export function canonicalJson(value: Canonical): string {
  if (value === null || value === undefined) return 'null';
  if (typeof value === 'boolean') return String(value);
  if (typeof value === 'string') return quoted(value);
  if (typeof value === 'number' || typeof value === 'bigint') return integer(value);
  if (value instanceof JsonNumber) return integer(value);
  if (value instanceof Map) return object(value as ReadonlyMap<string, Canonical>);
  if (Array.isArray(value))
    return `[${value.map((item: Canonical) => canonicalJson(item)).join(',')}]`;
  return object(Object.entries(value as { readonly [name: string]: Canonical }));
}
