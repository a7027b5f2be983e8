import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import OpenAI from 'openai';

import { Home, Server } from '../support/node/kronborg.mjs';

let home;
let server;
let client;
before(async () => {
  home = new Home();
  server = await Server.start(home);
  client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: server.ready.key, maxRetries: 0 });
});
after(async () => {
  await server.stop();
  home.remove();
});

const said = 'something is rotten in the state of Denmark';
const messages = [{ role: 'user', content: said }];

test('models are listed', async () => {
  const names = [];
  for await (const model of client.models.list()) names.push(model.id);
  assert.deepEqual(names, ['echo', 'echo-slow']);
});

test('a chat is answered', async () => {
  const chat = await client.chat.completions.create({ model: 'echo', messages });
  assert.equal(chat.choices[0].message.content, said);
});

test('a streamed chat arrives in parts', async () => {
  const stream = await client.chat.completions.create({ model: 'echo', messages, stream: true });
  const parts = [];
  for await (const chunk of stream) parts.push(chunk.choices[0]?.delta?.content ?? '');
  assert.equal(parts.join(''), said);
  assert.ok(parts.length > 5);
});

test('an aborted stream leaves the connection pool usable', async () => {
  const stream = await client.chat.completions.create({
    model: 'echo-slow',
    messages,
    stream: true,
  });
  for await (const chunk of stream) {
    if (chunk.choices[0]?.delta?.content?.startsWith('is')) {
      stream.controller.abort();
      break;
    }
  }
  const chat = await client.chat.completions.create({ model: 'echo', messages });
  assert.equal(chat.choices[0].message.content, said);
});

test('a stream that runs ends within a second of the revocation of its key', async () => {
  const key = await server.mint('stream');
  const own = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: key.key, maxRetries: 0 });
  const words = Array.from({ length: 600 }, (_, i) => `word${i}`).join(' ');
  const stream = await own.chat.completions.create({
    model: 'echo-slow',
    messages: [{ role: 'user', content: words }],
    stream: true,
  });
  let revokedAt;
  await assert.rejects(async () => {
    for await (const chunk of stream) {
      if (revokedAt === undefined && chunk.choices[0]?.delta?.content) {
        const { status } = await server.api('POST', `/access-keys/${key.id}/revoke`, {});
        assert.equal(status, 200);
        revokedAt = performance.now();
      }
    }
  });
  // The bound is part of the contract (identity.md section 8), not a measure of speed.
  assert.ok(performance.now() - revokedAt < 1000);
});

test('the error of a dead key is the one the SDK knows', async () => {
  const key = await server.mint('dies');
  const own = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: key.key, maxRetries: 0 });
  assert.equal((await own.models.list()).data.length, 2);
  await server.api('POST', `/access-keys/${key.id}/revoke`, {});
  await assert.rejects(own.models.list(), (error) => {
    assert.ok(error instanceof OpenAI.AuthenticationError);
    assert.equal(error.code, 'key_revoked');
    return true;
  });
});
