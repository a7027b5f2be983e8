// Request tokens (docs/protocol/identity.md section 11).
import assert from 'node:assert/strict';
import { describe as suite, test } from 'node:test';

import {
  MasterKey,
  MemoryPolicy,
  PREFIX,
  SigningKey,
  SoftwareDevice,
  readRequestToken,
  signRequestToken,
  signedFetch,
  verifyRequestToken,
} from '@kronborg/client';
import { bytes, codeOfAsync, hex, stoppedClock, text, vectors } from './support.mjs';

const rows = vectors('request_token');

/** The host of the vectors as a state; what it was asked to take is in `taken`. */
function hostOf(name) {
  const given = rows.hosts[name];
  const addresses = given.agents.map(({ address }) => address);
  const { master, whitelist } = given;
  const taken = [];
  const indices = new Map(given.agents.map(({ address, index }) => [address.toLowerCase(), index]));
  return {
    policy: new MemoryPolicy({ master, agents: addresses, whitelist, revoked: [], thresholds: {} }),
    master,
    agentIndex: (address) => indices.get(address),
    now: given.now,
    processStart: given.process_start,
    hostNames: given.host_names,
    allowUnattested: given.allow_unattested,
    device: (id, issuer) => {
      const found = given.devices.find(
        (one) => one.dev === id && one.issuer.toLowerCase() === issuer,
      );
      return (
        found && {
          kind: found.kind,
          publicKey: found.public_key_hex ? bytes(found.public_key_hex) : undefined,
          revoked: found.revoked,
          appId: found.app_id ?? undefined,
          signCount: found.sign_count ?? undefined,
        }
      );
    },
    take: (use) => {
      const last = given.last_cnt[`${use.issuer}|${use.device}`];
      if (last !== undefined && use.counter <= BigInt(last)) return false;
      taken.push(use);
      return true;
    },
    taken,
  };
}

suite('cases', () => {
  for (const { id, class: kind, note, host: name, method, path, token, expect } of rows.cases) {
    test(`${id} ${kind}: ${note}`, () => {
      const host = hostOf(name);
      const verdict = verifyRequestToken(token, { method, path }, host);
      assert.equal(verdict.outcome, expect.outcome);
      if (expect.outcome === 'refused') {
        assert.equal(verdict.code, expect.code);
        assert.equal(verdict.reason, expect.reason);
        assert.equal(host.taken.length, 0);
        return;
      }
      assert.equal(verdict.issuer, expect.issuer);
      assert.equal(verdict.device, expect.dev);
      assert.equal(String(verdict.counter), expect.cnt);
      assert.deepEqual(verdict.scope, expect.scope);
      assert.equal(verdict.signCount, expect.sign_count ?? undefined);
      assert.equal(host.taken.length, 1);
    });
  }
  test('every code of section 11 is met', () => {
    const codes = new Set(rows.cases.map(({ expect }) => expect.code).filter(Boolean));
    assert.equal(codes.size, 22);
  });
});

suite('emit', () => {
  for (const row of rows.emit) {
    test(row.name, () => {
      const key = bytes(row.private_key_hex);
      const signer = SigningKey.fromBytes('agent', key);
      assert.equal(hex(signer.sign(PREFIX.message, row.payload_text)), row.signature_hex);
      const read = readRequestToken(row.token);
      assert.equal(text(read.payload), row.payload_text);
      assert.equal(read.issuer, signer.address);
      const [head] = row.token.split('.');
      assert.equal(text(Buffer.from(head, 'base64url')), row.header_text);
    });
  }
  test('the members and texts of a token that is signed here', () => {
    const row = rows.emit.find(({ name }) => name === 'agent');
    const claims = JSON.parse(row.payload_text);
    const device = SoftwareDevice.fromBytes(bytes('44'.repeat(32)));
    const [method, path] = claims.act.split(' ');
    const token = signRequestToken({
      signer: SigningKey.fromBytes('agent', bytes(row.private_key_hex)),
      device,
      method,
      path,
      counter: BigInt(/"cnt":([0-9]+)/.exec(row.payload_text)[1]),
      issuedAt: claims.iat,
      audience: claims.aud,
      parent: { master: claims.par, index: claims.idx },
    });
    const [head, payload] = token.split('.').map((part) => text(Buffer.from(part, 'base64url')));
    assert.equal(head, row.header_text);
    const withDevice = row.payload_text.replace(`"dev":"${claims.dev}"`, `"dev":"${device.id}"`);
    const withEnd = withDevice.replace(/"exp":[0-9]+/, `"exp":${claims.iat + 60}`);
    assert.equal(payload, withEnd);
  });
});

