// Six-digit pairing (docs/protocol/pairing.md section 5).
import assert from 'node:assert/strict';
import { describe as suite, test } from 'node:test';

import {
  KronborgError,
  MasterKey,
  SPAKE2_POINTS,
  Spake2,
  greetHost,
  isShare,
  openOnPhone,
  pairWithCode,
  passwordScalar,
  readAccessKey,
  sealForPhone,
  spake2Keys,
  spake2Transcript,
  systemRandom,
  unpair,
} from '@kronborg/client';
import { PairingHost, fetchFrom } from '@kronborg/client/host';
import {
  bytes,
  codeOf,
  codeOfAsync,
  fromBase64Url,
  hex,
  scripted,
  stoppedClock,
  text,
  utf8,
  vectors,
} from './support.mjs';

const rows = vectors('spake2');
const b64u = (data) => Buffer.from(data).toString('base64url');

suite('spake2.json', () => {
  test('constants', () => {
    assert.equal(hex(SPAKE2_POINTS.M), rows.constants.M_hex);
    assert.equal(hex(SPAKE2_POINTS.N), rows.constants.N_hex);
  });
  for (const { code, w_hex } of rows.passwords) {
    test(`w of ${code}`, () => assert.equal(hex(passwordScalar(code)), w_hex));
  }
  for (const [i, row] of rows.runs.entries()) {
    const names = { deviceId: row.device_id, deviceName: row.device_name };
    test(`run ${i}: both sides`, () => {
      const phone = new Spake2('phone', row.code, systemRandom, bytes(row.phone_secret_hex));
      const host = new Spake2('host', row.code, systemRandom, bytes(row.host_secret_hex));
      assert.deepEqual(
        [hex(phone.share), b64u(phone.share)],
        [row.phone_share_hex, row.phone_share],
      );
      assert.deepEqual([hex(host.share), b64u(host.share)], [row.host_share_hex, row.host_share]);
      for (const keys of [phone.finish(host.share, names), host.finish(phone.share, names)]) {
        assert.equal(hex(keys.session), row.session_key_hex);
        assert.equal(b64u(keys.confirmHost), row.confirm_host);
        assert.equal(b64u(keys.confirmPhone), row.confirm_phone);
      }
    });
    test(`run ${i}: transcript and payload`, () => {
      const transcript = spake2Transcript({
        names,
        pA: bytes(row.phone_share_hex),
        pB: bytes(row.host_share_hex),
        K: bytes(row.K_hex),
        w: bytes(row.w_hex),
      });
      assert.equal(hex(transcript), row.transcript_hex);
      assert.equal(transcript.length, row.transcript_length);
      const keys = spake2Keys(transcript);
      assert.equal(hex(keys.confirmHost), row.confirm_host_hex);
      assert.equal(hex(keys.confirmPhone), row.confirm_phone_hex);
      const random = scripted(bytes(row.payload_nonce_hex));
      assert.equal(
        sealForPhone(keys.session, row.device_id, utf8(row.payload), random),
        row.sealed,
      );
      assert.equal(text(openOnPhone(keys.session, row.device_id, row.sealed)), row.payload);
    });
  }
  for (const row of rows.mismatches) {
    test(`mismatch: ${row.name}`, () => {
      const side = (role, given, secret) => ({
        side: new Spake2(role, given.code, systemRandom, bytes(secret)),
        names: { deviceId: given.device_id, deviceName: given.device_name },
      });
      const phone = side('phone', row.phone, row.phone_secret_hex);
      const host = side('host', row.host, row.host_secret_hex);
      const sent = phone.side.finish(host.side.share, phone.names);
      const expected = host.side.finish(phone.side.share, host.names);
      assert.equal(b64u(sent.confirmPhone), row.confirm_sent_by_phone);
      assert.equal(b64u(expected.confirmPhone), row.confirm_expected_by_host);
      assert.notDeepEqual(sent.confirmHost, expected.confirmHost);
    });
  }
  for (const { name, share_hex } of rows.invalid_shares) {
    test(`no share: ${name}`, () => {
      assert.equal(isShare(bytes(share_hex)), false);
      const names = { deviceId: 'd', deviceName: 'n' };
      const finish = () => new Spake2('host', '123456').finish(bytes(share_hex), names);
      assert.equal(codeOf(finish), 'invalid_share');
    });
  }
  test('a share equal to w·M', () => {
    const { code, share_hex } = rows.wrong_code_share;
    assert.equal(isShare(bytes(share_hex)), true);
    const finish = () =>
      new Spake2('host', code).finish(bytes(share_hex), { deviceId: 'd', deviceName: 'n' });
    assert.equal(codeOf(finish), 'invalid_code');
  });
  for (const { name, session_key_hex, device_id, sealed } of rows.must_not_open) {
    test(`must not open: ${name}`, () => {
      assert.equal(openOnPhone(bytes(session_key_hex), device_id, sealed), undefined);
    });
  }
});

