// Access keys (docs/protocol/identity.md sections 5 to 8).
import assert from 'node:assert/strict';
import { describe as suite, test } from 'node:test';

import {
  MemoryPolicy,
  PREFIX,
  SigningKey,
  accessKeyHint,
  envelopeDigest,
  expiryOf,
  isLegacy,
  keyLabel,
  mintAccessKey,
  nextCounter,
  readAccessKey,
  thresholdAfter,
  verifyAccessKey,
} from '@kronborg/client';
import { bytes, codeOf, hex, text, vectors } from './support.mjs';

const rows = vectors('access_keys');
const big = (value) => (value === null ? undefined : BigInt(value));

const authorities = Object.fromEntries(
  Object.entries(rows.authorities).map(([name, { now, thresholds, ...data }]) => {
    const counters = Object.entries(thresholds).map(([issuer, value]) => [issuer, BigInt(value)]);
    return [
      name,
      { now, policy: new MemoryPolicy({ ...data, thresholds: Object.fromEntries(counters) }) },
    ];
  }),
);

suite('cases', () => {
  for (const { id, class: kind, note, authority, token, expect } of rows.cases) {
    test(`${id} ${kind}: ${note}`, () => {
      const { policy, now } = authorities[authority];
      const verdict = verifyAccessKey(token, policy, now);
      assert.equal(verdict.outcome, expect.outcome);
      if (expect.outcome !== 'valid') {
        assert.equal(verdict.code, expect.code);
        if (expect.reason !== undefined) assert.equal(verdict.reason, expect.reason);
        return;
      }
      const { issuer, audience, scope, nonce, counter, expiresAt, label } = verdict;
      const shown = {
        issuer,
        audience,
        scope,
        nonce,
        cnt: String(counter),
        exp: expiresAt ?? null,
        label,
      };
      const wanted = { exp: null, ...expect };
      for (const name of Object.keys(shown)) assert.equal(shown[name], wanted[name], name);
    });
  }
  test('every code of section 6 is met', () => {
    const codes = new Set(rows.cases.map(({ expect }) => expect.code).filter(Boolean));
    assert.equal(codes.size, 11);
  });
});

suite('minting', () => {
  for (const row of rows.emit) {
    test(row.name, () => {
      const { aud, cnt, exp, iat, lbl, nonce } = row.fields;
      const kind = aud === rows.authorities.base.master ? 'master' : 'agent';
      const signer = SigningKey.fromBytes(kind, bytes(row.private_key_hex));
      const minted = mintAccessKey({
        signer,
        audience: aud,
        counter: BigInt(cnt),
        issuedAt: iat,
        expiresAt: exp,
        label: lbl,
        nonce,
      });
      const [, payload] = minted.token.split('.');
      assert.equal(text(Buffer.from(payload, 'base64url')), row.payload_text);
      assert.equal(hex(envelopeDigest(PREFIX.access, row.payload_text)), row.digest_hex);
      assert.equal(minted.token, row.token);
      assert.equal(minted.hint, row.hint);
      assert.equal(accessKeyHint(row.token), row.hint);
    });
  }
  test('what is minted reads back, and a nonce is drawn', () => {
    const signer = SigningKey.fromBytes('agent', bytes('22'.repeat(32)));
    const order = { signer, counter: 2n ** 64n - 1n, issuedAt: 1767225600, label: 'ø/"' };
    const minted = mintAccessKey(order);
    const read = readAccessKey(minted.token);
    assert.equal(read.issuer, signer.address);
    assert.equal(read.payload.cnt, 2n ** 64n - 1n);
    assert.equal(read.payload.lbl, 'ø/"');
    assert.match(read.payload.nonce, /^[0-9a-f]{12}4[0-9a-f]{3}[89ab][0-9a-f]{15}$/);
    assert.notEqual(mintAccessKey(order).payload.nonce, read.payload.nonce);
  });
  test('a key that would be too large is not made', () => {
    const signer = SigningKey.fromBytes('agent', bytes('22'.repeat(32)));
    const order = { signer, counter: 1n, issuedAt: 1, nonce: 'n'.repeat(8000) };
    assert.equal(
      codeOf(() => mintAccessKey(order)),
      'key_too_large',
    );
  });
});

suite('rules around keys', () => {
  for (const { input, output } of rows.labels) {
    test(`label ${JSON.stringify(input.slice(0, 40))}`, () => {
      if (output === null)
        assert.equal(
          codeOf(() => keyLabel(input)),
          'label_invalid',
        );
      else assert.equal(keyLabel(input), output);
    });
  }
  for (const { last, threshold, now_ms, cnt } of rows.counters) {
    test(`counter after ${last} and ${threshold}`, () => {
      const state = { last: big(last), threshold: big(threshold) };
      assert.equal(nextCounter(state, BigInt(now_ms)), BigInt(cnt));
    });
  }
  test('counters end', () => {
    assert.equal(
      codeOf(() => nextCounter({ last: 2n ** 64n - 1n }, 0n)),
      'counter_exhausted',
    );
  });
  for (const { threshold_before, key_cnt, include_key, threshold_after } of rows.bulk_revocation) {
    test(`threshold ${threshold_before}, key ${key_cnt}, ${include_key ? 'with' : 'before'} it`, () => {
      const after = thresholdAfter(big(threshold_before), BigInt(key_cnt), include_key);
      assert.equal(after, big(threshold_after));
    });
  }
  for (const { iat, choice, exp } of rows.expirations) {
    test(`${choice} from ${iat}`, () => assert.equal(expiryOf(iat, choice) ?? null, exp));
  }
  for (const [i, row] of rows.legacy.entries()) {
    test(`legacy ${i}`, () => {
      const { now, agents, revoked, audience } = row;
      const facts = {
        now,
        agents,
        revoked,
        audience,
        expiresAt: row.expires_at ?? undefined,
        source: row.source ?? undefined,
      };
      assert.equal(isLegacy(facts), row.legacy);
    });
  }
  test('revoking is final and thresholds only rise', () => {
    const signer = SigningKey.fromBytes('agent', bytes('33'.repeat(32)));
    const { address } = signer;
    const whitelist = { master: [], agents: {} };
    const policy = new MemoryPolicy({
      master: `0x${'1'.repeat(40)}`,
      agents: [address],
      whitelist,
      revoked: [],
      thresholds: {},
    });
    const key = mintAccessKey({ signer, counter: 10n, issuedAt: 1 });
    assert.equal(verifyAccessKey(key.token, policy, 5).outcome, 'valid');
    policy.raiseThreshold(address, 10n);
    policy.raiseThreshold(address, 9n);
    assert.equal(verifyAccessKey(key.token, policy, 5).code, 'key_revoked');
    const next = mintAccessKey({ signer, counter: 11n, issuedAt: 1 });
    assert.equal(verifyAccessKey(next.token, policy, 5).outcome, 'valid');
    policy.revoke(address, next.payload.nonce);
    assert.equal(verifyAccessKey(next.token, policy, 5).message, 'Access key has been revoked');
  });
});
