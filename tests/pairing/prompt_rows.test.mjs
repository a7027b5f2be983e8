// The rows of docs/protocol/pairing.md sections 1 and 2, in their order: each request is wrong in
// its row and in every later one that it can be.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { MasterKey } from './lib/client.mjs';
import { error, newSource, PairingHost, random } from './lib/host.mjs';

const base64url = (bytes) => Buffer.from(bytes).toString('base64url');
const limited = {
  status: 429,
  error: 'Too many pairing attempts. Try again shortly.',
  code: 'pairing_rate_limited',
};
const row = (status, text, code) => ({ status, error: text, code });
const malformed = row(400, 'Invalid pairing request', 'pairing_malformed');
const badKey = row(400, 'Invalid encryption key', 'encryption_key_invalid');
const badSignature = row(401, 'Signature verification failed', 'pairing_signature_invalid');
const badNonce = row(401, 'Pairing challenge expired or invalid', 'pairing_challenge_invalid');
const badCommit = row(401, 'Pairing commitment mismatch', 'pairing_commitment_mismatch');
const noAgent = row(
  404,
  'Agent not found or not available for pairing',
  'pairing_agent_unavailable',
);

let host;
before(async () => (host = await PairingHost.start()));
after(() => host?.end());

describe('GET /pair/challenge', () => {
  test('gives 64 digits, and says so when it keeps a commitment', async () => {
    const plain = await host.get('/pair/challenge');
    assert.equal(plain.status, 200);
    assert.match(plain.text, /^\{"nonce":"[0-9a-f]{64}"\}$/);
    assert.equal(plain.headers['cache-control'], 'no-store');
    const committed = await host.get(`/pair/challenge?commit=${base64url(random(32))}`);
    assert.match(committed.text, /^\{"commit":true,"nonce":"[0-9a-f]{64}"\}$/);
  });

  test('takes a commitment only as it must be', async () => {
    const good = base64url(random(32));
    for (const query of [
      'commit=',
      'commit',
      `commit=${good}=`,
      `commit=${good}&commit=${good}`,
      `commit=${good.slice(1)}`,
      `commit=${good.replace(/.$/, '%41')}`,
      `commit=${good.slice(0, -1)}+`,
    ]) {
      assert.deepEqual(error(await host.get(`/pair/challenge?${query}`)), malformed, query);
    }
  });
});

describe('POST /pair', () => {
  test('1: the limit comes before everything else', async () => {
    const source = newSource();
    for (let i = 0; i < 5; i += 1) {
      assert.deepEqual(error(await host.post('/pair', '[', source)), malformed);
    }
    const refused = await host.post('/pair', '[', source);
    assert.deepEqual(error(refused), limited);
    const seconds = Number(refused.headers['retry-after']);
    assert.ok(seconds >= 1 && seconds <= 60);
  });

  test('2: members and types', async () => {
    for (const changes of [
      { agentId: undefined },
      { connectorAddress: undefined },
      { nonce: 7 },
      { signature: null },
      { encPub: {} },
      { reveal: 1 },
    ]) {
      const { request, source } = await host.goodPair({ changes });
      assert.deepEqual(error(await host.post('/pair', request, source)), malformed);
    }
    const { request, source } = await host.goodPair();
    const twice = JSON.stringify(request).replace('{', '{"nonce":"x",');
    assert.deepEqual(error(await host.post('/pair', twice, source)), malformed);
    assert.deepEqual(error(await host.post('/pair', '', source)), malformed);
  });

  test('3: a key that cannot be sealed to', async () => {
    for (const encPub of ['AAAA', base64url(new Uint8Array(32)), `${base64url(random(32))}=`]) {
      const { request, source } = await host.goodPair({ changes: { encPub, signature: 'x' } });
      assert.deepEqual(error(await host.post('/pair', request, source)), badKey, encPub);
    }
  });

  test('4: the signature, before the nonce', async () => {
    const { request, source, pairing } = await host.goodPair();
    for (const changes of [
      { signature: `0x${'11'.repeat(65)}` },
      { signature: 'no digits' },
      { connectorAddress: pairing.address.toLowerCase() },
      { connectorAddress: MasterKey.create().address, nonce: 'another' },
    ]) {
      const wrong = { ...request, ...changes };
      assert.deepEqual(error(await host.post('/pair', wrong, newSource())), badSignature);
    }
    // None of these has used the nonce.
    const answer = host.post('/pair', request, source);
    await host.decide((await host.untilPending(1))[0].id, 'approve', {});
    assert.equal((await answer).status, 200);
  });

  test('5 and 6: the nonce is used up, then the commitment is opened', async () => {
    for (const changes of [
      { reveal: undefined },
      { reveal: null },
      { reveal: '' },
      { reveal: base64url(random(32)) },
      { reveal: 'AAAA' },
    ]) {
      const { request, source } = await host.goodPair({
        changes: { ...changes, agentId: host.hidden.id },
      });
      assert.deepEqual(error(await host.post('/pair', request, source)), badCommit);
      assert.deepEqual(error(await host.post('/pair', request, source)), badNonce);
    }
  });

  test('7: agents that are unknown or not shared', async () => {
    for (const agentId of [host.hidden.id, '00000000-0000-4000-8000-000000000000', 'scribe', '']) {
      const { request, source } = await host.goodPair({ changes: { agentId } });
      assert.deepEqual(error(await host.post('/pair', request, source)), noAgent, agentId);
      assert.deepEqual(error(await host.post('/pair', request, source)), badNonce);
    }
  });
});

describe('all of them', () => {
  test('a body over 65,536 bytes, with and without its length', async () => {
    for (const path of ['/pair', '/pair/code', '/pair/confirm', '/pair-invite']) {
      const source = newSource();
      const { status, value } = await host.post(path, 'x'.repeat(70_000), source);
      assert.equal(status, 413);
      assert.deepEqual(value, {
        error: {
          code: 'body_too_large',
          message: 'Request body too large (70000 > 65536 bytes)',
          type: 'payload_too_large',
        },
      });
    }
    // Without a length it is refused as soon as it is too much.
    const chunked = await host.post('/pair', 'x'.repeat(200_000), newSource(), {
      headers: { 'Transfer-Encoding': 'chunked' },
    });
    assert.equal(chunked.status, 413);
    assert.match(chunked.value.error.message, /^Request body too large \(\d+ > 65536 bytes\)$/);
    const whole = await host.post('/pair', ' '.repeat(65_536), newSource());
    assert.deepEqual(error(whole), malformed);
  });

  test('paths are normalised once, and nothing else is', async () => {
    for (const prefix of ['', '/v1', '/api', '/v1/api']) {
      assert.equal((await host.get(`${prefix}/pair/hello`)).status, 200, prefix);
      assert.equal((await host.get(`${prefix}/pair/challenge`)).status, 200, prefix);
      const { status } = await host.post(`${prefix}/pair-invite`, {});
      assert.equal(status, 400, prefix);
    }
    for (const path of ['/API/pair/hello', '/pair/hello/', '/api/v1/pair/hello', '/v1/v1/pair']) {
      const { status } = await host.get(path);
      assert.ok(status === 404 || status === 401, `${path} ${status}`);
    }
  });

  test('other methods, and pages of others', async () => {
    const wrong = await host.get('/pair');
    assert.equal(wrong.status, 405);
    assert.equal(wrong.headers.allow, 'POST');
    const page = { headers: { Origin: 'https://evil.example' } };
    const refused = await host.post('/pair', {}, newSource(), page);
    assert.equal(refused.status, 403);
    assert.equal(refused.value.code, 'origin_not_allowed');
  });
});
