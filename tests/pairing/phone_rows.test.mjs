// The rows of docs/protocol/pairing.md section 5, in their order.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { pairWithCode, Spake2, SPAKE2_POINTS } from './lib/client.mjs';
import { error, fetchBy, newSource, PairingHost, random } from './lib/host.mjs';

const base64url = (bytes) => Buffer.from(bytes).toString('base64url');
const phone = (status, code, message) => ({ status, error: code, message, code });
const bad = (message) => phone(400, 'bad_request', message);
const invalid = phone(401, 'invalid_code', 'That code is wrong or has expired.');
const limited = {
  status: 429,
  error: 'Too many pairing attempts. Try again shortly.',
  code: 'pairing_rate_limited',
};
const lanOnly = { status: 403, error: 'lan_only', code: 'lan_only' };
const relayed = { headers: { 'X-Osaurus-Relay-Origin': 'https://relay.example' } };
const names = { deviceId: 'phone-1', deviceName: 'A phone' };
const share = () => base64url(new Spake2('phone', '000000').share);
const hello = (more = {}) => ({ v: 2, ...names, share: share(), isSimulator: false, ...more });
const wrongCode = (code) => String((Number(code) + 1) % 1_000_000).padStart(6, '0');

let host;
before(async () => (host = await PairingHost.start()));
after(() => host?.end());
const newCode = (more = {}) => host.created('/pairing-codes', { agentId: host.agent.id, ...more });

