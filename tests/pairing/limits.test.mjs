// The limits of docs/protocol/pairing.md section 1.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { newSource, PairingHost, startStepped } from './lib/host.mjs';

let host;
before(async () => (host = await PairingHost.start()));
after(() => host?.end());

test('five tries over all ways together', async () => {
  const source = newSource();
  assert.equal((await host.get('/pair/challenge', source)).status, 200);
  for (const path of ['/pair', '/pair/code', '/pair/confirm', '/pair-invite']) {
    assert.equal((await host.post(path, '[', source)).status, 400, path);
  }
  for (const path of ['/pair', '/pair/code', '/pair/confirm', '/pair-invite']) {
    const refused = await host.post(path, '[', source);
    assert.equal(refused.status, 429, path);
    assert.equal(
      refused.text,
      '{"code":"pairing_rate_limited","error":"Too many pairing attempts. Try again shortly."}',
    );
  }
  assert.equal((await host.get('/pair/challenge', source)).status, 429);
  assert.equal((await host.get('/pair/hello', source)).status, 200, 'hello is not an attempt');
  assert.equal((await host.get('/pair/challenge')).status, 200, 'others are not touched');
});

test('the window slides, and what was refused is not counted', async () => {
  const stepped = await startStepped();
  try {
    const source = newSource();
    const ask = async () => (await stepped.host.get('/pair/challenge', source)).status;
    for (let i = 0; i < 3; i += 1) assert.equal(await ask(), 200);
    stepped.forward(30);
    for (let i = 0; i < 2; i += 1) assert.equal(await ask(), 200);
    for (let i = 0; i < 5; i += 1) assert.equal(await ask(), 429);
    stepped.forward(62);
    for (let i = 0; i < 3; i += 1) assert.equal(await ask(), 200);
    assert.equal(await ask(), 429);
  } finally {
    await stepped.host.end();
  }
});

test('ten thousand sources: a good request still comes before the owner', async () => {
  const waves = 100;
  for (let wave = 0; wave < waves; wave += 1) {
    const answers = await Promise.all(
      Array.from({ length: 100 }, () => host.get('/pair/challenge')),
    );
    for (const { status } of answers) assert.equal(status, 200);
  }
  const { request, source } = await host.goodPair();
  const answer = host.post('/pair', request, source);
  const [pending] = await host.untilPending(1);
  assert.equal(pending.connectorAddress, request.connectorAddress);
  await host.decide(pending.id, 'approve', {});
  assert.equal((await answer).status, 200);
});