suite('signedFetch', () => {
  const clock = stoppedClock(1767225630_500);
  const master = MasterKey.fromBytes(bytes('55'.repeat(32)));
  const device = SoftwareDevice.fromBytes(bytes('66'.repeat(32)));
  const last = new Map();
  const host = {
    policy: new MemoryPolicy({
      master: master.address,
      agents: [master.agentKey('', 7).address],
      whitelist: { master: [], agents: {} },
      revoked: [],
      thresholds: {},
    }),
    master: master.address,
    agentIndex: () => 7,
    now: 1767225631,
    processStart: 1767225000.2,
    hostNames: ['host.example:8443'],
    allowUnattested: false,
    device: (id) =>
      id === device.id
        ? { kind: 'software', publicKey: device.publicKey, revoked: false }
        : undefined,
    take: ({ issuer, device: id, counter }) => {
      const place = `${issuer} ${id}`;
      if ((last.get(place) ?? -1n) >= counter) return false;
      last.set(place, counter);
      return true;
    },
  };
  const seen = [];
  const fetch = async (url, init) => {
    seen.push({
      url: String(url),
      init,
      token: init.headers.get('authorization').slice('Bearer '.length),
    });
    return new Response('{}');
  };

  test('each request has a token that is accepted once, for that request', async () => {
    const ask = signedFetch({ signer: master.signer(), device, clock, fetch });
    await ask('https://host.example:8443/v1/models?limit=3');
    await ask(new URL('https://host.example:8443/v1/chat'), { method: 'post', body: '{}' });
    const [get, post] = seen;
    assert.equal(get.init.redirect, 'manual');
    const getAt = { method: 'GET', path: '/v1/models' };
    assert.equal(
      verifyRequestToken(get.token, { method: 'POST', path: '/v1/models' }, host).code,
      'request_token_action',
    );
    const accepted = verifyRequestToken(get.token, getAt, host);
    assert.deepEqual([accepted.outcome, accepted.scope], ['accepted', { kind: 'master' }]);
    assert.equal(verifyRequestToken(get.token, getAt, host).code, 'request_token_replayed');
    assert.equal(
      verifyRequestToken(post.token, { method: 'POST', path: '/v1/chat' }, host).outcome,
      'accepted',
    );
  });

  test('a token of the second in which the host started is refused', async () => {
    const signer = master.signer();
    const at = { audience: 'host.example:8443', method: 'GET', path: '/start', device, signer };
    const judge = (issuedAt) => {
      const token = signRequestToken({ ...at, issuedAt, counter: 2n ** 63n + BigInt(issuedAt) });
      const started = { ...host, now: 1767225010 };
      return verifyRequestToken(token, { method: 'GET', path: '/start' }, started).code;
    };
    assert.equal(judge(1767225000), 'request_token_before_start');
    assert.equal(judge(1767225001), undefined);
  });

  test('an agent names its master and index', async () => {
    const parent = { master: master.address, index: 7 };
    const signer = master.agentKey('', 7);
    const ask = signedFetch({ signer, device, parent, clock, fetch });
    await ask('https://host.example:8443/x');
    const verdict = verifyRequestToken(seen.at(-1).token, { method: 'GET', path: '/x' }, host);
    assert.deepEqual(verdict.scope, { kind: 'agents', agents: [signer.address] });
  });

  test('an authorization of the caller is not overwritten in silence', async () => {
    const ask = signedFetch({ signer: master.signer(), device, clock, fetch });
    const headers = { Authorization: 'Bearer other' };
    assert.equal(
      await codeOfAsync(() => ask('https://host.example/', { headers })),
      'authorization_given',
    );
  });
});
