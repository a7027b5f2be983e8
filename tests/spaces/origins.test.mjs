// Browsers and other origins (docs/protocol/http.md section 9).
import assert from 'node:assert/strict';
import { after, before, describe as suite, test } from 'node:test';

import { Host, roomy } from './lib/host.mjs';
import { Space } from './lib/space.mjs';

const friend = 'https://app.example';
const stranger = 'https://attacker.example';

let host;
let space;
before(async () => {
  host = await Host.start({ settings: { ...roomy, 'http.allowed_origins': [friend] } });
  space = await Space.create(host);
});
after(() => host?.end());

const from = (Origin, more = {}) => ({ fields: { Origin, ...more } });
const send = (options) => space.owner.ask('POST', '/messages', { content: 'x' }, options);
const read = (options) => space.owner.ask('GET', '/messages', undefined, options);
const corsFields = (answer) => answer.fields.filter(([name]) => /^access-control/i.test(name));
const listOf = (value) => (value ?? '').toLowerCase().split(/,\s*/);

const requestHeaders = [
  'Authorization',
  'X-Private-Key',
  'X-User-Token',
  'X-Join-Token',
  'X-Fencing-Token',
  'Content-Type',
  'Accept',
  'If-Match',
  'If-None-Match',
  'Idempotency-Key',
  'Last-Event-ID',
  'Prefer',
];
const exposed = [
  'API-Version',
  'X-Request-Id',
  'RateLimit-Policy',
  'RateLimit',
  'RateLimit-Limit',
  'RateLimit-Remaining',
  'RateLimit-Reset',
  'WWW-Authenticate',
  'ETag',
  'Idempotency-Replayed',
  'X-User-Token-Status',
];

suite('an origin that is allowed', () => {
  test('is named in the answer, and may read its fields', async () => {
    for (const answer of [await read(from(friend)), await send(from(friend))]) {
      assert.equal(answer.status, 200);
      assert.equal(answer.field('Access-Control-Allow-Origin'), friend);
      assert.ok(listOf(answer.field('Vary')).includes('origin'));
      const shown = listOf(answer.field('Access-Control-Expose-Headers'));
      for (const name of exposed) assert.ok(shown.includes(name.toLowerCase()), name);
      assert.equal(answer.field('Access-Control-Allow-Credentials'), undefined);
    }
  });

  test('may read refusals too', async () => {
    const refused = await host.ask('GET', space.path, from(friend));
    assert.equal(refused.status, 401);
    assert.equal(refused.field('Access-Control-Allow-Origin'), friend);
  });

  test('is told what it may ask', async () => {
    for (const method of ['GET', 'POST']) {
      const answer = await host.ask('OPTIONS', `${space.path}/messages`, {
        ...from(friend, {
          'Access-Control-Request-Method': method,
          'Access-Control-Request-Headers': 'x-private-key, content-type',
        }),
      });
      assert.equal(answer.status, 204);
      assert.equal(answer.field('Access-Control-Allow-Origin'), friend);
      assert.equal(answer.field('Access-Control-Max-Age'), '600');
      assert.ok(
        listOf(answer.field('Access-Control-Allow-Methods')).includes(method.toLowerCase()),
      );
      const allowed = listOf(answer.field('Access-Control-Allow-Headers'));
      for (const name of requestHeaders) assert.ok(allowed.includes(name.toLowerCase()), name);
      assert.equal(answer.field('Access-Control-Allow-Private-Network'), undefined);
      assert.equal(answer.field('Access-Control-Allow-Credentials'), undefined);
    }
  });

  test('is let into the private network only when it asks', async () => {
    const ask = (origin) =>
      host.ask('OPTIONS', space.path, {
        ...from(origin, {
          'Access-Control-Request-Method': 'GET',
          'Access-Control-Request-Private-Network': 'true',
        }),
      });
    assert.equal((await ask(friend)).field('Access-Control-Allow-Private-Network'), 'true');
    assert.deepEqual(corsFields(await ask(stranger)), []);
  });
});

suite('the own origin', () => {
  test('may do everything', async () => {
    assert.equal((await read(from(host.origin))).status, 200);
    assert.equal((await send(from(host.origin))).status, 200);
  });
});

suite('any other origin', () => {
  for (const origin of [
    stranger,
    'null',
    `${friend}.attacker.example`,
    friend.replace('https', 'http'),
  ]) {
    test(`${origin} may write nothing`, async () => {
      const { lastSeq } = await space.owner.read();
      const refused = await send(from(origin));
      assert.equal(refused.finding, '403 origin_not_allowed');
      assert.deepEqual(corsFields(refused), []);
      const created = await host.ask('POST', '/oresundspace/space', {
        body: { name: 'x' },
        ...from(origin),
      });
      assert.equal(created.finding, '403 origin_not_allowed');
      assert.equal((await space.owner.read()).lastSeq, lastSeq);
    });

    test(`${origin} gets reads that no page can see`, async () => {
      const answer = await read(from(origin));
      assert.equal(answer.status, 200);
      assert.deepEqual(corsFields(answer), []);
    });
  }

  test('is refused before anything is said about the key', async () => {
    const refused = await host.ask('POST', `${space.path}/messages`, {
      body: { content: 'x' },
      ...from(stranger),
    });
    assert.equal(refused.finding, '403 origin_not_allowed');
  });
});

suite('documents', () => {
  const paths = [
    '/.well-known/oauth-protected-resource',
    '/.well-known/oauth-authorization-server',
    '/auth.md',
    '/openapi.json',
    '/llms.txt',
  ];
  for (const path of paths)
    test(`${path} is for everybody`, async () => {
      const answer = await host.ask('GET', path, from(stranger));
      assert.equal(answer.status, 200);
      assert.equal(answer.field('Access-Control-Allow-Origin'), '*');
      const preflight = await host.ask('OPTIONS', path, {
        ...from(stranger, { 'Access-Control-Request-Method': 'GET' }),
      });
      assert.equal(preflight.status, 204);
      assert.equal(preflight.field('Access-Control-Allow-Origin'), '*');
    });
});

suite('every origin', () => {
  test('cannot be allowed on a loopback host', async () => {
    const started = Host.start({ settings: { 'http.allowed_origins': ['*'] } });
    await assert.rejects(started, /serve ended with/);
  });
});
