// How values of the commands are written.
import { MasterKey, SigningKey, fromStrictHex, parseObject, toHex } from '@kronborg/client';

/** Bytes of lower-case hex; anything else is a fault of the caller. */
export function bytes(text) {
  const value = typeof text === 'string' ? fromStrictHex(text) : undefined;
  if (value === undefined) throw new TypeError(`not hex: ${text}`);
  return value;
}

export const hex = toHex;
export const utf8 = (text) => new TextEncoder().encode(text);
export const orNull = (value) => (value === undefined ? null : toHex(value));
export const signer = (kind, privateKey) => SigningKey.fromBytes(kind, bytes(privateKey));
export const masterOf = (digits) => MasterKey.fromBytes(bytes(digits));

/** A JSON object as the strict reader gives it. */
export function strictObject(value) {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const object = parseObject(utf8(text));
  if (object === undefined) throw new TypeError('not a JSON object');
  return object;
}

const kept = new Map();

/** Keeps a value under a new handle. */
export function keep(value) {
  const handle = `h${kept.size + 1}`;
  kept.set(handle, value);
  return handle;
}

export function held(handle) {
  if (!kept.has(handle)) throw new TypeError(`no handle ${handle}`);
  return kept.get(handle);
}
