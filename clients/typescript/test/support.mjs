// Known answers of the repository, and what the tests share.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';

import { KronborgError } from '@kronborg/client';

const folder = new URL('../../../testdata/vectors/', import.meta.url);

export const vectors = (name) => JSON.parse(readFileSync(new URL(`${name}.json`, folder), 'utf8'));
export const bytes = (hex) => Uint8Array.from(Buffer.from(hex, 'hex'));
export const hex = (data) => Buffer.from(data).toString('hex');
export const text = (data) => Buffer.from(data).toString('utf8');
export const utf8 = (value) => Uint8Array.from(Buffer.from(value, 'utf8'));
export const fromBase64Url = (value) => Uint8Array.from(Buffer.from(value, 'base64url'));

/** A source of randomness that gives these bytes first, and then counts. */
export function scripted(...parts) {
  const waiting = parts.map((part) => Uint8Array.from(part));
  let counter = 0;
  return (length) => {
    const next = waiting.shift();
    if (next !== undefined) {
      assert.equal(next.length, length, 'the script gives bytes of another length');
      return next;
    }
    counter += 1;
    return Uint8Array.from({ length }, (_, i) => (counter * 131 + i * 7 + 1) & 0xff);
  };
}

/** The code of the KronborgError that `task` throws. */
export function codeOf(task) {
  try {
    task();
  } catch (error) {
    assert.ok(error instanceof KronborgError, `not a KronborgError: ${error?.stack}`);
    return error.code;
  }
  return undefined;
}

export async function codeOfAsync(task) {
  try {
    await task();
  } catch (error) {
    assert.ok(error instanceof KronborgError, `not a KronborgError: ${error?.stack}`);
    return error.code;
  }
  return undefined;
}

/** A clock that stands still until it is moved. Milliseconds. */
export function stoppedClock(ms) {
  const clock = () => clock.now;
  clock.now = ms;
  return clock;
}

/** JSON of a value; a text is taken as it is. */
export function toJson(value) {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

const derived = new Map();

/** argon2id of the package, each in a thread of its own and once per input. */
export function inThread(password, salt, cost) {
  const place = `${hex(password)} ${hex(salt)}`;
  if (!derived.has(place)) {
    const workerData = { password: Uint8Array.from(password), salt, cost };
    const worker = new Worker(new URL('stretch_worker.mjs', import.meta.url), { workerData });
    const answer = new Promise((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
    });
    derived.set(place, answer);
  }
  return derived.get(place).then((key) => Uint8Array.from(key));
}
