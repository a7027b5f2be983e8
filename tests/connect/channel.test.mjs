// `request` through the Secure Channel of a real host, with somebody in between who changes what he
// likes: nothing false is ever shown, nothing runs twice, nothing hangs.
import assert from 'node:assert/strict';
import { appendFileSync, chmodSync } from 'node:fs';
import http from 'node:http';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { Host } from '../channel/lib.mjs';
import { begin, homeWithIdentity } from './lib.mjs';

let host;
let home;
let relay;

/** Between the two: passes everything on, but for what the test has put in its way. */
class Relay {
  static async start(to) {
    const relay = new Relay();
    relay.clear();
    relay.server = http.createServer((request, response) => void relay.#pass(to, request, response));
    await new Promise((resolve) => relay.server.listen(0, '127.0.0.1', resolve));
    relay.host = `127.0.0.1:${relay.server.address().port}`;
    relay.url = `http://${relay.host}`;
    return relay;
  }

  clear() {
    this.request = (path, body) => body;
    this.answer = (path, body) => body;
    this.seen = [];
    this.times = 1;
  }

  async #pass(to, request, response) {
    const parts = [];
    for await (const part of request) parts.push(part);
    const body = this.request(request.url, Buffer.concat(parts).toString());
    this.seen.push({ path: request.url, body });
    let came;
    for (let i = 0; i < (request.url === '/secure/call' ? this.times : 1); i += 1) {
      const answer = await fetch(to + request.url, {
        method: request.method,
        headers: { 'Content-Type': 'application/json' },
        body,
      });
      came ??= { answer, text: await answer.text() };
    }
    const headers = {};
    for (const name of ['content-type', 'x-osaurus-secure-channel']) {
      const value = came.answer.headers.get(name);
      if (value !== null) headers[name] = value;
    }
    response.writeHead(came.answer.status, headers);
    response.end(this.answer(request.url, came.text));
  }

  stop() {
    this.server.close();
    this.server.closeAllConnections();
  }
}

/** The key as if that host had given it. */
function keep(name, url) {
  const file = join(home.data, 'credentials.toml');
  appendFileSync(
    file,
    `[hosts."${name}"."${host.agent.address}"]\nurl = "${url}"\n` +
      `agent_name = "writer"\nkey = "${host.key.key}"\nsecure_channel = true\n`,
  );
  chmodSync(file, 0o600);
}

before(async () => {
  host = await Host.start();
  home = homeWithIdentity();
  relay = await Relay.start(host.url);
  keep(relay.host, relay.url);
});
after(async () => {
  relay.stop();
  home.remove();
  await host.stop();
});

const ask = (path, ...more) => begin(home, ['request', 'GET', `${relay.url}${path}`, ...more]).ended;
const whole = '{"method":"GET","body":""}';
const stream = 'data: {"n":1}\n\ndata: {"n":2}\n\n';
const frames = (text) => text.split('\n\n').filter((part) => part !== '');
const joined = (parts) => parts.map((part) => `${part}\n\n`).join('');
const onCall = (change) => (path, text) => (path === '/secure/call' ? change(text) : text);
const onSession = (change) => (path, text) => (path === '/secure/session' ? change(text) : text);

test('with nobody in the way', async () => {
  relay.clear();
  const one = await ask('/v1/echo');
  assert.deepEqual({ code: one.code, out: one.out }, { code: 0, out: whole }, one.err);
  const two = await ask('/v1/stream');
  assert.deepEqual({ code: two.code, out: two.out }, { code: 0, out: stream }, two.err);
  for (const { body } of relay.seen) assert.doesNotMatch(body, /osk-v1|v1\/echo/);
  const refused = await ask('/agents/nobody/x');
  assert.equal(refused.code, 3, refused.err);
  assert.match(refused.err, /not scoped/);
  const json = await ask('/v1/stream', '--json');
  assert.equal(JSON.parse(json.out).body, stream);
});

const flipped = (text) => {
  const value = JSON.parse(text);
  const last = value.ct[10] === 'A' ? 'B' : 'A';
  return JSON.stringify({ ...value, ct: value.ct.slice(0, 10) + last + value.ct.slice(11) });
};
const event = (change) => (part) => `data: ${change(part.slice('data: '.length))}`;
const withoutFin = (text) => JSON.stringify({ ...JSON.parse(text), fin: undefined });
const asLast = (text) => JSON.stringify({ ...JSON.parse(text), fin: true });
const numbered = (n) => (text) => JSON.stringify({ ...JSON.parse(text), seq: n });

