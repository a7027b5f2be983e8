// 64 at once, each from an address of its own: exactly one succeeds.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { ExchangeKey, MasterKey, PREFIX, redeemText, Spake2 } from './lib/client.mjs';
import { newSource, PairingHost } from './lib/host.mjs';

const racers = 64;
const base64url = (bytes) => Buffer.from(bytes).toString('base64url');
const all = (make) => Promise.all(Array.from({ length: racers }, (_, i) => make(i)));

let host;
before(async () => (host = await PairingHost.start()));
after(() => host?.end());

/** How often each code came; ok for 200. */
function tally(answers) {
  const counts = {};
  for (const { status, value } of answers) {
    const name = status === 200 ? 'ok' : value.code;
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

test('one invite', async () => {
  for (let round = 0; round < 5; round += 1) {
    const before = (await host.keys('invite')).length;
    const { payload } = await host.invite();
    const answers = await all(() =>
      host.post('/pair-invite', { ...payload, encPub: ExchangeKey.create().encPub }),
    );
    assert.deepEqual(tally(answers), { ok: 1, invite_used: racers - 1 });
    assert.equal((await host.keys('invite')).length, before + 1);
  }
});

test('one challenge: one request comes before the owner', async () => {
  const { request } = await host.goodPair();
  const answers = all(() => host.post('/pair', request));
  const [pending] = await host.untilPending(1);
  await host.decide(pending.id, 'approve', {});
  assert.deepEqual(tally(await answers), { ok: 1, pairing_challenge_invalid: racers - 1 });
  assert.equal((await host.keys('pairing')).length, 1);
});

test('one code: five tries for all, one key', async () => {
  const { code } = await host.created('/pairing-codes', { agentId: host.agent.id });
  const names = (i) => ({ deviceId: `phone-${i}`, deviceName: 'A phone' });
  const steps = await all(async (i) => {
    const side = new Spake2('phone', code);
    const source = newSource();
    const share = base64url(side.share);
    const answer = await host.post('/pair/code', { v: 2, ...names(i), share }, source);
    return { ...answer, side, source, i };
  });
  assert.deepEqual(tally(steps), { ok: 5, invalid_code: racers - 5 });
  const winners = steps.filter(({ status }) => status === 200);
  const confirmations = await Promise.all(
    winners.map(({ side, value, source, i }) => {
      const keys = side.finish(new Uint8Array(Buffer.from(value.share, 'base64url')), names(i));
      const confirm = base64url(keys.confirmPhone);
      return host.post('/pair/confirm', { v: 2, exchange: value.exchange, confirm }, source);
    }),
  );
  assert.deepEqual(tally(confirmations), { ok: 1, invalid_code: 4 });
  assert.equal((await host.keys('phone')).length, 1);
});

test('one owner challenge', async () => {
  const master = MasterKey.fromWords(host.home.ask(['recovery', 'words']).words).signer();
  const about = { v: 1, agent_address: host.agent.address, device_id: 'laptop-2' };
  const { value } = await host.post('/pair-invite', { owner_redeem: about });
  const { nonce } = value.owner_challenge;
  const wallet_signature = master.signHex(PREFIX.ethereum, redeemText(about.agent_address, nonce));
  const answers = await all(() =>
    host.post('/pair-invite', {
      owner_redeem: { ...about, nonce, wallet_signature, encPub: ExchangeKey.create().encPub },
    }),
  );
  assert.deepEqual(tally(answers), { ok: 1, owner_redeem_nonce: racers - 1 });
  assert.equal((await host.keys('owner-redeem')).length, 1);
});
