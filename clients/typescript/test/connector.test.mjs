// A connector, an invite and an owner's device against a host (docs/protocol/pairing.md section 9).
import assert from 'node:assert/strict';
import { describe as suite, test } from 'node:test';

import {
  MasterKey,
  PairingAttempt,
  readAccessKey,
  readInvite,
  redeemAsOwner,
  redeemInvite,
} from '@kronborg/client';
import { PairingHost, fetchFrom } from '@kronborg/client/host';
import { bytes, codeOfAsync, hex, stoppedClock } from './support.mjs';

const owner = MasterKey.fromBytes(bytes('31'.repeat(32)));
const visitor = MasterKey.fromBytes(bytes('32'.repeat(32)));
const agent = {
  id: '55a8b013-ee85-4c5e-ade9-7c26b30cc741',
  name: 'Writer',
  signer: owner.agentKey('a1b2c3d4', 0),
  isShared: true,
};
const url = 'http://studio.local:1337';

function scene(approval = { remember: false }) {
  const clock = stoppedClock(1767225600_000);
  const asked = [];
  const host = new PairingHost({
    masterAddress: owner.address,
    agents: [agent],
    hostName: 'studio',
    origin: url,
    clock,
    approve: async (request) => {
      asked.push(request);
      return approval;
    },
  });
  return { host, asked, clock, fetch: fetchFrom(host, '192.168.1.9') };
}

const order = {
  host: url,
  agentAddress: agent.signer.address,
  agentId: agent.id,
  pairingKey: visitor.pairingKey(),
};

/** A fetch that changes answers of `path` on the way. */
function between(fetch, path, change) {
  return async (target, init) => {
    const answer = await fetch(target, init);
    if (new URL(target).pathname !== path || answer.status !== 200) return answer;
    const value = change(await answer.json());
    return new Response(JSON.stringify(value), { status: 200 });
  };
}

/** A fetch that changes what is sent to `path`. */
function onTheWay(fetch, path, change) {
  return (target, init) => {
    if (new URL(target).pathname !== path) return fetch(target, init);
    const body = JSON.stringify(change(JSON.parse(new TextDecoder().decode(init.body))));
    return fetch(target, { ...init, body });
  };
}

