// The program on both sides: every way to a key, and the key in use through the channel.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Host } from '../channel/lib.mjs';
import { begin, credentials, fileIn, Home, homeWithIdentity } from './lib.mjs';

let host;
before(async () => {
  host = await Host.start();
  const { id } = host.agent;
  const shared = await host.server.api('PATCH', `/agents/${id}`, { shared: true });
  assert.equal(shared.status, 200);
});
after(() => host.stop());

/** The key that was got opens the agent, through the channel. */
async function use(home) {
  assert.equal(credentials(home).mode, 0o600);
  const url = `${host.url}/agents/writer/run`;
  const done = await begin(home, ['request', 'post', url, '--data', '{"n":1}']).ended;
  assert.equal(done.code, 0, done.err);
  assert.deepEqual(JSON.parse(done.out), { method: 'POST', body: '{"n":1}' });
  const seen = host.upstream.seen.at(-1);
  assert.equal(seen.headers['x-kronborg-agent'], host.agent.id);
  assert.equal(seen.headers['content-type'], 'application/json');
  const stream = await begin(home, ['request', 'GET', `${host.url}/v1/stream`]).ended;
  assert.equal(stream.out, 'data: {"n":1}\n\ndata: {"n":2}\n\n');
}

async function sourceOfNewest() {
  const { value } = await host.server.api('GET', '/access-keys');
  const newest = value.accessKeys.sort((a, b) => a.createdAt.localeCompare(b.createdAt)).at(-1);
  return newest.source;
}

test('prompt', async () => {
  const home = homeWithIdentity();
  const target = `${host.agent.id}@${host.agent.address}`;
  const connecting = begin(home, ['connect', host.url, '--agent', target]);
  await connecting.says(/waiting for its owner/);
  let waiting = [];
  while (waiting.length === 0 && connecting.code === undefined) {
    const { value } = await host.server.api('GET', '/pairing-requests');
    waiting = value.pairingRequests;
  }
  assert.equal(waiting.length, 1, connecting.err);
  assert.ok(connecting.err.includes(waiting[0].sas));
  await host.server.api('POST', `/pairing-requests/${waiting[0].id}/approve`, {});
  const done = await connecting.ended;
  assert.equal(done.code, 0, done.err);
  await use(home);
  home.remove();
});

test('six digits', async () => {
  const home = homeWithIdentity();
  const made = await host.server.api('POST', '/pairing-codes', { agentId: host.agent.id });
  const file = fileIn(home, 'code', made.value.code);
  const done = await begin(home, ['connect', host.url, '--code-file', file]).ended;
  assert.equal(done.code, 0, done.err);
  assert.equal(await sourceOfNewest(), 'phone');
  await use(home);
  home.remove();
});

test('invite, by a machine without an identity', async () => {
  const home = new Home();
  const made = await host.server.api('POST', '/invites', {
    agentId: host.agent.id,
    url: host.url,
    expires: '1h',
  });
  assert.equal(made.status, 201, JSON.stringify(made.value));
  const done = await begin(home, ['connect', '-'], made.value.link).ended;
  assert.equal(done.code, 0, done.err);
  assert.doesNotMatch(done.err, /not verified/);
  assert.equal(await sourceOfNewest(), 'invite');
  await use(home);
  home.remove();
});

test('the same owner, on another machine', async () => {
  // One source has five attempts a minute; those of the tests before are used up.
  await host.server.stop();
  await host.restart();
  const { words } = (await host.server.api('POST', '/identity/recovery/words', {})).value;
  const home = new Home();
  const file = fileIn(home, 'words', words);
  const recovered = home.run(['recover', '--keystore', 'file', '--words-file', file, '--keep-keys']);
  assert.equal(recovered.code, 0, recovered.err);
  const done = await begin(home, ['connect', host.url, '--owner', '--agent', host.agent.address])
    .ended;
  assert.equal(done.code, 0, done.err);
  assert.equal(await sourceOfNewest(), 'owner-redeem');
  await use(home);
  home.remove();
  const stranger = homeWithIdentity();
  const refused = await begin(stranger, [
    'connect',
    host.url,
    '--owner',
    '--agent',
    host.agent.address,
  ]).ended;
  assert.equal(refused.code, 3, refused.err);
  assert.match(refused.err, /does not match/);
  stranger.remove();
});

test('without a key of the host the request is signed', async () => {
  const url = `${host.url}/v1/echo`;
  const own = await begin(host.home, ['request', 'GET', url]).ended;
  assert.equal(own.code, 0, own.err);
  assert.deepEqual(JSON.parse(own.out), { method: 'GET', body: '' });
  assert.equal(host.upstream.seen.at(-1).headers['x-kronborg-scope'], 'master');
  const agent = await begin(host.home, ['request', 'GET', url, '--as', 'writer']).ended;
  assert.equal(agent.code, 0, agent.err);
  assert.equal(host.upstream.seen.at(-1).headers['x-kronborg-agent'], host.agent.id);
  const stranger = homeWithIdentity();
  const refused = await begin(stranger, ['request', 'GET', url]).ended;
  assert.equal(refused.code, 3, refused.err);
  stranger.remove();
});
