// docs/protocol/pairing.md section 9 and the rows `connect` and `request` of docs/protocol/cli.md,
// with the TypeScript host on the other side.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { begin, credentials, fileIn, Home, homeWithIdentity, Peer } from './lib.mjs';

let peer;
before(() => {
  peer = new Peer();
});
after(() => peer.end());

const target = (host) => [host.url, '--agent', `${host.id}@${host.agent_address}`];

test('prompt: words on both screens, the key stored, then used through the channel', async () => {
  const host = await peer.host();
  const home = homeWithIdentity();
  const done = await begin(home, ['connect', ...target(host)]).ended;
  assert.equal(done.code, 0, done.err);
  assert.match(done.out, /address\s+0x/);
  const seen = await peer.ask('host_seen', { handle: host.handle });
  assert.equal(seen.requests.length, 1);
  const asked = JSON.stringify(seen.requests[0]);
  const words = /\n\n {4}(?:\x1b\[1m)?([a-z]+-[a-z]+-[a-z]+)/.exec(done.err)?.[1];
  assert.ok(words, done.err);
  assert.ok(asked.includes(words), 'the same words at the host');
  const own = /this machine\s+(0x[0-9a-fA-F]{40})\n\s+([a-z-]+)/.exec(done.err);
  assert.ok(asked.includes(own[1]), 'its own address');
  const kept = credentials(home);
  assert.equal(kept.mode, 0o600);
  assert.match(kept.text, /osk-v1\./);
  assert.ok(kept.text.includes(new URL(host.url).host));
  assert.doesNotMatch(done.out + done.err, /osk-v1/);

  const body = { model: 'm' };
  const request = ['request', 'POST', `${host.url}/v1/chat?x=1`, '--data', JSON.stringify(body)];
  const answer = await begin(home, request).ended;
  assert.equal(answer.code, 0, answer.err);
  const inside = JSON.parse(answer.out);
  assert.equal(inside.path, '/v1/chat?x=1');
  assert.equal(inside.method, 'POST');
  assert.equal(Buffer.from(inside.body, 'hex').toString(), JSON.stringify(body));
  assert.match(inside.authorization ?? JSON.stringify(inside), /Bearer osk-v1\./);
  const stream = await begin(home, ['request', 'GET', `${host.url}/stream`]).ended;
  assert.equal(stream.code, 0, stream.err);
  assert.equal(stream.out, 'data: {"n":1}\n\ndata: {"n":2}\n\n');
  const cut = await begin(home, ['request', 'GET', `${host.url}/cut`]).ended;
  assert.equal(cut.code, 2);
  assert.equal(cut.out, 'data: {"n":1}\n\ndata: {"n":2}\n\n', 'what verified was shown');
  assert.match(cut.err, /cut or changed/);
  home.remove();
  await peer.ask('host_stop', { handle: host.handle });
});

test('an identity is made first where there is none', async () => {
  const host = await peer.host();
  const home = new Home();
  home.configure('[keystore]\nkind = "file"\n');
  const done = await begin(home, ['connect', ...target(host)]).ended;
  assert.equal(done.code, 0, done.err);
  assert.match(done.err, /recovery code\s+OSAURUS-/);
  home.remove();
  await peer.ask('host_stop', { handle: host.handle });
});

test('denied: nothing is stored', async () => {
  const host = await peer.host();
  await peer.ask('host_decide', { handle: host.handle, approval: 'denied' });
  const home = homeWithIdentity();
  const done = await begin(home, ['connect', ...target(host)]).ended;
  assert.equal(done.code, 3);
  assert.match(done.err, /pairing denied/);
  assert.throws(() => credentials(home));
  home.remove();
  await peer.ask('host_stop', { handle: host.handle });
});

test('another agent than the pinned one: refused, nothing stored', async () => {
  const host = await peer.host();
  const home = homeWithIdentity();
  const pin = `${host.id}@0x${'22'.repeat(20)}`;
  const done = await begin(home, ['connect', host.url, '--agent', pin]).ended;
  assert.equal(done.code, 3, done.err);
  assert.match(done.err, /did not prove/);
  assert.throws(() => credentials(home));
  home.remove();
  await peer.ask('host_stop', { handle: host.handle });
});

test('six digits: the right code, the wrong code', async () => {
  const host = await peer.host();
  const home = homeWithIdentity();
  const { code } = await peer.ask('host_code', { handle: host.handle });
  const wrong = fileIn(home, 'wrong', code === '111111' ? '222222\n' : '111111\n');
  const refused = await begin(home, ['connect', host.url, '--code-file', wrong]).ended;
  assert.equal(refused.code, 3, refused.err);
  assert.match(refused.err, /does not know this code/);
  const right = fileIn(home, 'right', `${code}\n`);
  const done = await begin(home, ['connect', host.url, '--code-file', right]).ended;
  assert.equal(done.code, 0, done.err);
  assert.doesNotMatch(done.err + done.out, new RegExp(code));
  const answer = await begin(home, ['request', 'GET', `${host.url}/x`]).ended;
  assert.equal(JSON.parse(answer.out).path, '/x');
  home.remove();
  await peer.ask('host_stop', { handle: host.handle });
});

test('invite: by argument, from standard input, once', async () => {
  const host = await peer.host();
  const home = homeWithIdentity();
  const { link } = await peer.ask('host_invite', { handle: host.handle, name: 'for you' });
  const done = await begin(home, ['--json', 'connect', '-'], `${link}\n`).ended;
  assert.equal(done.code, 0, done.err);
  const [kept] = JSON.parse(done.out).connected;
  assert.equal(kept.agentAddress.toLowerCase(), host.agent_address.toLowerCase());
  assert.ok(done.err.includes(host.url), 'the URL is shown');
  const again = await begin(home, ['connect', link]).ended;
  assert.equal(again.code, 1, again.err);
  assert.match(again.err, /already been redeemed/);
  home.remove();
  await peer.ask('host_stop', { handle: host.handle });
});

test('an invite without sig2 needs consent, and says so before posting', async () => {
  const host = await peer.host();
  const home = homeWithIdentity();
  const { link } = await peer.ask('host_invite', { handle: host.handle, name: 'old' });
  const [before, packed] = link.split('?pair=');
  const payload = JSON.parse(Buffer.from(packed, 'base64url').toString());
  delete payload.sig2;
  const old = `${before}?pair=${Buffer.from(JSON.stringify(payload)).toString('base64url')}`;
  const refused = await begin(home, ['connect', old]).ended;
  assert.equal(refused.code, 1);
  assert.match(refused.err, /not verified[\s\S]*--accept-unsigned/);
  const seen = await peer.ask('host_seen', { handle: host.handle });
  assert.equal(seen.issued.length, 0, 'nothing was posted');
  const done = await begin(home, ['connect', old, '--accept-unsigned']).ended;
  assert.equal(done.code, 0, done.err);
  assert.match(done.err, /warning: .*read the key unnoticed/);
  home.remove();
  await peer.ask('host_stop', { handle: host.handle });
});

test('what is no host, no agent, no code', async () => {
  const home = homeWithIdentity();
  const rows = [
    [['connect', 'http://a b'], 1, /is not a host/],
    [['connect', 'osaurus://nothing'], 1, /not an invite link/],
    [['connect', 'http://127.0.0.1:1', '--owner'], 1, /address of the agent is needed/],
    [['connect', 'http://127.0.0.1:1', '--owner', '--code-file', 'x'], 1, /three ways/],
    [['connect', '127.0.0.1:1', '--code-file', fileIn(home, 'c', '12345')], 1, /six digits/],
    [['connect', '127.0.0.1:1', '--code-file', fileIn(home, 'd', '123456')], 2, /127.0.0.1:1/],
    [['request', 'GET', '/x'], 1, /whole URL/],
    [['request', 'GET', 'http://127.0.0.1:1/a b'], 1, /percent-encoded/],
  ];
  for (const [args, code, text] of rows) {
    const done = await begin(home, args).ended;
    assert.equal(done.code, code, `${args.join(' ')}: ${done.err}`);
    assert.match(done.err, text);
  }
  home.remove();
});
