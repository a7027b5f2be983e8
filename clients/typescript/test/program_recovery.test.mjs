// A bundle written here brings an identity into the real program, named by KRONBORG_BINARY.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe as suite, test } from 'node:test';

import {
  MasterKey,
  deriveBundleKey,
  mintAccessKey,
  newRecoveryCode,
  openRecoveryBundle,
  writeRecoveryBundle,
} from '@kronborg/client';
import { Home, Server } from '../../../tests/support/node/kronborg.mjs';
import { inThread } from './support.mjs';

const skip = process.env.KRONBORG_BINARY ? false : 'KRONBORG_BINARY is not set';

const cheap = { opslimit: 1, memlimit: 8192 };
const listed = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8';

let home;
let server;
let bundle;
let code;
let keys;
let masterAddress;
let agent;

/** Two keys of one issuer; the first of each pair is revoked, by its nonce or by its counter. */
function pairOf(signer, counter) {
  const issuedAt = Math.floor(Date.now() / 1000) - 60;
  const mint = (number) =>
    mintAccessKey({
      signer,
      counter: number,
      issuedAt,
      expiresAt: issuedAt + 3600,
      label: 'made elsewhere',
    });
  return [mint(counter), mint(counter + 1n)];
}

before(async () => {
  if (skip) return;
  home = new Home();
  const master = MasterKey.create();
  const scope = 'a1b2c3d4';
  const key = master.agentKey(scope, 5);
  agent = {
    id: '6f6d5e0e-2f0a-4f5c-9d3e-0123456789ab',
    name: 'Writer',
    index: 5,
    scope,
    address: key.address,
  };
  keys = { master: pairOf(master.signer(), 100n), agent: pairOf(key, 200n) };
  code = newRecoveryCode();
  const now = Math.floor(Date.now() / 1000);
  const contents = {
    master,
    agents: [agent],
    whitelist: { master: [], agents: new Map([[agent.address, [listed]]]) },
    revocations: [{ iss: master.address, nonce: keys.master[0].payload.nonce }],
    thresholds: new Map([[agent.address, 200n]]),
    counters: new Map([
      [master.address, 101n],
      [agent.address, 201n],
    ]),
    indices: new Map([[scope, 6]]),
  };
  const order = { contents, generation: 7, createdAt: now - 100, updatedAt: now - 50 };
  bundle = join(home.folder, 'from-client.json');
  writeFileSync(bundle, writeRecoveryBundle(order, await deriveBundleKey(code, { cost: cheap })));
  masterAddress = master.address;
});
after(async () => {
  await server?.stop();
  home?.remove();
});

suite('a bundle of the client', { skip }, () => {
  test('the program recovers from it, and makes the next one', async () => {
    const args = ['recover', '--bundle', bundle, '--code-file', '-', '--keystore', 'file'];
    const recovered = home.ask(args, code);
    assert.equal(recovered.masterAddress, masterAddress);
    assert.equal(recovered.agents, 1);
    const next = readFileSync(join(home.data, 'recovery.json'), 'utf8');
    const { generation, kdf } = JSON.parse(next);
    assert.equal(generation, 8);
    assert.equal(kdf.opslimit, 4, 'a cheap bundle does not make the next one cheap');
    assert.equal(kdf.memlimit, 268_435_456);
    const { contents } = await openRecoveryBundle(next, recovered.recoveryCode, inThread);
    assert.equal(contents.master.address, masterAddress);
    assert.deepEqual(contents.agents, [agent]);
    assert.equal(contents.thresholds.get(agent.address.toLowerCase()), 200n);
    assert.ok(contents.indices.get(agent.scope) >= Math.floor(Date.now() / 60_000) - 10);
  });

  test('its keys are judged as before', async () => {
    server = await Server.start(home);
    for (const [revoked, valid] of [keys.master, keys.agent]) {
      const refusal = await server.get('/gate/verify', revoked.token);
      assert.equal(refusal.status, 401);
      assert.equal(refusal.value.error.code, 'key_revoked');
      const accepted = await server.get('/gate/verify', valid.token);
      assert.equal(accepted.status, 204, accepted.text);
    }
    const { whitelistEntries } = (await server.api('GET', '/whitelist')).value;
    assert.deepEqual(
      whitelistEntries.map((entry) => [entry.address, entry.agentId]),
      [[listed, agent.id]],
    );
  });
});
