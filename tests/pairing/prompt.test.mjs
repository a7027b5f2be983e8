// What becomes of a request that waits: approved, denied, withdrawn, too many, too late.
import assert from 'node:assert/strict';
import http from 'node:http';
import { join } from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';

import { error, PairingHost, startStepped } from './lib/host.mjs';

const denied = { status: 403, error: 'Pairing denied', code: 'pairing_denied' };

describe('a request that waits', () => {
  let host;
  before(async () => (host = await PairingHost.start()));
  after(() => host?.end());
  afterEach(async () => {
    for (const request of await host.pending()) await host.decide(request.id, 'deny', {});
  });

  test('is denied: the source cools down, and nothing is minted', async () => {
    const { request, source } = await host.goodPair();
    const answer = host.post('/pair', request, source);
    const [pending] = await host.untilPending(1);
    assert.equal((await host.decide(pending.id, 'deny')).status, 200);
    assert.deepEqual(error(await answer), denied);
    const refused = await host.get('/pair/challenge', source);
    assert.equal(refused.status, 429);
    const seconds = Number(refused.headers['retry-after']);
    assert.ok(seconds > 20 && seconds <= 30, `Retry-After ${seconds}`);
    assert.equal((await host.keys('pairing')).length, 0);
  });

  test('is decided once', async () => {
    const { request, source } = await host.goodPair();
    const answer = host.post('/pair', request, source);
    const [pending] = await host.untilPending(1);
    const decisions = await Promise.all(
      Array.from({ length: 64 }, (_, i) =>
        host.decide(pending.id, i % 2 ? 'approve' : 'deny', {}),
      ),
    );
    assert.equal(decisions.filter(({ status }) => status === 200).length, 1);
    for (const { status, value } of decisions) {
      if (status !== 200) assert.equal(value.code, 'pairing_decided');
    }
    const { status } = await answer;
    const won = decisions.findIndex((one) => one.status === 200);
    assert.equal(status, won % 2 ? 200 : 403);
    assert.equal((await host.decide(host.agent.id, 'approve', {})).status, 404);
  });

  test('is withdrawn when the connector hangs up', async () => {
    const { request, source } = await host.goodPair();
    const leaves = new AbortController();
    const answer = host.post('/pair', request, source, { signal: leaves.signal });
    const [pending] = await host.untilPending(1);
    const before = (await host.keys('pairing')).length;
    leaves.abort();
    await assert.rejects(answer);
    await host.untilPending(0);
    assert.equal((await host.decide(pending.id, 'approve', {})).value.code, 'pairing_decided');
    assert.equal((await host.keys('pairing')).length, before);
  });

  test('is the only one of its source', async () => {
    const first = await host.goodPair();
    const waiting = host.post('/pair', first.request, first.source);
    const [pending] = await host.untilPending(1);
    const second = await host.goodPair({ source: first.source });
    assert.deepEqual(error(await host.post('/pair', second.request, first.source)), {
      status: 429,
      error: 'Another pairing request is in progress. Try again shortly.',
      code: 'pairing_busy',
    });
    await host.decide(pending.id, 'approve', {});
    assert.equal((await waiting).status, 200);
  });

  test('is one of eight at most, and those that came first are still answered', async () => {
    const asked = [];
    for (let i = 0; i < 8; i += 1) {
      const { request, source } = await host.goodPair();
      asked.push(host.post('/pair', request, source));
      await host.untilPending(i + 1);
    }
    const flood = await Promise.all(
      Array.from({ length: 40 }, async () => {
        const { request, source } = await host.goodPair();
        return host.post('/pair', request, source);
      }),
    );
    assert.deepEqual([...new Set(flood.map(({ value }) => value.code))], ['pairing_busy']);
    const pending = await host.pending();
    assert.equal(pending.length, 8);
    for (const { id } of pending) assert.equal((await host.decide(id, 'approve', {})).status, 200);
    for (const answer of asked) assert.equal((await answer).status, 200);
  });

  test('ends with its agent', async () => {
    const agent = await host.created('/agents', { name: 'short-lived' });
    await host.api('PATCH', `/agents/${agent.id}`, { shared: true });
    const { request, source } = await host.goodPair({ changes: { agentId: agent.id } });
    const answer = host.post('/pair', request, source);
    await host.untilPending(1);
    const code = await host.created('/pairing-codes', { agentId: agent.id });
    const invite = await host.created('/invites', { agentId: agent.id });
    await host.api('POST', `/agents/${agent.id}/rotate`, {});
    assert.deepEqual(error(await answer), denied);
    assert.equal((await host.get('/pair/challenge', source)).status, 200, 'no cooldown');
    assert.equal((await host.api('DELETE', `/pairing-codes/${code.id}`)).status, 404);
    const { value } = await host.api('GET', '/invites');
    assert.equal(value.invites.find(({ nonce }) => nonce === invite.nonce).status, 'revoked');
  });

  test('is told of in the event stream', async () => {
    const heard = [];
    const path = join(host.home.data, 'kronborg.sock');
    const stream = http.get({ socketPath: path, path: '/api/v1/events' });
    const [answer] = await new Promise((resolve) => stream.on('response', (...all) => resolve(all)));
    const types = new Promise((resolve) => {
      let text = '';
      answer.on('data', (part) => {
        text += part;
        for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
          const lines = text.slice(0, end).split('\n');
          text = text.slice(end + 2);
          const kind = lines.find((line) => line.startsWith('event: '))?.slice(7);
          const data = lines.find((line) => line.startsWith('data: '))?.slice(6);
          if (kind === 'pairing') heard.push(JSON.parse(data).type);
        }
        if (heard.length === 4) resolve(heard);
      });
    });
    const first = await host.goodPair();
    const approved = host.post('/pair', first.request, first.source);
    await host.decide((await host.untilPending(1))[0].id, 'approve', {});
    await approved;
    const second = await host.goodPair();
    const refused = host.post('/pair', second.request, second.source);
    await host.decide((await host.untilPending(1))[0].id, 'deny', {});
    await refused;
    assert.deepEqual(await types, [
      'pairing.request',
      'pairing.approve',
      'pairing.request',
      'pairing.deny',
    ]);
    stream.destroy();
  });

  test('is refused while the identity is locked', async () => {
    const { request, source } = await host.goodPair();
    await host.api('POST', '/identity/lock', {});
    assert.deepEqual(error(await host.post('/pair', request, source)), {
      status: 503,
      error: 'The identity is locked.',
      code: 'identity_locked',
      hint: "Unlock it with 'kronborg unlock'.",
    });
    await host.api('POST', '/identity/unlock', {});
  });
});

test('a host that stops denies what waits', async () => {
  const host = await PairingHost.start();
  try {
    const { request, source } = await host.goodPair();
    const answer = host.post('/pair', request, source);
    await host.untilPending(1);
    await host.server.stop();
    assert.deepEqual(error(await answer), denied);
  } finally {
    host.home.remove();
  }
});

test('nobody answers for 120 seconds: a denial without cooldown', async () => {
  const stepped = await startStepped();
  try {
    const { request, source } = await stepped.host.goodPair();
    const late = await stepped.host.goodPair();
    const answer = stepped.host.post('/pair', request, source);
    await stepped.host.untilPending(1);
    stepped.forward(121);
    assert.deepEqual(error(await answer), denied);
    assert.equal((await stepped.host.get('/pair/challenge', source)).status, 200);
    assert.equal(
      (await stepped.host.post('/pair', late.request, late.source)).value.code,
      'pairing_challenge_invalid',
    );
  } finally {
    await stepped.host.end();
  }
});
