import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';

import {
  concat,
  getAddress,
  getBytes,
  keccak256,
  recoverAddress,
  SigningKey,
  toUtf8Bytes,
  Wallet,
} from 'ethers';

import { Home, Server } from '../support/node/kronborg.mjs';

let home;
let server;
before(async () => {
  home = new Home();
  server = await Server.start(home);
});
after(async () => {
  await server.stop();
  home.remove();
});

// docs/protocol/identity.md section 3, with code that is not ours.
function digestOf(payload) {
  const head = concat(['0x19', toUtf8Bytes(`Osaurus Signed Access:\n${payload.length}`)]);
  return keccak256(concat([head, payload]));
}

function mintWith(wallet, audience, more = {}) {
  const claims = {
    aud: audience,
    cnt: Date.now(),
    exp: Math.floor(Date.now() / 1000) + 3600,
    iat: Math.floor(Date.now() / 1000),
    iss: wallet.address,
    lbl: 'made elsewhere',
    nonce: randomUUID().replaceAll('-', ''),
    ...more,
  };
  const payload = toUtf8Bytes(JSON.stringify(claims));
  const signature = new SigningKey(wallet.privateKey).sign(digestOf(payload)).serialized.slice(2);
  return {
    key: `osk-v1.${Buffer.from(payload).toString('base64url')}.${signature}`,
    nonce: claims.nonce,
  };
}

test('ethers recovers the issuer of a minted key', async () => {
  const minted = await server.mint('for ethers');
  const [version, payload, signature] = minted.key.split('.');
  assert.equal(version, 'osk-v1');
  const bytes = new Uint8Array(Buffer.from(payload, 'base64url'));
  const claims = JSON.parse(Buffer.from(bytes).toString());
  assert.equal(recoverAddress(digestOf(bytes), `0x${signature}`), server.ready.masterAddress);
  assert.equal(claims.iss, server.ready.masterAddress);
  assert.equal(getAddress(claims.aud), claims.aud);
  assert.equal(getBytes(`0x${signature}`).length, 65);
});

test('a key minted by ethers opens the gate once its issuer is listed, until it is not', async () => {
  const wallet = Wallet.createRandom();
  const { key } = mintWith(wallet, server.ready.masterAddress);
  assert.equal((await server.get('/v1/models', key)).value.error.code, 'issuer_not_whitelisted');
  assert.equal(home.run(['whitelist', 'add', wallet.address, '--label', 'ethers']).code, 0);
  assert.equal((await server.get('/v1/models', key)).status, 200);
  assert.equal(home.run(['whitelist', 'remove', wallet.address]).code, 0);
  assert.equal((await server.get('/v1/models', key)).value.error.code, 'issuer_not_whitelisted');
});

test('an issuer listed for one agent speaks for that agent only', async () => {
  const one = home.ask(['agent', 'create', 'one']);
  const two = home.ask(['agent', 'create', 'two']);
  const wallet = Wallet.createRandom();
  assert.equal(home.run(['whitelist', 'add', wallet.address, '--agent', 'one']).code, 0);
  assert.equal((await server.get('/v1/models', mintWith(wallet, one.address).key)).status, 200);
  for (const audience of [two.address, server.ready.masterAddress]) {
    const refused = await server.get('/v1/models', mintWith(wallet, audience).key);
    assert.equal(refused.value.error.code, 'issuer_not_allowed');
  }
});

test('a key made elsewhere is revoked by issuer and nonce', async () => {
  const wallet = Wallet.createRandom();
  home.ask(['whitelist', 'add', wallet.address]);
  const { key, nonce } = mintWith(wallet, server.ready.masterAddress);
  assert.equal((await server.get('/v1/models', key)).status, 200);
  assert.equal(home.run(['key', 'revoke', '--issuer', wallet.address, '--nonce', nonce]).code, 0);
  assert.equal((await server.get('/v1/models', key)).value.error.code, 'key_revoked');
});
