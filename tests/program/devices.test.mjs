// Devices and signed requests against the real program: tokens of the host's own device, a software
// device that is made here, one without a key, and one in a TPM.
import assert from 'node:assert/strict';
import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { Home, Server } from '../support/node/kronborg.mjs';
import { SoftwareTpm } from '../support/node/software_tpm.mjs';

/** A P-256 key of this test: id and evidence as docs/protocol/identity.md section 12 has them. */
function softwareDevice() {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { x, y } = publicKey.export({ format: 'jwk' });
  const point = Buffer.concat([Buffer.from([4]), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')]);
  const keyId = createHash('sha256').update(point).digest('base64');
  const id = createHash('sha256').update(keyId, 'utf8').digest('hex').slice(0, 8);
  const proveFor = (challenge) =>
    sign('sha256', Buffer.from(challenge, 'base64url'), { key: privateKey, dsaEncoding: 'ieee-p1363' });
  return { id, point, proveFor };
}

async function challengeOf(server) {
  const answer = await server.api('POST', '/devices/challenges', {});
  assert.equal(answer.status, 201);
  assert.equal(Buffer.from(answer.value.challenge, 'base64url').length, 32);
  assert.equal(answer.value.expiresIn, 120);
  return answer.value.challenge;
}

async function evidenceOf(server, device, more = {}) {
  const challenge = await challengeOf(server);
  return {
    kind: 'software',
    challenge,
    publicKey: device.point.toString('base64url'),
    proof: device.proveFor(challenge).toString('base64url'),
    ...more,
  };
}

async function token(server, more = {}) {
  const asked = { method: 'GET', path: '/v1/models', audience: `127.0.0.1:${server.port}`, ...more };
  const answer = await server.api('POST', '/request-tokens', asked);
  assert.equal(answer.status, 200, JSON.stringify(answer.value));
  return answer.value;
}

/** A token of a second that began before the server did is refused: waits for the next one. */
async function startAndReachNextSecond(home) {
  const server = await Server.start(home);
  const next = Math.ceil(Date.now() / 1000) * 1000;
  while (Date.now() < next) await new Promise((done) => setTimeout(done, next - Date.now() + 1));
  return server;
}

function codeOf(answer) {
  return answer.status === 200 ? 'accepted' : `${answer.status} ${answer.value.error.code}`;
}

describe('devices and signed requests', () => {
  let home;
  let server;
  let setUp;
  before(async () => {
    home = new Home();
    setUp = home.ask(['init', '--keystore', 'file']);
    server = await startAndReachNextSecond(home);
  });
  after(async () => {
    await server.stop();
    home.remove();
  });
  const models = (key) => server.get('/v1/models', key);

  test('set-up lists the device of the host', () => {
    const [device, ...others] = home.ask(['device', 'list']).devices;
    assert.deepEqual(others, []);
    assert.equal(device.id, setUp.deviceId);
    assert.equal(device.kind, 'software');
    assert.equal(device.issuer, setUp.masterAddress);
    assert.deepEqual([device.attestation.verified, device.attestation.format], [false, 'software']);
    assert.match(home.run(['device', 'show', 'this host']).out, /software key/);
    assert.equal(home.run(['device', 'show', '00000000']).code, 1);
  });

  test('a token is good once, for its method, path and host', async () => {
    const once = await token(server);
    assert.equal(once.issuer, setUp.masterAddress);
    assert.equal(once.deviceId, setUp.deviceId);
    assert.equal(codeOf(await models(once.token)), 'accepted');
    const again = await models(once.token);
    assert.equal(again.status, 401);
    assert.equal(again.value.error.message, 'Invalid request token: Counter already used');
    assert.match(again.headers.get('www-authenticate'), /error="invalid_token"/);
    const of = async (more) => codeOf(await models((await token(server, more)).token));
    assert.equal(await of({ method: 'POST' }), '401 request_token_action');
    assert.equal(await of({ path: '/models' }), '401 request_token_action');
    assert.equal(await of({ audience: 'elsewhere.example' }), '401 request_token_audience');
    assert.equal(await of({ audience: `LocalHost:${server.port}` }), 'accepted');
  });

  test('bad input to the signer is told by member', async () => {
    for (const [member, value] of [
      ['method', 'get'],
      ['path', 'v1'],
      ['path', '/a?b=1'],
      ['path', '/a b'],
      ['audience', 'a/b'],
    ]) {
      const body = { method: 'GET', path: '/', audience: 'a', [member]: value };
      const answer = await server.api('POST', '/request-tokens', body);
      assert.deepEqual([answer.status, answer.value.code], [400, 'invalid_member'], member);
      assert.equal(answer.value.errors[0].pointer, `/${member}`);
    }
    const unknown = { method: 'GET', path: '/', audience: 'a', deviceId: '00000000' };
    assert.equal((await server.api('POST', '/request-tokens', unknown)).status, 404);
  });

  test('an agent signs for itself', async () => {
    const { value: scribe } = await server.api('POST', '/agents', { name: 'scribe' });
    await server.api('POST', '/agents', { name: 'other' });
    const ask = async (path) => {
      const made = await token(server, { agentId: scribe.id, path });
      assert.equal(made.issuer, scribe.address);
      return (await server.get(path, made.token)).status;
    };
    assert.equal(await ask('/agents/scribe/v1/models'), 200);
    assert.equal(await ask('/agents/other/v1/models'), 403);
  });

  test('of 64 copies at once one is accepted', async () => {
    const { token: one } = await token(server);
    const answers = await Promise.all(Array.from({ length: 64 }, () => models(one)));
    assert.equal(answers.filter(({ status }) => status === 200).length, 1);
  });

  test('a software device registers with its proof, once per challenge', async () => {
    const device = softwareDevice();
    const evidence = await evidenceOf(server, device, { name: 'a desk' });
    const made = await server.api('POST', '/devices', evidence);
    assert.equal(made.status, 201, JSON.stringify(made.value));
    assert.equal(made.value.id, device.id);
    assert.equal(made.value.publicKey, evidence.publicKey);
    assert.equal((await server.api('POST', '/devices', evidence)).value.code, 'device_challenge_unknown');
    const known = await server.api('POST', '/devices', await evidenceOf(server, device));
    assert.deepEqual([known.status, known.value.name], [200, 'a desk']);
    const forged = await evidenceOf(server, device);
    forged.proof = softwareDevice().proveFor(forged.challenge).toString('base64url');
    assert.equal((await server.api('POST', '/devices', forged)).value.code, 'device_proof_invalid');
    const off = await evidenceOf(server, device);
    off.publicKey = Buffer.concat([Buffer.from([4]), Buffer.alloc(64, 7)]).toString('base64url');
    assert.equal((await server.api('POST', '/devices', off)).value.code, 'device_key_invalid');
    const unattested = { kind: 'software', challenge: await challengeOf(server), deviceId: 'a0b1c2d3' };
    assert.equal((await server.api('POST', '/devices', unattested)).value.code, 'device_key_required');
    assert.equal((await server.api('POST', '/devices', { kind: 'software' })).value.code, 'missing_member');
  });

  test('the command line registers what a device elsewhere answered', async () => {
    const { challenge } = home.ask(['device', 'register', '--challenge']);
    const other = new Home();
    other.ask(['init', '--keystore', 'file']);
    const evidence = other.run(['device', 'evidence', challenge]);
    assert.equal(evidence.code, 0, evidence.err);
    const guest = other.ask(['status']).identity ?? other.ask(['status']);
    const file = join(home.folder, 'evidence.json');
    writeFileSync(file, evidence.out);
    home.ask(['whitelist', 'add', guest.masterAddress]);
    const device = home.ask(['device', 'register', '--evidence', file, '--issuer', guest.masterAddress]);
    assert.equal(device.issuer, guest.masterAddress);
    const elsewhere = await startAndReachNextSecond(other);
    const made = await token(elsewhere, { audience: `127.0.0.1:${server.port}` });
    assert.equal(codeOf(await models(made.token)), 'accepted');
    home.run(['device', 'revoke', device.id]);
    const late = await token(elsewhere, { audience: `127.0.0.1:${server.port}` });
    assert.equal(codeOf(await models(late.token)), '401 device_revoked');
    await elsewhere.stop();
    other.remove();
  });

  test('after a restart, orderly or not, no token is accepted again', async () => {
    for (const end of ['stop', 'kill']) {
      const used = await token(server);
      assert.equal(codeOf(await models(used.token)), 'accepted');
      const unused = await token(server);
      const { port } = server;
      await server[end]();
      server = await Server.start(home, ['--demo'], port);
      // The ports are the same, so that only row 14 and the counters stand between.
      assert.match(codeOf(await models(used.token)), /request_token_(before_start|replayed)/, end);
      assert.match(codeOf(await models(unused.token)), /request_token_before_start/, end);
      await server.stop();
      server = await startAndReachNextSecond(home);
      assert.equal(codeOf(await models((await token(server)).token)), 'accepted', end);
    }
  });

  test('counters reach the store within 5 seconds: device list tells the last use', async () => {
    const before = Date.now();
    assert.equal(codeOf(await models((await token(server)).token)), 'accepted');
    for (;;) {
      const { value } = await server.api('GET', `/devices/${setUp.deviceId}`);
      if (value.lastSeenAt && Date.parse(value.lastSeenAt) >= before - 1) break;
      assert.ok(Date.now() - before < 5_000, `last seen ${value.lastSeenAt}`);
      await new Promise((done) => setTimeout(done, 50));
    }
  });

  test('a revoked device is refused from the next request on, for good', async () => {
    const before = await token(server);
    const revoked = await server.api('POST', `/devices/${setUp.deviceId}/revoke`, {});
    assert.equal(revoked.status, 200);
    assert.ok(revoked.value.revokedAt);
    assert.equal(codeOf(await models(before.token)), '401 device_revoked');
    await server.kill();
    server = await startAndReachNextSecond(home);
    assert.equal(codeOf(await models((await token(server)).token)), '401 device_revoked');
    const types = home.ask(['audit', '--type', 'device']).auditEvents.map(({ type }) => type);
    assert.ok(types.includes('device.register') && types.includes('device.revoke'));
    const metrics = (await server.api('GET', '/status')).value;
    assert.ok(metrics);
  });
});

describe('a device without a key', () => {
  test('it is registered only where the owner allows it', async () => {
    const home = new Home();
    home.configure('[devices]\nallow_unattested = true\n');
    home.ask(['init', '--keystore', 'file']);
    const device = home.ask(['device', 'register', '--id', 'a0b1c2d3', '--name', 'old phone']);
    assert.deepEqual([device.id, device.attestation.format], ['a0b1c2d3', 'none']);
    assert.equal(device.publicKey, undefined);
    home.configure('');
    assert.equal(home.run(['device', 'register', '--id', 'a0b1c2d4']).code, 1);
    home.remove();
  });
});

describe('a device key in a TPM', () => {
  let tpm;
  let home;
  before(async () => {
    tpm = await SoftwareTpm.start();
    home = new Home();
    home.configure(`[keystore]\ntpm = "${tpm.path}"\n`);
  });
  after(async () => {
    await tpm.stop();
    tpm.remove();
    home.remove();
  });

  test('the host device is made in it, and signs', async () => {
    const made = home.ask(['init', '--keystore', 'file']);
    assert.equal(made.deviceKind, 'tpm2');
    const [device] = home.ask(['device', 'list']).devices;
    assert.equal(device.id, made.deviceId);
    assert.deepEqual(
      [device.kind, device.attestation.format, device.attestation.manufacturer],
      ['tpm2', 'tpm2', 'unchecked'],
    );
    assert.equal(JSON.parse(readFileSync(join(home.data, 'keystore.json'), 'utf8')).device_id, device.id);
    assert.ok(readdirSync(home.data).includes(`device-${device.id}.json`));
    const server = await startAndReachNextSecond(home);
    const ask = async () => codeOf(await server.get('/v1/models', (await token(server)).token));
    assert.equal(await ask(), 'accepted');
    assert.equal(await ask(), 'accepted');
    const extra = home.ask(['device', 'register', '--name', 'second key']);
    assert.equal(extra.kind, 'tpm2');
    assert.notEqual(extra.id, device.id);
    const second = await token(server, { deviceId: extra.id });
    assert.equal(codeOf(await server.get('/v1/models', second.token)), 'accepted');
    await tpm.stop();
    const gone = { method: 'GET', path: '/', audience: 'a' };
    const refused = await server.api('POST', '/request-tokens', gone);
    assert.deepEqual([refused.status, refused.value.code], [503, 'keystore_unavailable']);
    const key = await server.mint('goes on without it');
    assert.equal((await server.get('/v1/models', key.key)).status, 200);
    tpm = await SoftwareTpm.start(tpm.folder);
    assert.equal(await ask(), 'accepted');
    await server.stop();
  });
});
