// Keys and bundles shared with the real program, named by KRONBORG_BINARY.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe as suite, test } from 'node:test';

import { expiryOf, mintAccessKey, openRecoveryBundle, readAccessKey } from '@kronborg/client';
import { Home, Server } from '../../../tests/support/node/kronborg.mjs';
import { inThread } from './support.mjs';

const skip = process.env.KRONBORG_BINARY ? false : 'KRONBORG_BINARY is not set';

let home;
let server;
let setUp;
before(async () => {
  if (skip) return;
  home = new Home();
  setUp = home.ask(['init', '--keystore', 'file']);
  server = await Server.start(home);
});
after(async () => {
  await server?.stop();
  home?.remove();
});

suite('identity', { skip }, () => {
  test('a key of the program reads here', async () => {
    const { key } = await server.mint('for the client');
    const read = readAccessKey(key);
    assert.equal(read.issuer, setUp.masterAddress);
    assert.equal(read.payload.lbl, 'for the client');
  });

  test('its bundle opens here, and a key minted from it is taken by the gate', async () => {
    const file = readFileSync(join(home.data, 'recovery.json'));
    const { contents } = await openRecoveryBundle(file, setUp.recoveryCode, inThread);
    const { master } = contents;
    assert.equal(master.address, setUp.masterAddress);
    const issuedAt = Math.floor(Date.now() / 1000);
    const order = {
      signer: master.signer(),
      counter: BigInt(Date.now()),
      issuedAt,
      expiresAt: expiryOf(issuedAt, '30d'),
      label: 'made elsewhere',
    };
    const minted = mintAccessKey(order);
    assert.equal((await server.get('/v1/models', minted.token)).status, 200);
    const late = mintAccessKey({ ...order, expiresAt: issuedAt - 1 });
    const refused = await server.get('/v1/models', late.token);
    assert.deepEqual([refused.status, refused.value.error.code], [401, 'key_expired']);
    const { iss: issuer } = minted.payload;
    await server.api('POST', '/revocations', { issuer, nonce: minted.payload.nonce });
    const gone = await server.get('/v1/models', minted.token);
    assert.deepEqual([gone.status, gone.value.error.code], [401, 'key_revoked']);
  });
});
