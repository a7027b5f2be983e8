// node server.mjs PORT KEYS: GET /verify answers 200 and the record of the key in X-Private-Key, or
// 401. KEYS is a file of keys, 64 digits each, nothing between. One line on standard output when it
// listens.
import { webcrypto } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';

import { apiKey } from '@better-auth/api-key';
import { betterAuth } from 'better-auth';

import { copyEntries, storage } from './storage.mjs';

// The library asks for what Node has had as a global since version 19.
globalThis.crypto ??= webcrypto;

const [port, file] = process.argv.slice(2);
const keys = readFileSync(file, 'latin1').match(/.{64}/g);
const [first, ...others] = keys;

// No limits, no logs, no traces, and a storage in memory: with a database the library writes a row
// before each answer. Here it notes the use in the storage, behind the answer; nothing stops that.
const auth = betterAuth({
  baseURL: `http://127.0.0.1:${port}`,
  secret: webcrypto.randomUUID(),
  rateLimit: { enabled: false },
  telemetry: { enabled: false },
  logger: { disabled: true },
  experimental: { instrumentation: { enabled: false } },
  plugins: [
    apiKey({
      storage: 'secondary-storage',
      customStorage: storage,
      customKeyGenerator: () => first,
      rateLimit: { enabled: false },
      deferUpdates: true,
    }),
  ],
});
await auth.api.createApiKey({ body: { userId: 'bench' } });
copyEntries(first, others);

// Code that has run some ten thousand times is compiled, and twice as fast.
const ask = (at) => auth.api.verifyApiKey({ body: { key: keys[at % keys.length] } });
for (let at = 0; at < 20_000; at += 50)
  await Promise.all(Array.from({ length: 50 }, (_, more) => ask(at + more)));

async function verify(request, response) {
  const key = request.headers['x-private-key'] ?? '';
  const { valid, key: record } = await auth.api.verifyApiKey({ body: { key } });
  const text = valid ? JSON.stringify(record) : '';
  const type = valid ? { 'Content-Type': 'application/json' } : {};
  response.writeHead(valid ? 200 : 401, { ...type, 'Content-Length': Buffer.byteLength(text) });
  response.end(text);
}

const server = createServer({ keepAliveTimeout: 600_000, requestTimeout: 0 }, verify);
server.listen(Number(port), '127.0.0.1', () => console.log('listening'));
