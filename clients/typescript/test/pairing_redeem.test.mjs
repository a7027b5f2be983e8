// What a host judges on /pair-invite: docs/protocol/pairing.md sections 6 and 7.
import assert from 'node:assert/strict';
import { describe as suite, test } from 'node:test';

import { ExchangeKey, MasterKey, PREFIX, readAccessKey } from '@kronborg/client';
import { agent, master, scene, shown, signer } from './pairing_scene.mjs';
import { vectors } from './support.mjs';

const rows = vectors('pairing');

suite('rows of /pair-invite', () => {
  const encPub = rows.invite_answers[0].enc_pub;
  const payloadOf = (link) =>
    JSON.parse(Buffer.from(new URL(link).searchParams.get('pair'), 'base64url'));
  test('an invite is redeemed once', async () => {
    const view = scene();
    const payload = payloadOf(view.host.invites.issue(agent, { name: 'For Ada', life: 3600 }));
    const { status, value } = await view.call('/pair-invite', { ...payload, encPub });
    assert.equal(status, 200);
    assert.deepEqual(
      [
        value.agentName,
        value.agentDescription,
        value.relayBaseURL,
        value.apiKey,
        value.secureChannel,
      ],
      ['Writer', 'Writes', 'https://kronborg.example', '', true],
    );
    const used = await view.call('/pair-invite', { ...payload, encPub });
    assert.deepEqual(shown(used), {
      status: 409,
      error: 'Invite has already been redeemed',
      code: 'invite_used',
    });
    const [key] = view.host.issued;
    assert.equal(key.label, `Invite – For Ada (${payload.nonce.slice(0, 8)})`);
    view.host.invites.revoke(payload.nonce);
    assert.equal(key.revokedReason, 'invite revoked');
    const revoked = await view.call('/pair-invite', payload);
    assert.deepEqual(shown(revoked), {
      status: 403,
      error: 'Invite was revoked',
      code: 'invite_revoked',
    });
    assert.equal((await view.call('/pair-invite', payload)).status, 429);
  });
  test('of many at once one succeeds', async () => {
    const view = scene();
    const payload = payloadOf(view.host.invites.issue(agent, { name: 'x' }));
    const all = Array.from({ length: 5 }, () => view.call('/pair-invite', payload));
    const statuses = (await Promise.all(all)).map(({ status }) => status);
    assert.deepEqual(statuses.sort(), [200, 409, 409, 409, 409]);
  });
  test('without encPub the key comes in clear and unsigned', async () => {
    const view = scene();
    const payload = payloadOf(view.host.invites.issue(agent, { name: 'x' }));
    const { value } = await view.call('/pair-invite', payload);
    assert.equal(readAccessKey(value.apiKey).issuer, signer.address);
    assert.equal(value.serverSignature, undefined);
  });
  test('expired, unknown, of another agent, for a team', async () => {
    const view = scene();
    const payload = payloadOf(view.host.invites.issue(agent, { name: 'x', life: 60 }));
    view.clock.now += 60_000;
    assert.equal((await view.call('/pair-invite', payload)).value.code, 'invite_expired');
    const fresh = scene();
    const row = rows.accepted.find(({ kind, name }) => kind === 'invite' && name === 'with sig2');
    assert.equal((await fresh.call('/pair-invite', row.request)).value.code, 'invite_unknown');
    const stranger = MasterKey.create().agentKey('', 0);
    const foreign = scene().host.invites.issue({ ...agent, signer: stranger }, { name: 'x' });
    assert.equal(
      (await scene().call('/pair-invite', payloadOf(foreign))).value.code,
      'agent_unknown',
    );
    const team = await scene().call('/pair-invite', { ...payload, team_redeem: {} });
    assert.deepEqual(shown(team), {
      status: 400,
      error: 'Invalid invite payload',
      code: 'invite_malformed',
    });
  });
});

suite('rows of owner redeem', () => {
  const about = { v: 1, agent_address: signer.address, device_id: 'laptop-1' };
  const ask = async (changes, options) => {
    const { status, value } = await scene(options).call('/pair-invite', {
      owner_redeem: { ...about, ...changes },
    });
    return [status, value.code];
  };
  test('2 to 5', async () => {
    assert.deepEqual(await ask({ v: 2 }), [400, 'owner_redeem_version']);
    assert.deepEqual(await ask({ v: undefined }), [400, 'owner_redeem_version']);
    assert.deepEqual(await ask({ agent_address: signer.address.slice(2) }), [
      400,
      'owner_redeem_address',
    ]);
    assert.deepEqual(await ask({ device_id: '' }), [400, 'owner_redeem_device_id']);
    assert.deepEqual(await ask({ device_id: 'a b' }), [400, 'owner_redeem_device_id']);
    assert.deepEqual(await ask({ device_id: 'a'.repeat(65) }), [400, 'owner_redeem_device_id']);
    assert.deepEqual(await ask({ device_name: 'n'.repeat(81) }), [400, 'owner_redeem_device_name']);
  });
  test('6 to 8', async () => {
    const proof = { nonce: 'AAAA', wallet_signature: '0x00' };
    assert.deepEqual(await ask(proof), [400, 'encryption_key_invalid']);
    const { encPub } = ExchangeKey.create();
    assert.deepEqual(await ask({ ...proof, encPub }, { isLocked: true }), [503, 'identity_locked']);
    assert.deepEqual(await ask({ ...proof, encPub }), [401, 'owner_redeem_nonce']);
  });
  test('the newest challenge of a device counts, and a new key replaces the last', async () => {
    const view = scene();
    const challenge = async () =>
      (await view.call('/pair-invite', { owner_redeem: about })).value.owner_challenge.nonce;
    const redeem = async (nonce) => {
      const { encPub } = ExchangeKey.create();
      const text = `osaurus-owner:redeem:${signer.address.toLowerCase()}:${nonce}`;
      const wallet_signature = master.signer().signHex(PREFIX.ethereum, text);
      return view.call('/pair-invite', {
        owner_redeem: { ...about, nonce, wallet_signature, encPub },
      });
    };
    const first = await challenge();
    const second = await challenge();
    assert.equal((await redeem(second)).status, 200);
    assert.equal((await redeem(first)).value.code, 'owner_redeem_nonce');
    view.clock.now += 61_000;
    assert.equal((await redeem(await challenge())).status, 200);
    assert.deepEqual(
      view.host.issued.map(({ revokedReason }) => revokedReason),
      ['redeemed again', undefined],
    );
    assert.equal(view.host.issued[0].label, 'Owner device – Device');
  });
});
