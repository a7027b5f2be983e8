// The rows of docs/protocol/pairing.md section 7, in their order.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { ExchangeKey, MasterKey, PREFIX, redeemText } from './lib/client.mjs';
import { error, newSource, PairingHost } from './lib/host.mjs';

const row = (status, text, code) => ({ status, error: text, code });
const version = row(400, 'Unsupported owner_redeem version', 'owner_redeem_version');
const address = row(
  400,
  'agent_address must be a 0x-prefixed 20-byte hex address',
  'owner_redeem_address',
);
const deviceId = row(
  400,
  'device_id must be 1–64 characters of [A-Za-z0-9._-]',
  'owner_redeem_device_id',
);
const deviceName = row(
  400,
  'device_name must be at most 80 characters',
  'owner_redeem_device_name',
);
const badKey = row(
  400,
  'encPub is required: a base64url X25519 public key (32 bytes)',
  'encryption_key_invalid',
);
const badNonce = row(401, 'Unknown or expired challenge nonce', 'owner_redeem_nonce');
const badSignature = row(
  401,
  "Signature does not match this host's identity",
  'owner_redeem_signature',
);
const noAgent = row(404, 'Agent address not found on this server', 'agent_unknown');

let host;
let master;
before(async () => {
  host = await PairingHost.start();
  master = MasterKey.fromWords(host.home.ask(['recovery', 'words']).words).signer();
});
after(() => host?.end());
const redeem = (owner_redeem, source = newSource()) =>
  host.post('/pair-invite', { owner_redeem }, source);
const about = (more = {}) => ({
  v: 1,
  agent_address: host.agent.address,
  device_id: 'laptop-2',
  ...more,
});

/** Step 2 as it must be, after a step 1. */
async function second(more = {}, signer = master, address = host.agent.address) {
  const asked = about({ agent_address: address, ...more });
  const { value } = await redeem(asked);
  const { nonce } = value.owner_challenge;
  return {
    ...asked,
    nonce,
    wallet_signature: signer.signHex(PREFIX.ethereum, redeemText(address, nonce)),
    encPub: ExchangeKey.create().encPub,
  };
}

describe('owner redeem', () => {
  test('step 1 draws a nonce', async () => {
    const { status, text } = await redeem(about());
    assert.equal(status, 200);
    assert.match(
      text,
      /^\{"owner_challenge":\{"expires_in":120,"nonce":"[A-Za-z0-9_-]{43}"\}\}$/,
    );
  });

  test('2 to 5: what is asked', async () => {
    const wrong = { agent_address: '1', device_id: '', device_name: 1 };
    for (const bad of [[], 'x', 7, null, {}, { ...about(wrong), v: 2 }]) {
      assert.deepEqual(error(await redeem(bad)), version, JSON.stringify(bad));
    }
    for (const agent_address of [undefined, '0x12', host.agent.address.slice(2), 7]) {
      const answer = await redeem(about({ ...wrong, agent_address }));
      assert.deepEqual(error(answer), address, agent_address);
    }
    for (const device_id of ['', 'a b', 'x'.repeat(65), 'é', undefined]) {
      const answer = await redeem(about({ device_id, device_name: 1 }));
      assert.deepEqual(error(answer), deviceId, device_id);
    }
    for (const device_name of ['x'.repeat(81), 7]) {
      const answer = await redeem(about({ device_name, nonce: 'x' }));
      assert.deepEqual(error(answer), deviceName);
    }
  });

  test('6: step 2 needs a key to seal to', async () => {
    for (const encPub of [undefined, '', 'AAAA', Buffer.alloc(32).toString('base64url')]) {
      assert.deepEqual(error(await redeem({ ...(await second()), encPub })), badKey);
    }
  });

  test('7: a locked identity costs nothing', async () => {
    const step = await second();
    await host.api('POST', '/identity/lock', {});
    assert.deepEqual(error(await redeem(step)), {
      ...row(503, 'Host identity is unavailable right now', 'identity_locked'),
      hint: "Unlock it with 'kronborg unlock'.",
    });
    await host.api('POST', '/identity/unlock', {});
    assert.equal((await redeem(step)).status, 200);
  });

  test('8: a nonce is for its agent and device, once, and only the newest', async () => {
    const step = await second();
    for (const other of [{ device_id: 'x' }, { agent_address: host.hidden.address }, { nonce: '' }]) {
      assert.deepEqual(error(await redeem({ ...step, ...other })), badNonce);
    }
    const older = await second();
    const newest = await second();
    assert.deepEqual(error(await redeem(older)), badNonce);
    assert.equal((await redeem(newest)).status, 200);
    assert.deepEqual(error(await redeem(newest)), badNonce);
  });

  test('9: the signature is the master\'s, and uses the nonce up', async () => {
    const stranger = MasterKey.create().signer();
    const step = await second({}, stranger);
    assert.deepEqual(error(await redeem(step)), badSignature);
    assert.deepEqual(error(await redeem(step)), badNonce);
  });

  test('10: the agent', async () => {
    const step = await second({}, master, MasterKey.create().address);
    assert.deepEqual(error(await redeem(step)), noAgent);
  });

  test('the answer is sealed and signed', async () => {
    const { value } = await redeem(await second());
    assert.deepEqual(Object.keys(value), [
      'agentAddress',
      'agentDescription',
      'agentName',
      'apiKey',
      'relayBaseURL',
      'sealedApiKey',
      'secureChannel',
      'serverSignature',
    ]);
    assert.equal(value.apiKey, '');
  });
});
