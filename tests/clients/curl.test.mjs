import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { after, before, test } from 'node:test';

import { Home, Server } from '../support/node/kronborg.mjs';

let home;
let server;
before(async () => {
  home = new Home();
  server = await Server.start(home);
});
after(async () => {
  await server.stop();
  home.remove();
});

function curl(...args) {
  const done = spawnSync('curl', ['-sS', '-i', '--max-time', '20', ...args], { encoding: 'utf8' });
  assert.equal(done.status, 0, done.stderr);
  const split = done.stdout.indexOf('\r\n\r\n');
  const head = done.stdout.slice(0, split);
  return { status: Number(head.split(' ')[1]), head, body: done.stdout.slice(split + 4) };
}

const bearer = (key) => ['-H', `Authorization: Bearer ${key}`];

test('a key opens the gate, and its revocation closes it for the very next request', async () => {
  const key = await server.mint('curl');
  assert.equal(curl(...bearer(key.key), `${server.url}/v1/models`).status, 200);
  assert.equal(home.run(['key', 'revoke', key.id]).code, 0);
  const refused = curl(...bearer(key.key), `${server.url}/v1/models`);
  assert.equal(refused.status, 401);
  assert.deepEqual(JSON.parse(refused.body), {
    error: {
      message: 'Access key has been revoked',
      type: 'authentication_error',
      code: 'key_revoked',
      hint: 'Ask the owner for a new key.',
    },
  });
});

test('a bare request is told where to look, and finds a true document there', () => {
  const bare = curl(`${server.url}/v1/models`);
  assert.equal(bare.status, 401);
  const challenge = bare.head.match(/^www-authenticate: Bearer resource_metadata="([^"]+)"\r?$/im);
  assert.ok(challenge, bare.head);
  const metadata = curl(challenge[1].replace('localhost', '127.0.0.1'));
  assert.equal(metadata.status, 200);
  const document = JSON.parse(metadata.body);
  assert.equal(document.resource, `http://localhost:${server.port}`);
  assert.deepEqual(document.bearer_methods_supported, ['header']);
  assert.deepEqual(document.authorization_servers, [document.resource]);
});

test('a chat over curl streams', () => {
  const request = {
    model: 'echo',
    stream: true,
    messages: [{ role: 'user', content: 'to be or not' }],
  };
  const answer = curl(
    ...bearer(server.ready.key),
    '-H',
    'Content-Type: application/json',
    '-d',
    JSON.stringify(request),
    `${server.url}/v1/chat/completions`,
  );
  assert.equal(answer.status, 200);
  assert.match(answer.head, /content-type: text\/event-stream/i);
  assert.match(answer.body, /data: \[DONE\]/);
});

test('health is public and says no more than its state', () => {
  assert.equal(curl(`${server.url}/healthz`).body, '{"status":"ok"}');
  assert.equal(curl(`${server.url}/readyz`).body, '{"status":"ready"}');
});

test('the management API is not for those who come over the network', () => {
  const refused = curl(...bearer(server.ready.key), `${server.url}/api/v1/access-keys`);
  assert.equal(refused.status, 403);
  assert.equal(JSON.parse(refused.body).code, 'owner_required');
});

test('a name that is not ours is refused, as a page that rebinds its name would send', () => {
  const refused = curl(
    ...bearer(server.ready.key),
    '-H',
    'Host: attacker.example',
    `${server.url}/v1/models`,
  );
  assert.equal(refused.status, 421);
});

test('forward-auth says yes or no', () => {
  const yes = curl(
    ...bearer(server.ready.key),
    '-H',
    'X-Original-URI: /v1/models',
    '-H',
    'X-Original-Method: GET',
    `${server.url}/gate/verify`,
  );
  assert.equal(yes.status, 204);
  assert.match(yes.head, /x-kronborg-scope: master/i);
  const no = curl('-H', 'X-Original-URI: /v1/models', `${server.url}/gate/verify`);
  assert.equal(no.status, 401);
  assert.match(no.head, /content-length: 0/i);
});