const answers = [
  ['a whole answer that was altered', '/v1/echo', flipped, ''],
  ['a whole answer without its end mark', '/v1/echo', withoutFin, ''],
  ['an empty answer', '/v1/echo', () => '', ''],
  ['a whole answer that is no frame', '/v1/echo', () => '{}', ''],
  ['a stream without its last frame', '/v1/stream', (t) => joined(frames(t).slice(0, -1)), stream],
  ['a stream without its first frame', '/v1/stream', (t) => joined(frames(t).slice(1)), ''],
  ['frames in another order', '/v1/stream', (t) => joined(frames(t).reverse()), ''],
  [
    'a frame twice',
    '/v1/stream',
    (t) => joined([frames(t)[0], ...frames(t)]),
    (out) => stream.startsWith(out),
  ],
  [
    'a frame that was altered',
    '/v1/stream',
    (t) => joined([event(flipped)(frames(t)[0]), ...frames(t).slice(1)]),
    '',
  ],
  [
    'an earlier frame made the last',
    '/v1/stream',
    (t) => joined([event(asLast)(frames(t)[0])]),
    '',
  ],
  [
    'a frame with the number of another',
    '/v1/stream',
    (t) => joined([event(numbered(1))(frames(t)[0]), ...frames(t).slice(1)]),
    '',
  ],
  ['more behind the end', '/v1/stream', (t) => t + joined([frames(t)[0]]), stream],
  ['a line that is no event', '/v1/stream', (t) => `event: x\n\n${t}`, ''],
];
for (const [what, path, change, shown] of answers) {
  test(`${what}: an error, and nothing false is shown`, async () => {
    relay.clear();
    relay.answer = onCall(change);
    const done = await ask(path);
    assert.equal(done.code, 2, `${done.err}${done.out}`);
    assert.match(done.err, /cut or changed|not well-formed/);
    if (typeof shown === 'function') assert.ok(shown(done.out), done.out);
    else assert.equal(done.out, shown);
  });
}

test('the answer to another call is none to this one', async () => {
  relay.clear();
  let kept;
  relay.answer = onCall((text) => {
    kept ??= text;
    return kept;
  });
  assert.equal((await ask('/v1/echo')).code, 0);
  const done = await ask('/v1/echo');
  assert.equal(done.code, 2);
  assert.equal(done.out, '');
});

test('a call that was altered is refused by the host; one that comes twice runs once', async () => {
  relay.clear();
  relay.request = onCall(flipped);
  const altered = await ask('/v1/echo');
  assert.equal(altered.code, 1, altered.err);
  assert.match(altered.err, /decryption failed/);
  relay.clear();
  relay.times = 3;
  const done = await ask('/v1/run-once');
  assert.equal(done.code, 0, done.err);
  assert.equal(host.upstream.seen.filter(({ url }) => url === '/v1/run-once').length, 1);
});

const other = 'h5AZ0m2Jk8cQv1y7wXr3Tn4Lb6Ds9Ef0Gp2Hq5Ua1Zo';
const hellos = [
  ['another key', (hello) => ({ ...hello, encPub: other })],
  ['another session', (hello) => ({ ...hello, sid: 'AAAAAAAAAAAAAAAAAAAAAA' })],
  ['a longer life', (hello) => ({ ...hello, expiresAt: hello.expiresAt + 1 })],
  ['another signature', (hello) => ({ ...hello, signature: `0x${'1b'.repeat(65)}` })],
];
for (const [what, change] of hellos) {
  test(`a hello with ${what}: no session, nothing in plain`, async () => {
    relay.clear();
    relay.answer = onSession((text) => JSON.stringify(change(JSON.parse(text))));
    const done = await ask('/v1/echo');
    assert.equal(done.code, 3, done.err);
    assert.match(done.err, /did not prove/);
    assert.deepEqual(
      relay.seen.map(({ path }) => path),
      ['/secure/session'],
    );
  });
}

test('a handshake that the host refuses: nothing in plain', async () => {
  relay.clear();
  relay.request = () => 'not JSON';
  const done = await ask('/v1/echo');
  assert.equal(done.code, 1, done.err);
  assert.match(done.err, /invalid handshake/);
  assert.equal(relay.seen.length, 1);
});

test('a host without the channel: nothing in plain', async () => {
  const asked = [];
  const plain = http.createServer((request, response) => {
    asked.push(request.url);
    response.writeHead(404, { 'Content-Type': 'application/json' });
    response.end('{"error":"there is nothing here"}');
  });
  await new Promise((resolve) => plain.listen(0, '127.0.0.1', resolve));
  const name = `127.0.0.1:${plain.address().port}`;
  keep(name, `http://${name}`);
  const done = await begin(home, ['request', 'GET', `http://${name}/v1/echo`]).ended;
  plain.close();
  assert.equal(done.code, 2, done.err);
  assert.match(done.err, /no Secure Channel/);
  assert.deepEqual(asked, ['/secure/session']);
});

test('a session that the host has forgotten is made anew, once', async () => {
  relay.clear();
  let forgotten = 0;
  relay.request = onCall((text) => {
    forgotten += 1;
    if (forgotten > 1) return text;
    return JSON.stringify({ ...JSON.parse(text), sid: 'AAAAAAAAAAAAAAAAAAAAAA' });
  });
  const done = await ask('/v1/echo');
  assert.equal(done.code, 0, done.err);
  assert.deepEqual(
    relay.seen.map(({ path }) => path),
    ['/secure/session', '/secure/call', '/secure/session', '/secure/call'],
  );
});
