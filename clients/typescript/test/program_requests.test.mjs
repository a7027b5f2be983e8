// Request tokens that are made here, judged by the real program, named by KRONBORG_BINARY.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe as suite, test } from 'node:test';

import {
  SoftwareDevice,
  openRecoveryBundle,
  readRequestToken,
  signRequestToken,
  signedFetch,
} from '@kronborg/client';
import { Home, Server } from '../../../tests/support/node/kronborg.mjs';
import { inThread } from './support.mjs';

const skip = process.env.KRONBORG_BINARY ? false : 'KRONBORG_BINARY is not set';

let home;
let server;
let signer;
let device;
let startedAt;
let counter = BigInt(Date.now());

async function reachNextSecond() {
  const next = Math.ceil(Date.now() / 1000) * 1000;
  while (Date.now() < next) await new Promise((done) => setTimeout(done, next - Date.now() + 1));
}

async function register(one) {
  const { value } = await server.api('POST', '/devices/challenges', {});
  const challenge = Buffer.from(value.challenge, 'base64url');
  return server.api('POST', '/devices', {
    kind: 'software',
    challenge: value.challenge,
    publicKey: Buffer.from(one.publicKey).toString('base64url'),
    proof: Buffer.from(one.prove(challenge)).toString('base64url'),
  });
}

before(async () => {
  if (skip) return;
  home = new Home();
  const setUp = home.ask(['init', '--keystore', 'file']);
  const file = readFileSync(join(home.data, 'recovery.json'));
  const { contents } = await openRecoveryBundle(file, setUp.recoveryCode, inThread);
  signer = contents.master.signer();
  startedAt = Math.floor(Date.now() / 1000);
  server = await Server.start(home);
  device = SoftwareDevice.create();
  assert.equal((await register(device)).status, 201);
  await reachNextSecond();
});
after(async () => {
  await server?.stop();
  home?.remove();
});

function order(more = {}) {
  counter += 1n;
  return {
    signer,
    device,
    counter,
    issuedAt: Math.floor(Date.now() / 1000),
    audience: `127.0.0.1:${server.port}`,
    method: 'GET',
    path: '/v1/models',
    ...more,
  };
}
async function codeOf(token) {
  const answer = await server.get('/v1/models', token);
  return answer.status === 200 ? 'accepted' : answer.value.error.code;
}

suite('request tokens', { skip }, () => {
  test('the program reads what is made here, once, and reads what it makes', async () => {
    const token = signRequestToken(order());
    assert.equal(await codeOf(token), 'accepted');
    assert.equal(await codeOf(token), 'request_token_replayed');
    assert.equal(await codeOf(signRequestToken(order({ counter: 1n }))), 'request_token_replayed');
    const made = await server.api('POST', '/request-tokens', {
      method: 'PUT',
      path: '/a%20b',
      audience: 'host.example',
    });
    const read = readRequestToken(made.value.token);
    assert.equal(read.issuer, signer.address);
    assert.equal(read.algorithm, 'es256k+p256');
    assert.equal(read.claims.act, 'PUT /a%20b');
    assert.equal(read.claims.exp - read.claims.iat, 60);
  });

  test('a signed fetch passes every time', async () => {
    const fetch = signedFetch({ signer, device, lastCounter: counter });
    for (let i = 0; i < 5; i += 1) {
      assert.equal((await fetch(`${server.url}/v1/models?page=${i}`)).status, 200);
    }
    counter += 1_000_000n;
  });

  test('each row has its code', async () => {
    const now = Math.floor(Date.now() / 1000);
    const of = (more) => codeOf(signRequestToken(order(more)));
    assert.equal(await of({ device: SoftwareDevice.create() }), 'device_unknown');
    assert.equal(await of({ issuedAt: now + 60 }), 'request_token_not_yet_valid');
    assert.equal(await of({ issuedAt: now - 61 }), 'request_token_expired');
    assert.equal(await of({ issuedAt: startedAt - 1 }), 'request_token_before_start');
    assert.equal(await of({ audience: 'elsewhere.example' }), 'request_token_audience');
    assert.equal(await of({ method: 'POST' }), 'request_token_action');
    const parent = { master: signer.address, index: 0 };
    assert.equal(await of({ parent }), 'request_token_parent');
    const [head, payload, signature] = signRequestToken(order()).split('.');
    assert.equal(await codeOf(`${head}.${payload}.${signature}.`), 'device_assertion_missing');
    const other = signRequestToken(order()).split('.')[3];
    assert.equal(await codeOf(`${head}.${payload}.${signature}.${other}`), 'device_assertion_invalid');
  });

  test('a token from the future is not accepted again after kill -9', async () => {
    const ahead = signRequestToken(order({ issuedAt: Math.floor(Date.now() / 1000) + 25 }));
    const present = signRequestToken(order());
    assert.equal(await codeOf(present), 'accepted');
    const later = signRequestToken(order({ issuedAt: Math.floor(Date.now() / 1000) + 25 }));
    assert.equal(await codeOf(later), 'accepted');
    const { port } = server;
    await server.kill();
    server = await Server.start(home, ['--demo'], port);
    assert.equal(await codeOf(later), 'request_token_replayed');
    assert.equal(await codeOf(ahead), 'request_token_replayed', 'its counter is lower');
    assert.match(await codeOf(present), /request_token_(before_start|replayed)/);
    const next = order({ issuedAt: Math.floor(Date.now() / 1000) + 25 });
    assert.equal(await codeOf(signRequestToken(next)), 'accepted', 'the server goes on');
  });

  test('a revoked device is refused from the next request on', async () => {
    const one = SoftwareDevice.create();
    const { value } = await register(one);
    const of = () =>
      codeOf(signRequestToken(order({ device: one, issuedAt: Math.floor(Date.now() / 1000) + 2 })));
    assert.equal(await of(), 'accepted');
    assert.equal((await server.api('POST', `/devices/${value.id}/revoke`, {})).status, 200);
    assert.equal(await of(), 'device_revoked');
  });
});
