// The rows of docs/protocol/pairing.md section 6.2, in their order.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { ExchangeKey, MasterKey, readInvite, writeInvite } from './lib/client.mjs';
import { error, newSource, PairingHost, random } from './lib/host.mjs';

const row = (status, text, code) => ({ status, error: text, code });
const malformed = row(400, 'Invalid invite payload', 'invite_malformed');
const version = row(400, 'Unsupported invite version', 'invite_version');
const badKey = row(400, 'Invalid encryption key', 'encryption_key_invalid');
const badSignature = row(401, 'Signature verification failed', 'invite_signature_invalid');
const expired = row(410, 'Invite has expired', 'invite_expired');
const noAgent = row(404, 'Agent address not found on this server', 'agent_unknown');
const unknown = row(401, 'Invite is not registered on this server', 'invite_unknown');
const revoked = row(403, 'Invite was revoked', 'invite_revoked');
const used = row(409, 'Invite has already been redeemed', 'invite_used');
const limited = row(
  429,
  'Too many pairing attempts. Try again shortly.',
  'pairing_rate_limited',
);
const now = () => Math.floor(Date.now() / 1000);

/** A payload that this signer made, whether any host knows of it or not. */
function written(agent, more = {}) {
  const link = writeInvite({
    agent,
    name: 'x',
    url: 'http://h.example',
    expires: now() + 3600,
    nonce: random(32),
    ...more,
  });
  return JSON.parse(Buffer.from(link.split('pair=')[1], 'base64url'));
}

let host;
/** The key of the shared agent: the second implementation derives it from the words. */
let agentKey;
before(async () => {
  host = await PairingHost.start();
  const master = MasterKey.fromWords(host.home.ask(['recovery', 'words']).words);
  agentKey = master.agentKey(host.agent.deviceScope ?? '', host.agent.index);
  assert.equal(agentKey.address, host.agent.address);
});
after(() => host?.end());
const redeem = (body, source = newSource()) => host.post('/pair-invite', body, source);

