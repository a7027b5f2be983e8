// kill -9 at random moments while keys are minted and revoked. After each restart nothing that was
// acknowledged is missing and nothing half-done is visible. KRONBORG_ROUNDS chooses how many times.
import assert from 'node:assert/strict';
import http from 'node:http';
import { after, before, test } from 'node:test';

import { Home, Server } from '../support/node/kronborg.mjs';

const rounds = Number(process.env.KRONBORG_ROUNDS ?? 200);
const writers = 4;
const seed = Number(process.env.KRONBORG_SEED ?? Math.floor(Math.random() * 2 ** 31));

/** Deterministic from the seed that is printed (mulberry32). */
function randomFrom(start) {
  let state = start;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

let home;
before(() => {
  home = new Home();
  home.ask(['init', '--keystore', 'file']);
});
after(() => home.remove());

/** Mints and revokes until the server is gone; notes what was acknowledged. */
async function write(server, known, random) {
  const agent = new http.Agent({ keepAlive: true });
  try {
    for (;;) {
      const { status, value } = await server.api(
        'POST',
        '/access-keys',
        { label: 'crash', expires: '30d' },
        agent,
      );
      if (status !== 201) break;
      const entry = {
        id: value.id,
        key: value.key,
        counter: BigInt(value.counter),
        state: 'minted',
      };
      known.set(entry.id, entry);
      if (random() < 0.5) continue;
      entry.state = 'revoking';
      const revoked = await server.api('POST', `/access-keys/${entry.id}/revoke`, {}, agent);
      if (revoked.status === 200) entry.state = 'revoked';
    }
  } catch {
    // The server was killed: what was not acknowledged may be either way.
  } finally {
    agent.destroy();
  }
}

/** Every key of the last rounds against the restarted server. */
async function check(server, known) {
  const listed = new Map();
  let cursor = '';
  for (;;) {
    const { value } = await server.api('GET', `/access-keys?all=true&limit=500${cursor}`);
    for (const record of value.accessKeys) listed.set(record.id, record);
    if (!value.hasMore) break;
    cursor = `&cursor=${encodeURIComponent(value.cursor)}`;
  }
  for (const entry of known.values()) {
    const record = listed.get(entry.id);
    assert.ok(record, `an acknowledged key is missing: ${entry.id}`);
    const answer = await server.get('/gate/verify', entry.key);
    const works = answer.status === 204;
    if (entry.state === 'minted')
      assert.ok(works, `an acknowledged key does not work: ${entry.id}`);
    if (entry.state === 'revoked') assert.ok(!works, `a revoked key works again: ${entry.id}`);
    // Never half: the record and the decision agree.
    assert.equal(record.status, works ? 'active' : 'revoked');
    entry.state = works ? 'minted' : 'revoked';
  }
  return listed.size;
}

test(`${rounds} crashes, seed ${seed}`, async (t) => {
  t.diagnostic(`seed ${seed}`);
  const random = randomFrom(seed);
  let known = new Map();
  let acknowledged = 0;
  let last = 0n;
  for (let round = 0; round < rounds; round += 1) {
    const server = await Server.start(home, []);
    if (known.size) await check(server, known);
    // Only the newest are asked each time; all of them at the end.
    if (known.size > 40) known = new Map([...known].slice(-40));
    const before = known.size;
    const writing = Array.from({ length: writers }, () => write(server, known, random));
    let over = false;
    Promise.all(writing).then(() => (over = true));
    // Not before so many are acknowledged: a slow machine gets as far as a fast one.
    const wanted = Math.floor(random() * 5);
    while (!over && known.size - before < wanted) await new Promise(setImmediate);
    const moment = 1 + Math.floor(random() * 25);
    await new Promise((resolve) => setTimeout(resolve, moment));
    await server.kill('SIGKILL');
    await Promise.all(writing);
    for (const entry of known.values()) last = entry.counter > last ? entry.counter : last;
    acknowledged += known.size - before;
  }
  const server = await Server.start(home, []);
  await check(server, known);
  const fresh = await server.mint('after');
  assert.ok(BigInt(fresh.counter) > last, 'a counter was given out twice');
  const chain = await server.api('GET', '/audit/verify');
  assert.equal(chain.value.brokenAt, undefined);
  await server.stop();
  assert.equal(home.run(['store', 'check']).code, 0);
  assert.ok(
    acknowledged > rounds,
    `${acknowledged} acknowledged operations: too few to mean anything`,
  );
});
