// Bodies, media types, repeated fields and query values (docs/protocol/http.md sections 2 to 5).
import assert from 'node:assert/strict';
import { after, before, describe as suite, test } from 'node:test';

import { Host, must } from './lib/host.mjs';
import { routes, nameOf } from './lib/routes.mjs';
import { nobody, Space } from './lib/space.mjs';

let host;
let space;
before(async () => {
  host = await Host.start();
  space = await Space.create(host);
});
after(() => host?.end());

const KiB = 1024;

/** The largest body of a route (section 3). */
function limitOf({ method, path }) {
  if (method === 'POST' && path.endsWith('/space')) return 320 * KiB;
  if (method === 'PUT' && path.endsWith('{spaceId}')) return 320 * KiB;
  if (method === 'POST' && path.endsWith('/messages')) return 512 * KiB;
  const isArtifact = /\/artifacts(\/\{artifactId\})?$/.test(path);
  if (isArtifact && (method === 'POST' || method === 'PUT')) return 6.5 * KiB * KiB;
  return 64 * KiB;
}

const anywhere = (path) =>
  path.replace(/\{(\w+)\}/g, (_, name) => (name === 'revision' ? '1' : nobody()));

suite('a body that is too large', () => {
  for (const route of routes.filter(({ method }) => method === 'POST' || method === 'PUT')) {
    test(nameOf(route), async () => {
      const limit = limitOf(route);
      const head = (length) =>
        `${route.method} ${anywhere(route.path)} HTTP/1.1\r\nHost: ${host.name}\r\n` +
        `Content-Type: application/json\r\nContent-Length: ${length}\r\n\r\n`;
      // Not a byte of the body is sent: the length that is announced is enough.
      const connection = await host.connect();
      connection.write(head(limit + 1));
      const refused = await connection.head();
      await connection.readBody(refused, route.method);
      connection.close();
      assert.equal(refused.finding, '413 body_too_large');
      assert.equal(refused.json.limitBytes, limit);
      // It comes before the credential; what just fits gets as far as that.
      if (route.keys.length === 0) return;
      const fitting = Buffer.concat([Buffer.from(head(limit)), Buffer.alloc(limit, ' ')]);
      const other = await host.connect();
      const answer = await other.exchange(fitting, route.method);
      other.close();
      assert.equal(answer.finding, '401 key_missing');
    });
  }

  test('is noticed while it comes in chunks', async () => {
    const connection = await host.connect();
    connection.write(
      `POST ${space.path}/messages HTTP/1.1\r\nHost: ${host.name}\r\nX-Private-Key: ${space.owner.key}\r\n` +
        'Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n',
    );
    const chunk = Buffer.alloc(64 * KiB, ' ');
    for (let sent = 0; sent < 9 && !connection.ended; sent += 1) {
      connection.write(`${chunk.length.toString(16)}\r\n`);
      connection.write(chunk);
      connection.write('\r\n');
    }
    const refused = await connection.head();
    await connection.readBody(refused, 'POST');
    connection.close();
    assert.equal(refused.finding, '413 body_too_large');
  });

  test('is not asked for when the client waits to be asked', async () => {
    const head = (length) =>
      `POST ${space.path}/messages HTTP/1.1\r\nHost: ${host.name}\r\nX-Private-Key: ${space.owner.key}\r\n` +
      `Content-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: ${length}\r\n\r\n`;
    const large = await host.connect();
    large.write(head(512 * KiB + 1));
    const refused = await large.head();
    assert.deepEqual([refused.status, refused.interim], [413, []]);
    large.close();
    const body = '{"content":"asked for"}';
    const small = await host.connect();
    small.write(head(body.length));
    assert.equal((await small.anyHead()).status, 100);
    const answer = await small.exchange(body, 'POST');
    small.close();
    assert.equal(answer.status, 200);
  });
});