describe('POST /pair-invite', () => {
  test('1: five tries, and a cooldown after a 401 or 403', async () => {
    const source = newSource();
    for (let i = 0; i < 5; i += 1) assert.deepEqual(error(await redeem('[', source)), malformed);
    assert.deepEqual(error(await redeem('[', source)), limited);
    const once = newSource();
    assert.deepEqual(error(await redeem(written(agentKey), once)), unknown);
    assert.deepEqual(error(await redeem('[', once)), limited);
  });

  test('2: members and types', async () => {
    const { payload } = await host.invite();
    const bad = ['[]', '', { team_redeem: {} }];
    for (const name of ['addr', 'exp', 'name', 'nonce', 'sig', 'url', 'v']) {
      bad.push({ ...payload, [name]: undefined }, { ...payload, [name]: {} });
    }
    bad.push({ ...payload, desc: 1 }, { ...payload, sig2: 1 }, { ...payload, encPub: 1 });
    bad.push({ ...payload, v: 9, encPub: 1 });
    for (const body of bad) {
      assert.deepEqual(error(await redeem(body)), malformed, JSON.stringify(body));
    }
  });

  test('3 to 5: version, key, signatures', async () => {
    const { payload } = await host.invite();
    assert.deepEqual(error(await redeem({ ...payload, v: 2, encPub: 'x' })), version);
    for (const encPub of ['AAAA', '', Buffer.alloc(32).toString('base64url')]) {
      const body = { ...payload, encPub, sig: 'ff' };
      assert.deepEqual(error(await redeem(body)), badKey, encPub);
    }
    for (const changes of [
      { sig: '11'.repeat(65) },
      { sig2: '11'.repeat(65) },
      { exp: payload.exp + 1 },
      { exp: 1 },
      { name: 'Somebody else' },
      { url: 'http://evil.example' },
      { more: 'members' },
      { addr: MasterKey.create().address },
    ]) {
      const body = { ...payload, ...changes };
      assert.deepEqual(error(await redeem(body)), badSignature, JSON.stringify(changes));
    }
    assert.equal((await redeem(payload)).status, 200, 'none of them has used it up');
  });

  test('6 to 8: time, agent, ledger', async () => {
    const stranger = MasterKey.create().agentKey('', 0);
    const late = { expires: now() - 1 };
    assert.deepEqual(error(await redeem(written(stranger, late))), expired);
    assert.deepEqual(error(await redeem(written(stranger))), noAgent);
    assert.deepEqual(error(await redeem(written(agentKey))), unknown);
    const { payload } = await host.invite();
    const other = written(agentKey, {
      nonce: new Uint8Array(Buffer.from(payload.nonce, 'base64url')),
      expires: payload.exp + 60,
    });
    assert.deepEqual(error(await redeem(other)), unknown, 'the end is part of what is registered');
  });

  test('9 and 10: revoked, used', async () => {
    const first = await host.invite();
    await host.api('DELETE', `/invites/${first.nonce}`);
    assert.deepEqual(error(await redeem(first.payload)), revoked);
    const second = await host.invite();
    const key = ExchangeKey.create();
    const answer = await redeem({ ...second.payload, encPub: key.encPub });
    assert.equal(answer.status, 200);
    assert.deepEqual(Object.keys(answer.value), [
      'agentAddress',
      'agentDescription',
      'agentName',
      'apiKey',
      'relayBaseURL',
      'sealedApiKey',
      'secureChannel',
      'serverSignature',
    ]);
    assert.equal(answer.value.apiKey, '');
    assert.deepEqual(error(await redeem(second.payload)), used);
    await host.api('DELETE', `/invites/${second.nonce}`);
    assert.deepEqual(error(await redeem(second.payload)), revoked);
  });

  test('11: a locked identity leaves the invite as it is', async () => {
    const { payload, link } = await host.invite();
    await host.api('POST', '/identity/lock', {});
    assert.deepEqual(error(await redeem(payload)), {
      ...row(503, 'The identity is locked.', 'identity_locked'),
      hint: "Unlock it with 'kronborg unlock'.",
    });
    const refused = await host.api('POST', '/invites', { agentId: host.agent.id });
    assert.equal(refused.value.code, 'identity_locked');
    await host.api('POST', '/identity/unlock', {});
    assert.equal(readInvite(link, now()).isVerified, true);
    const answer = await redeem(payload);
    assert.equal(answer.status, 200);
    assert.equal(answer.value.serverSignature, undefined, 'nothing was sealed');
    assert.equal(await host.opens(answer.value.apiKey), 'ok');
  });
});

describe('invites of the owner', () => {
  test('are made as asked, or not at all', async () => {
    const ask = (body) => host.api('POST', '/invites', body);
    const agentId = host.agent.id;
    assert.equal((await ask({})).value.code, 'missing_member');
    for (const body of [
      { agentId, expires: '2d' },
      { agentId, description: 'x'.repeat(201) },
      { agentId, name: '' },
      { agentId, url: 'ftp://h.example' },
      { agentId, url: 'http://h.example/?q' },
    ]) {
      assert.equal((await ask(body)).status, 400, JSON.stringify(body));
    }
    const none = await ask({ agentId: '00000000-0000-4000-8000-000000000000' });
    assert.equal(none.value.code, 'agent_not_found');
    for (const [expires, seconds] of [
      ['1h', 3600],
      ['1d', 86_400],
      [undefined, 7 * 86_400],
      ['30d', 30 * 86_400],
    ]) {
      const made = await host.invite({ expires, url: 'https://h.example/path' });
      const life = Date.parse(made.expiresAt) - Date.parse(made.createdAt);
      assert.ok(Math.abs(life - seconds * 1000) <= 1000, `${expires} ${life}`);
      assert.equal(made.payload.url, 'https://h.example/path');
    }
    assert.equal((await host.api('DELETE', '/invites/none')).status, 404);
  });
});