const master = MasterKey.fromBytes(bytes('12'.repeat(32)));
const signer = master.agentKey('', 0);
const agent = {
  id: '55a8b013-ee85-4c5e-ade9-7c26b30cc741',
  name: 'Writer',
  signer,
  isShared: true,
};

function scene(source = '192.168.1.20') {
  const clock = stoppedClock(1767225600_000);
  const host = new PairingHost({
    masterAddress: master.address,
    agents: [agent],
    hostName: 'studio',
    clock,
    origin: 'http://localhost:1337',
    approve: async () => 'denied',
  });
  return { clock, host, fetch: fetchFrom(host, source) };
}

const phone = { host: 'http://localhost:1337', deviceId: 'device-1', deviceName: 'Phone' };
const post = (fetch, path, body) =>
  fetch(`http://localhost:1337${path}`, { method: 'POST', body: JSON.stringify(body) });

suite('a phone and a host', () => {
  test('pair by a code, once', async () => {
    const { host, fetch } = scene();
    assert.deepEqual(await greetHost(phone.host, { fetch }), { name: 'studio', pairing: false });
    const code = host.codes.issue(agent);
    assert.match(code, /^[0-9]{6}$/);
    const paired = await pairWithCode({ ...phone, code }, { fetch });
    assert.equal(paired.hostName, 'studio');
    assert.deepEqual(paired.agents, [
      { address: signer.address.toLowerCase(), id: agent.id, name: 'Writer' },
    ]);
    const { payload } = readAccessKey(paired.apiKey);
    assert.equal(payload.aud, signer.address);
    assert.equal(paired.keyExpiresAt, payload.exp);
    assert.equal(host.codes.isLive, false);
    assert.equal(
      await codeOfAsync(() => pairWithCode({ ...phone, code }, { fetch })),
      'invalid_code',
    );
    await unpair(phone.host, paired.apiKey, { fetch });
    assert.equal(host.issued[0].revokedReason, 'unpaired');
    assert.equal(
      await codeOfAsync(() => unpair(phone.host, paired.apiKey, { fetch })),
      'not_paired_device',
    );
  });

  test('a later pairing of the device replaces its key', async () => {
    const { clock, host, fetch } = scene();
    for (let i = 0; i < 2; i += 1) {
      await pairWithCode({ ...phone, code: host.codes.issue(agent) }, { fetch });
      clock.now += 61_000;
    }
    assert.deepEqual(
      host.issued.map(({ revokedReason }) => revokedReason),
      ['paired again', undefined],
    );
  });

  test('a phone with another code sends no confirmation', async () => {
    const { host, fetch } = scene();
    host.codes.open(agent, '123456');
    const asked = [];
    const watching = (url, init) => {
      asked.push(new URL(url).pathname);
      return fetch(url, init);
    };
    const refused = await codeOfAsync(() =>
      pairWithCode({ ...phone, code: '123457' }, { fetch: watching }),
    );
    assert.equal(refused, 'host_not_confirmed');
    assert.deepEqual(asked, ['/pair/code']);
    assert.equal(host.issued.length, 0);
  });

  test('five exchanges use a code up, and so do five minutes', async () => {
    const { clock, host, fetch } = scene();
    const code = host.codes.open(agent, '123456');
    for (let i = 0; i < 5; i += 1) {
      assert.equal(host.codes.isLive, true);
      await assert.rejects(pairWithCode({ ...phone, code: '000000' }, { fetch }), KronborgError);
      clock.now += 20_000;
    }
    assert.equal(host.codes.isLive, false);
    assert.equal(
      await codeOfAsync(() => pairWithCode({ ...phone, code }, { fetch })),
      'invalid_code',
    );
    host.codes.open(agent, '123456');
    clock.now += 299_999;
    assert.equal(host.codes.isLive, true);
    clock.now += 1;
    assert.equal(host.codes.isLive, false);
  });

  test('rows of the code route', async () => {
    const good = { v: 2, deviceId: 'd', deviceName: 'n', share: rows.runs[0].phone_share };
    for (const [changes, message] of [
      [{ v: 1 }, 'Unsupported version'],
      [{ v: '2' }, 'Invalid pairing request'],
      [{ deviceId: '' }, 'Missing device id or name'],
      [{ deviceName: 7 }, 'Missing device id or name'],
      [{ deviceName: ' n' }, 'Invalid pairing request'],
      [{ deviceId: 'd\u0085' }, 'Invalid pairing request'],
      [{ deviceId: 'd'.repeat(129) }, 'Invalid pairing request'],
      [{ deviceName: 'n'.repeat(257) }, 'Invalid pairing request'],
      [{ share: 'AA' }, 'Invalid key share'],
      [
        { share: rows.invalid_shares.find(({ name }) => name === 'x of no point').share },
        'Invalid key share',
      ],
    ]) {
      const { host, fetch } = scene();
      host.codes.open(agent, '123456');
      const answer = await post(fetch, '/pair/code', { ...good, ...changes });
      const expected = { code: 'bad_request', error: 'bad_request', message };
      assert.deepEqual(
        [answer.status, await answer.json()],
        [400, expected],
        JSON.stringify(changes),
      );
    }
    const far = scene('8.8.8.8');
    const answer = await post(far.fetch, '/pair/code', good);
    assert.deepEqual(
      [answer.status, await answer.json()],
      [403, { code: 'lan_only', error: 'lan_only' }],
    );
    const wrong = {
      code: 'invalid_code',
      error: 'invalid_code',
      message: 'That code is wrong or has expired.',
    };
    const none = await post(scene().fetch, '/pair/code', good);
    assert.deepEqual([none.status, await none.json()], [401, wrong]);
  });

  test('a confirmation counts once, and from the same source', async () => {
    const { host, fetch } = scene();
    host.codes.open(agent, '123456');
    const names = { deviceId: 'd', deviceName: 'n' };
    const side = new Spake2('phone', '123456');
    const begun = await (
      await post(fetch, '/pair/code', { v: 2, ...names, share: b64u(side.share) })
    ).json();
    const { confirmPhone } = side.finish(fromBase64Url(begun.share), names);
    const proof = { v: 2, exchange: begun.exchange, confirm: b64u(confirmPhone) };
    const elsewhere = fetchFrom(host, '192.168.1.21');
    assert.equal((await post(elsewhere, '/pair/confirm', proof)).status, 401);
    const wrong = { ...proof, confirm: b64u(new Uint8Array(32)) };
    assert.equal((await post(fetch, '/pair/confirm', wrong)).status, 401);
    assert.equal(host.issued.length, 0);
  });

  test('a code has six digits', async () => {
    const { fetch } = scene();
    for (const code of ['12345', '1234567', '12345a', '１２３４５６']) {
      assert.equal(
        await codeOfAsync(() => pairWithCode({ ...phone, code }, { fetch })),
        'code_malformed',
      );
    }
  });
});