suite('media types', () => {
  const send = (type, fields = {}) =>
    space.owner.ask('POST', '/messages', '{"content":"x"}', { type, fields });

  for (const type of [
    'application/json',
    'application/json; charset=utf-8',
    'Application/JSON;charset=UTF-8',
  ])
    test(`${type} is taken`, async () => assert.equal((await send(type)).status, 200));

  for (const type of [
    'text/plain',
    'application/x-www-form-urlencoded',
    'application/json; charset=iso-8859-1',
    'application/problem+json',
    null,
  ])
    test(`${type} is not`, async () => {
      const answer = await send(type);
      assert.equal(answer.finding, '415 unsupported_media_type');
      assert.deepEqual(answer.json.supported, ['application/json']);
    });

  test('a compressed body is not', async () => {
    const answer = await send('application/json', { 'Content-Encoding': 'gzip' });
    assert.equal(answer.finding, '415 unsupported_media_type');
    assert.equal((await send('application/json', { 'Content-Encoding': 'identity' })).status, 200);
  });

  test('a write without a body needs none', async () => {
    assert.equal((await space.owner.ask('POST', '/invite')).status, 200);
  });

  test('an artifact is written as text too', async () => {
    const { artifactId } = await space.owner.do('POST', '/artifacts', { name: 'raw.md' });
    for (const type of ['text/markdown', 'text/plain; charset=utf-8']) {
      const answer = await space.owner.ask('PUT', `/artifacts/${artifactId}`, `# ${type}`, {
        type,
      });
      assert.equal(answer.status, 200, answer.text);
    }
    const read = await space.owner.ask('GET', `/artifacts/${artifactId}`, undefined, {
      fields: { Accept: 'text/markdown' },
    });
    assert.equal(read.text, '# text/plain; charset=utf-8');
    assert.match(read.field('Content-Type'), /^text\/markdown/);
    const html = await space.owner.ask('PUT', `/artifacts/${artifactId}`, '<p>', {
      type: 'text/html',
    });
    assert.equal(html.finding, '415 unsupported_media_type');
  });

  test('what the client does not accept is not sent', async () => {
    for (const [suffix, accept, supported] of [
      ['', 'text/html', 'application/json'],
      ['/messages', 'application/xml', 'application/json'],
      ['/messages', 'application/json;q=0', 'application/json'],
      ['/messages/stream', 'application/json', 'text/event-stream'],
    ]) {
      const answer = await space.owner.ask('GET', suffix, undefined, {
        fields: { Accept: accept },
      });
      assert.equal(answer.finding, '406 not_acceptable', suffix);
      assert.ok(answer.json.supported.includes(supported));
    }
    for (const accept of ['*/*', 'application/*', 'text/html, */*;q=0.1']) {
      const answer = await space.owner.ask('GET', '', undefined, { fields: { Accept: accept } });
      assert.equal(answer.status, 200, accept);
    }
  });
});

suite('fields that may come once', () => {
  for (const name of [
    'Authorization',
    'X-Private-Key',
    'X-User-Token',
    'X-Join-Token',
    'X-Fencing-Token',
    'Idempotency-Key',
    'Content-Type',
    'Origin',
  ])
    test(name, async () => {
      const fields = [
        [name, 'a'],
        [name, 'a'],
      ];
      const answer = await host.ask('GET', space.path, { fields });
      assert.equal(answer.finding, '400 duplicate_header');
      assert.equal(answer.json.header.toLowerCase(), name.toLowerCase());
    });
});

suite('query values', () => {
  const cases = {
    '/messages?limit=0': '?limit',
    '/messages?limit=501': '?limit',
    '/messages?limit=ten': '?limit',
    '/messages?limit=5&limit=6': '?limit',
    '/messages?tail=501': '?tail',
    '/messages?wait=31': '?wait',
    '/messages?timestamp=yesterday': '?timestamp',
    '/participants?limit=201': '?limit',
    '/participants?status=happy': '?status',
    '/artifacts?limit=501': '?limit',
    '/audit?limit=501': '?limit',
  };
  for (const [query, pointer] of Object.entries(cases))
    test(query, async () => {
      const answer = await space.owner.ask('GET', query);
      assert.equal(answer.finding, '400 invalid_parameter', answer.text);
      assert.deepEqual(
        answer.json.errors.map((error) => error.pointer),
        [pointer],
      );
    });

  test('a position in two ways', async () => {
    const { cursor } = await space.owner.read();
    const answer = await space.owner.ask('GET', `/messages?cursor=${cursor}&timestamp=0`);
    assert.equal(answer.status, 400);
  });

  test('a time in every form that is allowed', async () => {
    const { timestamp } = await space.owner.send('a moment');
    await space.owner.send('later');
    const forms = [timestamp, Date.parse(timestamp), timestamp.replace('Z', '%2B00:00')];
    for (const form of forms) {
      const { messages } = await space.owner.read(`?timestamp=${form}`);
      assert.deepEqual(
        messages.map(({ content }) => content),
        ['later'],
        String(form),
      );
    }
  });

  test('the tail', async () => {
    const { messages } = must(await space.owner.ask('GET', '/messages?tail=1'));
    assert.deepEqual(
      messages.map(({ content }) => content),
      ['later'],
    );
  });
});