describe('GET /pair/hello', () => {
  test('says who answers, to the local network only', async () => {
    const { text } = await host.get('/pair/hello');
    assert.match(text, /^\{"name":"[^"]+","pairing":false,"v":1\}$/);
    assert.deepEqual(error(await host.get('/pair/hello', newSource(), relayed.headers)), lanOnly);
  });
});

describe('POST /pair/code', () => {
  test('1 and 2: the limit, then the local network', async () => {
    const source = newSource();
    for (let i = 0; i < 5; i += 1) {
      assert.deepEqual(error(await host.post('/pair/code', '[', source, relayed)), lanOnly);
    }
    assert.deepEqual(error(await host.post('/pair/code', '[', source, relayed)), limited);
  });

  test('3 to 7: the body; none of them costs the code a try', async () => {
    const code = await newCode();
    const long = (count) => 'x'.repeat(count);
    for (const [body, message] of [
      ['[]', 'Invalid pairing request'],
      ['', 'Invalid pairing request'],
      [{ ...hello(), v: '2' }, 'Invalid pairing request'],
      [{ ...hello(), v: 2.5 }, 'Invalid pairing request'],
      [{ v: 1, deviceId: 7 }, 'Unsupported version'],
      [{ v: 3 }, 'Unsupported version'],
      [hello({ deviceId: '', share: 'x' }), 'Missing device id or name'],
      [hello({ deviceName: undefined, share: 'x' }), 'Missing device id or name'],
      [hello({ deviceId: ' a', share: 'x' }), 'Invalid pairing request'],
      [hello({ deviceName: 'a ', share: 'x' }), 'Invalid pairing request'],
      [hello({ deviceId: long(129), share: 'x' }), 'Invalid pairing request'],
      [hello({ deviceName: long(257), share: 'x' }), 'Invalid pairing request'],
      [hello({ share: undefined }), 'Invalid key share'],
      [hello({ share: `${share()}=` }), 'Invalid key share'],
      [hello({ share: base64url(new Uint8Array(33).fill(2)).slice(1) }), 'Invalid key share'],
      [hello({ share: base64url(new Uint8Array([4, ...random(32)])) }), 'Invalid key share'],
      [hello({ share: base64url([2, ...Array(32).fill(255)]) }), 'Invalid key share'],
    ]) {
      const answer = await host.post('/pair/code', body, newSource());
      assert.deepEqual(error(answer), bad(message), JSON.stringify(body));
    }
    const { value } = await host.api('GET', '/pairing-codes');
    assert.deepEqual(
      value.pairingCodes.map(({ id, attemptsLeft }) => ({ id, attemptsLeft })),
      [{ id: code.id, attemptsLeft: 5 }],
    );
  });

  test('8: no code, and a code whose tries are used up', async () => {
    const code = await newCode();
    for (let i = 0; i < 5; i += 1) {
      const { status, value } = await host.post('/pair/code', hello());
      assert.equal(status, 200);
      assert.deepEqual(Object.keys(value), ['confirm', 'exchange', 'share', 'v']);
      assert.equal(value.v, 2);
    }
    const source = newSource();
    assert.deepEqual(error(await host.post('/pair/code', hello(), source)), invalid);
    assert.deepEqual(error(await host.post('/pair/code', hello(), source)), limited, 'cools down');
    assert.equal((await host.api('DELETE', `/pairing-codes/${code.id}`)).status, 200);
    assert.deepEqual(error(await host.post('/pair/code', hello())), invalid);
  });

  test('a share that is w·M is a try, and no more is said', async () => {
    const { passwordScalar } = await import('./lib/client.mjs');
    const { secp256k1 } = await import(
      '../../clients/typescript/node_modules/@noble/curves/secp256k1.js'
    );
    const code = await newCode();
    const w = BigInt(`0x${Buffer.from(passwordScalar(code.code)).toString('hex')}`);
    const point = secp256k1.ProjectivePoint.fromHex(Buffer.from(SPAKE2_POINTS.M)).multiply(w);
    const own = base64url(point.toRawBytes(true));
    assert.deepEqual(error(await host.post('/pair/code', hello({ share: own }))), invalid);
    const { value } = await host.api('GET', '/pairing-codes');
    assert.equal(value.pairingCodes[0].attemptsLeft, 4);
  });
});

describe('POST /pair/confirm', () => {
  /** The first step with the right code, and what would confirm it. */
  async function begun(code, source = newSource()) {
    const side = new Spake2('phone', code);
    const mine = base64url(side.share);
    const { value } = await host.post('/pair/code', hello({ share: mine }), source);
    const keys = side.finish(new Uint8Array(Buffer.from(value.share, 'base64url')), names);
    assert.equal(value.confirm, base64url(keys.confirmHost));
    const confirm = base64url(keys.confirmPhone);
    return { source, body: { v: 2, exchange: value.exchange, confirm } };
  }

  test('1 to 4: as above', async () => {
    const source = newSource();
    assert.deepEqual(error(await host.post('/pair/confirm', {}, source, relayed)), lanOnly);
    for (const [body, message] of [
      ['{}', 'Invalid pairing request'],
      [{ v: 1 }, 'Unsupported version'],
      [{ v: 2, exchange: 'x' }, 'Invalid pairing request'],
      [{ v: 2, exchange: 1, confirm: 'x' }, 'Invalid pairing request'],
    ]) {
      assert.deepEqual(error(await host.post('/pair/confirm', body, source)), bad(message));
    }
    assert.deepEqual(error(await host.post('/pair/confirm', {}, source)), limited);
  });

  test('5: exchanges that are unknown, of another source, or of another code', async () => {
    const code = await newCode();
    const { body, source } = await begun(code.code);
    assert.deepEqual(
      error(await host.post('/pair/confirm', { ...body, exchange: code.id })),
      invalid,
    );
    assert.deepEqual(error(await host.post('/pair/confirm', body)), invalid, 'another source');
    await newCode();
    assert.deepEqual(error(await host.post('/pair/confirm', body, source)), invalid);
  });

  test('6: a locked identity costs nothing', async () => {
    const code = await newCode();
    const { body, source } = await begun(code.code);
    await host.api('POST', '/identity/lock', {});
    assert.deepEqual(error(await host.post('/pair/confirm', body, source)), {
      status: 503,
      error: 'identity_locked',
      message: 'The identity is locked.',
      code: 'identity_locked',
      hint: "Unlock it with 'kronborg unlock'.",
    });
    const refused = await host.api('POST', '/pairing-codes', { agentId: host.agent.id });
    assert.equal(refused.value.code, 'identity_locked');
    await host.api('POST', '/identity/unlock', {});
    assert.equal((await host.post('/pair/confirm', body, source)).status, 200);
    assert.deepEqual(error(await host.post('/pair/confirm', body, source)), invalid);
  });

  test('7: a wrong confirmation spends the exchange, and a guess is found out by the phone', async () => {
    const code = await newCode();
    const { body, source } = await begun(code.code);
    const wrong = { ...body, confirm: base64url(random(32)) };
    assert.deepEqual(error(await host.post('/pair/confirm', wrong, source)), invalid);
    assert.deepEqual(error(await host.post('/pair/confirm', body, source)), limited);
    const guess = { host: host.url, code: wrongCode(code.code), ...names };
    await assert.rejects(pairWithCode(guess, { fetch: fetchBy(newSource()) }), {
      code: 'host_not_confirmed',
    });
    const right = { host: host.url, code: code.code, ...names };
    const paired = await pairWithCode(right, { fetch: fetchBy(newSource()) });
    assert.equal(await host.opens(paired.apiKey), 'ok');
  });
});

describe('POST /pair/unpair', () => {
  test('is for keys of phones alone', async () => {
    const other = await host.server.mint('another');
    const asked = (key) =>
      host.post('/pair/unpair', '', newSource(), { headers: { Authorization: `Bearer ${key}` } });
    assert.deepEqual(
      error(await asked(other.key)),
      phone(403, 'not_paired_device', 'This key does not belong to a paired device.'),
    );
    assert.equal(await host.opens(other.key), 'ok');
    assert.equal((await host.post('/pair/unpair', '')).status, 401);
    assert.equal((await asked('osk-v1.a.b')).status, 401);
  });
});

describe('a code of the owner', () => {
  test('is for the only agent, for the master in words, and one at a time', async () => {
    const ask = (body) => host.api('POST', '/pairing-codes', body);
    assert.equal((await ask({})).value.code, 'agent_ambiguous');
    assert.equal((await ask({ agentId: host.agent.id, master: true })).status, 400);
    assert.equal((await ask({ agentId: '00000000-0000-4000-8000-000000000000' })).status, 404);
    const first = await newCode();
    const second = await newCode({ label: 'for the tablet' });
    const { value } = await host.api('GET', '/pairing-codes');
    assert.deepEqual(value.pairingCodes.map(({ id, label }) => ({ id, label })), [
      { id: second.id, label: 'for the tablet' },
    ]);
    assert.equal((await host.api('DELETE', `/pairing-codes/${first.id}`)).status, 404);
  });
});
