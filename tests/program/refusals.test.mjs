// Upstreams that are down, slow, or lie: each a clear answer, and the next request is served.
import assert from 'node:assert/strict';
import net from 'node:net';
import { after, before, test } from 'node:test';

import { freePort, Home, Server } from '../support/node/kronborg.mjs';

let home;
let server;
let upstream;
let behave;
let key;
before(async () => {
  home = new Home();
  home.ask(['init', '--keystore', 'file']);
  upstream = net.createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => behave(socket));
  });
  await new Promise((resolve) => upstream.listen(0, '127.0.0.1', resolve));
  const listens = `http://127.0.0.1:${upstream.address().port}`;
  const down = `http://127.0.0.1:${await freePort()}`;
  home.configure(`
[gate]
timeout_s = 1
[[gate.upstream]]
url = "${listens}"
[[gate.upstream]]
path = "/down"
url = "${down}"
`);
  server = await Server.start(home, []);
  key = await server.mint('upstreams');
});
after(async () => {
  await server.stop();
  upstream.close();
  home.remove();
});

const bad = [
  { what: 'down', path: '/down/x', status: 502, code: 'upstream_unreachable' },
  {
    what: 'not HTTP',
    path: '/x',
    answer: 'SSH-2.0-OpenSSH_9.2\r\n\r\n',
    status: 502,
    code: 'upstream_invalid',
  },
  {
    what: 'two lengths',
    path: '/x',
    answer: 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd',
    status: 502,
    code: 'upstream_invalid',
  },
  {
    what: 'closing before it answers',
    path: '/x',
    answer: '',
    status: 502,
    code: 'upstream_invalid',
  },
  { what: 'slow', path: '/x', answer: undefined, status: 504, code: 'upstream_timeout' },
];
for (const row of bad) {
  test(`an upstream that is ${row.what}`, async () => {
    behave = (socket) => row.answer !== undefined && socket.end(row.answer);
    const answer = await server.get(row.path, key.key);
    assert.equal(answer.status, row.status, answer.text);
    assert.equal(answer.value.error.code, row.code);
    assert.ok(answer.value.error.hint);
  });
}

test('an upstream that promises more than it sends: the client sees that it is cut', async () => {
  behave = (socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort');
  await assert.rejects(server.get('/x', key.key));
});

test('after all that the gate serves', async () => {
  behave = (socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
  assert.equal((await server.get('/x', key.key)).text, 'ok');
});

test('one address that fails a hundred times leaves bounded rows in the audit log', async () => {
  for (let i = 0; i < 100; i += 1) await server.get('/x', 'osk-v1.a.b');
  await server.stop();
  const rows = home.ask(['audit', '--type', 'gate']).auditEvents;
  assert.ok(rows.length >= 1 && rows.length < 20, `${rows.length} rows`);
});
