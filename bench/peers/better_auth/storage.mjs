// What the library calls secondary storage, as a map of this process, and the keys in it.
import { createHash, randomUUID } from 'node:crypto';

const entries = new Map();

export const storage = {
  get: (name) => entries.get(name) ?? null,
  set: (name, text) => void entries.set(name, text),
  delete: (name) => void entries.delete(name),
};

/** As the library hashes; with another hash every key would be answered with 401. */
const hashed = (key) => createHash('sha256').update(key).digest('base64url');

/** Gives each of `keys` the entries that the library wrote for `first`, and an owner of its own. */
export function copyEntries(first, keys) {
  const written = storage.get(`api-key:${hashed(first)}`);
  if (written === null) throw new Error('the library keeps its keys elsewhere');
  const record = JSON.parse(written);
  for (const text of keys) {
    const [id, referenceId, key] = [randomUUID(), randomUUID(), hashed(text)];
    const entry = JSON.stringify({ ...record, id, referenceId, key, start: text.slice(0, 6) });
    storage.set(`api-key:${key}`, entry);
    storage.set(`api-key:by-id:${id}`, entry);
    storage.set(`api-key:by-ref:${referenceId}`, JSON.stringify([id]));
  }
}