suite('pairing with a prompt', () => {
  test('both screens show the same words, and the key is for the pinned agent', async () => {
    const { fetch, asked } = scene();
    const attempt = await PairingAttempt.begin(order, { fetch });
    assert.match(attempt.words, /^[a-z]+-[a-z]+-[a-z]+$/);
    assert.equal(attempt.connectorAddress, visitor.pairingKey().address);
    const paired = await attempt.complete();
    assert.equal(asked[0].words, attempt.words);
    assert.equal(asked[0].connectorWords, attempt.connectorWords);
    assert.equal(paired.payload.aud, agent.signer.address);
    assert.deepEqual([paired.isSigned, paired.isPermanent], [true, false]);
    assert.equal(readAccessKey(paired.apiKey).issuer, agent.signer.address);
  });

  test('a denial', async () => {
    const { fetch } = scene('denied');
    const attempt = await PairingAttempt.begin(order, { fetch });
    await assert.rejects(attempt.complete(), { code: 'pairing_denied', status: 403 });
  });

  test('a host that does not commit needs noCompare, and shows no words', async () => {
    const { fetch, asked } = scene();
    // As genuine Osaurus: the query is not looked at.
    const plain = (target, init) => fetch(String(target).replace(/\?.*/, ''), init);
    const begin = (more) => PairingAttempt.begin({ ...order, ...more }, { fetch: plain });
    assert.equal(await codeOfAsync(() => begin({})), 'commitment_missing');
    const attempt = await begin({ noCompare: true });
    assert.equal(attempt.words, undefined);
    assert.ok(!('reveal' in JSON.parse(attempt.request())));
    await attempt.complete();
    assert.equal(asked[0].words, undefined);
  });

  const tampered = [
    ['no signature', ({ serverSignature, ...rest }) => rest, 'server_signature_missing'],
    [
      'another signature',
      (value) => ({ ...value, serverSignature: `0x${'1b'.repeat(65)}` }),
      'server_signature_invalid',
    ],
    [
      'another agent',
      (value) => ({ ...value, agentAddress: owner.address }),
      'agent_address_other',
    ],
    ['a key in clear', (value) => ({ ...value, apiKey: 'osk-v1.a.b' }), 'clear_key_refused'],
    ['no sealed key', ({ sealedApiKey, ...rest }) => rest, 'sealed_key_missing'],
    [
      'a sealed key that does not open',
      (value) => ({ ...value, sealedApiKey: { enc: 'AA', ct: 'AA' } }),
      'sealed_key_invalid',
    ],
    ['no words', ({ sas, ...rest }) => rest, 'words_differ'],
    ['other words', (value) => ({ ...value, sas: 'zoo-zoo-zoo' }), 'words_differ'],
  ];
  for (const [name, change, code] of tampered) {
    test(`an answer with ${name}`, async () => {
      const { fetch } = scene();
      const attempt = await PairingAttempt.begin(order, { fetch: between(fetch, '/pair', change) });
      assert.equal(await codeOfAsync(() => attempt.complete()), code);
    });
  }

  test('someone in the middle with a key of their own is refused by the host', async () => {
    const { fetch, asked } = scene();
    const exchange = (body) => ({ ...body, encPub: 'hSDwCYkwp1R0i33ctD73Wg2_Og0mOBr066SpjqqbTmo' });
    const attempt = await PairingAttempt.begin(order, {
      fetch: onTheWay(fetch, '/pair', exchange),
    });
    assert.equal(await codeOfAsync(() => attempt.complete()), 'pairing_signature_invalid');
    assert.equal(asked.length, 0);
  });

  test('a key of another audience is not used', async () => {
    const other = { ...agent, signer: owner.agentKey('a1b2c3d4', 1) };
    const host = new PairingHost({
      masterAddress: owner.address,
      agents: [other],
      hostName: 's',
      origin: url,
      approve: async () => ({ remember: false }),
    });
    const attempt = await PairingAttempt.begin(order, { fetch: fetchFrom(host) });
    assert.equal(await codeOfAsync(() => attempt.complete()), 'server_signature_invalid');
  });

  test('hosts and pins that are none', async () => {
    const begin = (changes) =>
      PairingAttempt.begin({ ...order, ...changes }, { fetch: scene().fetch });
    assert.equal(await codeOfAsync(() => begin({ host: 'studio' })), 'host_malformed');
    assert.equal(await codeOfAsync(() => begin({ host: 'ftp://studio' })), 'host_malformed');
    assert.equal(await codeOfAsync(() => begin({ agentAddress: '0x12' })), 'address_malformed');
  });

  test('a host that is not there, one that is silent, and a caller that gives up', async () => {
    const refuse = () => Promise.reject(new TypeError('fetch failed'));
    const silent = (_, { signal }) =>
      new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    const begin = (options) => codeOfAsync(() => PairingAttempt.begin(order, options));
    assert.equal(await begin({ fetch: refuse }), 'network_failed');
    assert.equal(await begin({ fetch: silent, timeoutMs: 1 }), 'timeout');
    const controller = new AbortController();
    const waiting = begin({ fetch: silent, signal: controller.signal });
    controller.abort();
    assert.equal(await waiting, 'aborted');
  });
});

