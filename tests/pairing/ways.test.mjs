// The library pairs with the finished program in each of the four ways; the key opens the gate.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import {
  addressWords,
  greetHost,
  MasterKey,
  PairingAttempt,
  pairWithCode,
  readInvite,
  redeemAsOwner,
  redeemInvite,
  unpair,
} from './lib/client.mjs';
import { fetchBy, newSource, PairingHost } from './lib/host.mjs';

describe('each of the four ways', () => {
  let host;
  const mine = MasterKey.create();
  before(async () => (host = await PairingHost.start()));
  after(() => host?.end());

  const begin = (fetch, more = {}) =>
    PairingAttempt.begin(
      {
        host: host.url,
        agentAddress: host.agent.address,
        agentId: host.agent.id,
        pairingKey: mine.pairingKey(),
        ...more,
      },
      { fetch },
    );

  test('a prompt that the owner approves', async () => {
    const source = newSource();
    const attempt = await begin(fetchBy(source));
    const paired = attempt.complete();
    const [request] = await host.untilPending(1);
    assert.deepEqual(
      {
        ...request,
        id: undefined,
        receivedAt: undefined,
        expiresAt: undefined,
      },
      {
        id: undefined,
        kind: 'lan',
        connectorAddress: mine.pairingKey().address,
        fingerprint: addressWords(mine.pairingKey().address),
        sas: attempt.words,
        agentId: host.agent.id,
        agentName: 'scribe',
        agentAddress: host.agent.address,
        knownConnector: false,
        encrypted: true,
        sourceAddress: source,
        receivedAt: undefined,
        expiresAt: undefined,
      },
    );
    assert.equal(Date.parse(request.expiresAt) - Date.parse(request.receivedAt), 120_000);
    assert.equal((await host.decide(request.id, 'approve', {})).status, 200);
    const key = await paired;
    assert.equal(key.isPermanent, false);
    assert.equal(key.isSigned, true);
    assert.equal(key.payload.exp - key.payload.iat, 90 * 86_400);
    assert.equal(await host.opens(key.apiKey), 'ok');
    const [record] = await host.keys('pairing');
    const address = mine.pairingKey().address;
    assert.equal(record.label, `Paired – ${address.slice(0, 6)}…${address.slice(-4)}`);
    assert.equal(record.scope, 'agent');
    await host.api('POST', `/access-keys/${record.id}/revoke`, {});
    assert.equal(await host.opens(key.apiKey), 'key_revoked');
  });

  test('a prompt that is approved for good, under another name; the connector is known then', async () => {
    for (const known of [false, true]) {
      const attempt = await begin(fetchBy(newSource()), {
        pairingKey: MasterKey.fromBytes(new Uint8Array(32).fill(7)).pairingKey(),
      });
      const paired = attempt.complete();
      const [request] = await host.untilPending(1);
      assert.equal(request.knownConnector, known);
      await host.decide(request.id, 'approve', { remember: true, label: `laptop ${known}` });
      const key = await paired;
      assert.equal(key.isPermanent, true);
      assert.equal(key.payload.exp, undefined);
      assert.ok((await host.keys('pairing')).some((record) => record.label === `laptop ${known}`));
    }
  });

  test('a host without words, as those that do not commit are asked', async () => {
    const { request, source } = await host.goodPair({ committed: false });
    const answer = host.post('/pair', request, source);
    const [pending] = await host.untilPending(1);
    assert.equal(pending.sas, undefined);
    await host.decide(pending.id, 'approve', {});
    const { status, value } = await answer;
    assert.equal(status, 200);
    assert.equal(value.sas, undefined);
    assert.equal(value.apiKey, '');
    assert.equal(value.secureChannel, true);
  });

  test('a connector without a key to seal to gets the key in clear, and the owner is told', async () => {
    const master = MasterKey.create();
    const { PREFIX } = await import('./lib/client.mjs');
    const source = newSource();
    const { value } = await host.get('/pair/challenge', source);
    const answer = host.post(
      '/pair',
      {
        connectorAddress: master.pairingKey().address,
        agentId: host.agent.id.toUpperCase(),
        nonce: value.nonce,
        signature: master.pairingKey().signHex(PREFIX.pairing, value.nonce),
        encPub: null,
      },
      source,
    );
    const [pending] = await host.untilPending(1);
    assert.equal(pending.encrypted, false);
    await host.decide(pending.id, 'approve', {});
    const clear = (await answer).value;
    assert.equal(clear.sealedApiKey, undefined);
    assert.equal(await host.opens(clear.apiKey), 'ok');
  });

  test('six digits, paired again, and unpaired', async () => {
    const fetch = fetchBy(newSource());
    assert.equal((await greetHost(host.url, { fetch })).pairing, false);
    const one = await host.created('/pairing-codes', { agentId: host.agent.id });
    assert.match(one.code, /^[0-9]{6}$/);
    assert.equal((await greetHost(host.url, { fetch })).pairing, true);
    const names = { deviceId: 'phone-1', deviceName: 'A phone' };
    const order = (code) => ({ host: host.url, code, ...names });
    const first = await pairWithCode(order(one.code), { fetch });
    assert.deepEqual(
      first.agents.map(({ address, id, name }) => ({ address, id, name })),
      [{ address: host.agent.address.toLowerCase(), id: host.agent.id, name: 'scribe' }],
    );
    assert.equal(await host.opens(first.apiKey), 'ok');
    assert.equal((await greetHost(host.url, { fetch })).pairing, false);

    const two = await host.created('/pairing-codes', { master: true });
    const second = await pairWithCode(order(two.code), { fetch: fetchBy(newSource()) });
    assert.equal(second.agents.length, 2);
    assert.equal(await host.opens(first.apiKey), 'key_revoked');
    assert.equal(await host.opens(second.apiKey), 'ok');
    const [, record] = await host.keys('phone');
    assert.equal(record.label, 'A phone');
    assert.equal(record.scope, 'master');
    await unpair(host.url, second.apiKey, { fetch });
    assert.equal(await host.opens(second.apiKey), 'key_revoked');
  });

  test('an invite', async () => {
    const made = await host.created('/invites', {
      agentId: host.agent.id,
      name: 'Helsingør',
      description: 'For the archive',
      expires: '1d',
    });
    assert.match(made.link, new RegExp(`^osaurus://${host.agent.address.toLowerCase()}\\?pair=`));
    const now = Math.floor(Date.now() / 1000);
    const invite = readInvite(made.link, now);
    assert.equal(invite.isVerified, true);
    assert.equal(invite.payload.exp * 1000, Date.parse(made.expiresAt));
    const at = { ...invite, payload: { ...invite.payload } };
    const source = newSource();
    const redirected = fetchBy(source);
    const fetch = (url, init) => redirected(new URL(new URL(url).pathname, host.url), init);
    const key = await redeemInvite(at, { fetch });
    assert.equal(key.agentName, 'scribe');
    assert.equal(key.agentDescription, 'Writes things');
    assert.equal(await host.opens(key.apiKey), 'ok');
    const { value } = await host.api('GET', '/invites');
    const [listed] = value.invites;
    assert.equal(listed.status, 'used');
    assert.equal(listed.redeemedFrom, source);
    const [record] = await host.keys('invite');
    assert.equal(listed.keyId, record.id);
    assert.equal(record.label, `Invite – Helsingør (${made.nonce.slice(0, 8)})`);
    const revoked = await host.api('DELETE', `/invites/${made.nonce}`);
    assert.equal(revoked.value.status, 'revoked');
    assert.equal(await host.opens(key.apiKey), 'key_revoked');
  });

  test('proof of the same master', async () => {
    const words = host.home.ask(['recovery', 'words']).words;
    const master = MasterKey.fromWords(words).signer();
    const order = {
      host: host.url,
      agentAddress: host.agent.address,
      master,
      deviceId: 'laptop-2',
      deviceName: 'The laptop',
    };
    const first = await redeemAsOwner(order, { fetch: fetchBy(newSource()) });
    assert.equal(await host.opens(first.apiKey), 'ok');
    assert.equal(first.payload.exp - first.payload.iat, 90 * 86_400);
    const second = await redeemAsOwner(order, { fetch: fetchBy(newSource()) });
    assert.equal(await host.opens(first.apiKey), 'key_revoked', 'one live key per device and agent');
    assert.equal(await host.opens(second.apiKey), 'ok');
    const [record] = await host.keys('owner-redeem');
    assert.equal(record.label, 'Owner device – The laptop');
  });
});