suite('invites', () => {
  const now = 1767225600;
  test('a signed invite gives a key and says whose it is', async () => {
    const { host, fetch } = scene();
    const invite = readInvite(host.invites.issue(agent, { name: 'Ada', description: 'ø' }), now);
    const key = await redeemInvite(invite, { fetch });
    assert.deepEqual([key.agentName, key.baseUrl, key.isSigned], ['Writer', url, true]);
    assert.equal(key.payload.aud, agent.signer.address);
    assert.equal(key.payload.exp, 1798761600);
    assert.equal(await codeOfAsync(() => redeemInvite(invite, { fetch })), 'invite_used');
  });

  test('a key of someone in between is noticed', async () => {
    const { host, fetch } = scene();
    const invite = readInvite(host.invites.issue(agent, { name: 'Ada' }), now);
    const theirs = (body) => ({ ...body, encPub: 'hSDwCYkwp1R0i33ctD73Wg2_Og0mOBr066SpjqqbTmo' });
    const tampering = onTheWay(fetch, '/pair-invite', theirs);
    await assert.rejects(redeemInvite(invite, { fetch: tampering, acceptUnsigned: true }), {
      code: 'server_signature_invalid',
      hint: /revoke/,
    });
  });

  /** The invite as a genuine host issues it. */
  function withoutSecond(link) {
    const { sig2, ...payload } = JSON.parse(
      Buffer.from(new URL(link).searchParams.get('pair'), 'base64url'),
    );
    const pair = Buffer.from(JSON.stringify(payload)).toString('base64url');
    return `osaurus://${payload.addr.toLowerCase()}?pair=${pair}`;
  }

  test('an invite without sig2 needs consent before anything is sent', async () => {
    const { host, fetch } = scene();
    const invite = readInvite(withoutSecond(host.invites.issue(agent, { name: 'Ada' })), now);
    assert.equal(invite.isVerified, false);
    const never = () => assert.fail('something was sent');
    assert.equal(
      await codeOfAsync(() => redeemInvite(invite, { fetch: never })),
      'consent_required',
    );
    const unsigned = between(fetch, '/pair-invite', ({ serverSignature, ...rest }) => rest);
    const key = await redeemInvite(invite, { fetch: unsigned, acceptUnsigned: true });
    assert.equal(key.isSigned, false);
  });

  test('with sig2 the signature is required without exception', async () => {
    const { host, fetch } = scene();
    const invite = readInvite(host.invites.issue(agent, { name: 'Ada' }), now);
    const unsigned = between(fetch, '/pair-invite', ({ serverSignature, ...rest }) => rest);
    const redeem = () => redeemInvite(invite, { fetch: unsigned, acceptUnsigned: true });
    assert.equal(await codeOfAsync(redeem), 'server_signature_missing');
  });

  test('members this side does not know are signed and posted too', async () => {
    const { host, fetch } = scene();
    const link = host.invites.issue(agent, { name: 'Ada' });
    const payload = JSON.parse(Buffer.from(new URL(link).searchParams.get('pair'), 'base64url'));
    const added = Buffer.from(JSON.stringify({ ...payload, more: [1] })).toString('base64url');
    const changed = `osaurus://${payload.addr.toLowerCase()}?pair=${added}`;
    assert.throws(() => readInvite(changed, now), { code: 'invite_signature_invalid' });
    const posted = [];
    const watching = onTheWay(fetch, '/pair-invite', (body) => (posted.push(body), body));
    await redeemInvite(readInvite(link, now), { fetch: watching });
    const { encPub, ...rest } = posted[0];
    assert.deepEqual(rest, payload);
  });
});

suite('owner redeem', () => {
  const device = {
    host: url,
    agentAddress: agent.signer.address,
    master: owner.signer(),
    deviceId: 'laptop-1',
    deviceName: 'Laptop',
  };
  test('the same master gets a key', async () => {
    const { host, fetch } = scene();
    const key = await redeemAsOwner(device, { fetch });
    assert.equal(key.payload.aud, agent.signer.address);
    assert.equal(key.payload.exp, 1767225600 + 7_776_000);
    assert.equal(host.issued[0].label, 'Owner device – Laptop');
  });
  test('another master gets none', async () => {
    const { fetch } = scene();
    const redeem = () => redeemAsOwner({ ...device, master: visitor.signer() }, { fetch });
    assert.equal(await codeOfAsync(redeem), 'owner_redeem_signature');
  });
  test('an unsigned answer needs consent', async () => {
    const unsigned = (fetch) =>
      between(fetch, '/pair-invite', ({ serverSignature, ...rest }) => rest);
    const refuse = () => redeemAsOwner(device, { fetch: unsigned(scene().fetch) });
    assert.equal(await codeOfAsync(refuse), 'server_signature_missing');
    const key = await redeemAsOwner(device, {
      fetch: unsigned(scene().fetch),
      acceptUnsigned: true,
    });
    assert.equal(key.isSigned, false);
  });
  test('nothing but a nonce is signed', async () => {
    const { fetch } = scene();
    for (const nonce of [undefined, 7, 'short', 'x'.repeat(43), 'AAAA:send-money']) {
      const lying = between(fetch, '/pair-invite', () => ({ owner_challenge: { nonce } }));
      const redeem = () => redeemAsOwner(device, { fetch: lying });
      assert.equal(await codeOfAsync(redeem), 'challenge_answer_invalid', String(nonce));
    }
  });
});

test('the pairing key is the same for every machine that shares the master', () => {
  const again = MasterKey.fromWords(visitor.toWords());
  assert.equal(again.pairingKey().address, visitor.pairingKey().address);
  assert.equal(again.use(hex), '32'.repeat(32));
});
