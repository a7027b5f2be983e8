// Rate limits (docs/protocol/http.md section 10), each made small enough to meet it.
import assert from 'node:assert/strict';
import { after, before, describe as suite, test } from 'node:test';

import { Host, must, roomy } from './lib/host.mjs';
import { inconsistencies, policiesOf } from './lib/rate_fields.mjs';
import { randomKey, revokePresented, Space } from './lib/space.mjs';

const hour = 3600; // s: nothing is refilled while a test runs
const hosts = [];
after(() => Promise.all(hosts.map((host) => host.end())));

async function hostWith(limits) {
  const settings = { ...roomy };
  for (const [name, value] of Object.entries(limits)) {
    settings[name.includes('.') ? name : `limits.${name}`] = value;
  }
  const host = await Host.start({ settings });
  hosts.push(host);
  return host;
}

/** A refusal for these policies, which says when to come again. */
function assertLimited(answer, names) {
  assert.equal(answer.finding, '429 rate_limited', answer.text);
  assert.deepEqual(answer.json.policies, names);
  const wait = Number(answer.field('Retry-After'));
  assert.ok(wait >= 1);
  assert.equal(answer.json.retryAfter, wait);
  assert.deepEqual(inconsistencies(answer), []);
  for (const name of names) assert.equal(policiesOf(answer).find((one) => one.name === name)?.r, 0);
}

/** What these requests are answered, in turn. */
async function statuses(...requests) {
  const found = [];
  for (const request of requests) found.push((await request()).status);
  return found;
}
const times = (count, request) => Array.from({ length: count }, () => request);

suite('limits of one key', () => {
  let host;
  let space;
  let guest;
  before(async () => {
    host = await hostWith({ messages: [3, hour], writes: [4, hour], reads: [5, hour] });
    space = await Space.create(host);
    guest = await space.admit();
  });

  test('messages', async () => {
    const send = () => guest.ask('POST', '/messages', { content: 'x' });
    const first = await send();
    assert.deepEqual(
      policiesOf(first).map(({ name, q, w, r }) => [name, q, w, r]),
      [['messages', 3, hour, 2]],
    );
    assert.deepEqual(await statuses(send, send), [200, 200]);
    assertLimited(await send(), ['messages']);
    const { lastSeq } = await space.owner.read();
    assertLimited(await send(), ['messages']);
    assert.equal((await space.owner.read()).lastSeq, lastSeq, 'a refused request has no effect');
    await space.owner.send('another key has a bucket of its own');
  });

  test('writes', async () => {
    const write = () => guest.ask('POST', '/artifacts', { name: randomKey() });
    assert.deepEqual(await statuses(...times(4, write)), [200, 200, 200, 200]);
    assertLimited(await write(), ['writes']);
  });

  test('reads, and the time to the next of a list grows when few are left', async () => {
    const read = () => guest.ask('GET', '/messages');
    const first = must(await read()).suggestedPollingIntervalMs;
    assert.deepEqual(await statuses(read, read, read), [200, 200, 200]);
    const last = must(await read());
    assert.equal(last.suggestedPollingIntervalMs, first * 2);
    assertLimited(await read(), ['reads']);
    assertLimited(await guest.ask('GET', '/messages/stream'), ['reads']);
    const whoAmI = await host.ask('GET', '/oresundspace/whoami', { key: guest.key });
    assertLimited(whoAmI, ['reads']);
  });
});

test('messages of a space, whoever sends them', async () => {
  const space = await Space.create(await hostWith({ 'space-messages': [4, hour] }));
  const [one, two] = [await space.admit(), await space.admit()];
  const send = (from) => () => from.ask('POST', '/messages', { content: 'x' });
  assert.deepEqual(
    await statuses(send(one), send(two), send(one), send(two)),
    [200, 200, 200, 200],
  );
  for (const from of [one, two, space.owner]) assertLimited(await send(from)(), ['space-messages']);
});

test('a request that is refused by one policy takes nothing from another', async () => {
  const space = await Space.create(
    await hostWith({ messages: [6, hour], 'space-messages': [3, hour] }),
  );
  const guest = await space.admit();
  const send = () => guest.ask('POST', '/messages', { content: 'x' });
  assert.deepEqual(await statuses(send, send, send, send, send), [200, 200, 200, 429, 429]);
  const own = policiesOf(await send()).find(({ name }) => name === 'messages');
  assert.equal(own.r, 3);
});

test('a second policy is listed when less than a fifth of it is left', async () => {
  const space = await Space.create(await hostWith({ 'space-messages': [10, hour] }));
  const listed = [];
  for (let i = 0; i < 10; i += 1) {
    const answer = await space.owner.ask('POST', '/messages', { content: 'x' });
    assert.deepEqual(inconsistencies(answer), []);
    listed.push(
      policiesOf(answer)
        .map(({ name }) => name)
        .join(),
    );
  }
  const both = 'messages,space-messages';
  assert.deepEqual(listed, [...Array(8).fill('messages'), both, both]);
});

suite('joins', () => {
  test('of one invitation, and of one source', async () => {
    const host = await hostWith({ join: [3, hour] });
    const space = await Space.create(host);
    const { publicInvitationKey } = await space.invite();
    const join = (key) => () =>
      host.ask('POST', `${space.path}/join`, { key, body: { name: 'x' } });
    assert.deepEqual(await statuses(...times(3, join(publicInvitationKey))), [200, 200, 200]);
    assertLimited(await join(publicInvitationKey)(), ['join']);
    const other = await space.invite();
    assertLimited(await join(other.publicInvitationKey)(), ['join']);
  });

  test('polls of one join', async () => {
    const space = await Space.create(await hostWith({ 'join-poll': [2, hour] }));
    const { publicInvitationKey } = await space.invite({ requiresApproval: true });
    const [one, two] = [
      await space.join(publicInvitationKey, 'one'),
      await space.join(publicInvitationKey, 'two'),
    ];
    const poll = (joiner) => () => space.poll(joiner);
    assert.deepEqual(await statuses(poll(one), poll(one), poll(two)), [202, 202, 202]);
    assertLimited(await poll(one)(), ['join-poll']);
    assert.equal((await poll(two)()).status, 202);
  });

  test('twenty wrong join tokens close a join for ten minutes', async () => {
    const space = await Space.create(await hostWith({}));
    const { publicInvitationKey } = await space.invite({ requiresApproval: true });
    const joiner = await space.join(publicInvitationKey);
    const guess = () => space.poll(joiner, { 'X-Join-Token': randomKey() });
    for (let i = 0; i < 20; i += 1) assert.equal((await guess()).finding, '403 join_token_invalid');
    for (const answer of [await guess(), await space.poll(joiner)]) {
      assert.equal(answer.status, 429);
      const wait = Number(answer.field('Retry-After'));
      assert.ok(wait > 500 && wait <= 600, String(wait));
    }
  });
});

suite('spaces', () => {
  const create = (host) => () => host.ask('POST', '/oresundspace/space', { body: { name: 'x' } });

  test('of one source', async () => {
    const host = await hostWith({ 'space-create': [2, hour] });
    assert.deepEqual(await statuses(create(host), create(host)), [200, 200]);
    assertLimited(await create(host)(), ['space-create']);
  });

  test('of all who have no identity token', async () => {
    const host = await hostWith({ 'spaces.anonymous_mint_per_hour': 2 });
    assert.deepEqual(await statuses(create(host), create(host)), [200, 200]);
    assertLimited(await create(host)(), ['anonymous-mint']);
  });

  test('that are open', async () => {
    const host = await hostWith({ 'spaces.max_open': 1 });
    const space = await Space.create(host);
    const full = await create(host)();
    assert.equal(full.finding, '503 store_full');
    assert.ok(Number(full.field('Retry-After')) >= 1);
    await space.close();
    assert.equal((await create(host)()).status, 200);
  });

  test('with an identity token only, where it is so', async () => {
    const host = await hostWith({ 'spaces.anonymous_create': false });
    assert.equal((await create(host)()).finding, '403 identity_token_required');
  });

  test('nowhere at all, where they are off', async () => {
    const host = await hostWith({ 'spaces.enabled': false });
    assert.equal((await create(host)()).finding, '404 route_not_found');
    const { paths } = must(await host.ask('GET', '/openapi.json'));
    assert.ok(!Object.keys(paths).some((path) => path.startsWith('/oresundspace/space')));
  });
});

test('exports of a space', async () => {
  const space = await Space.create(await hostWith({ export: [2, hour] }));
  const take = () => space.owner.ask('GET', '/export');
  assert.deepEqual(await statuses(take, take), [200, 200]);
  assertLimited(await take(), ['export']);
});

test('challenges of one key and of one source', async () => {
  const host = await hostWith({ identity: [2, hour] });
  const space = await Space.create(host);
  const other = await space.admit();
  const address = `0x${'ab'.repeat(20)}`;
  const ask = (from) => () => from.ask('POST', '/identity/challenge', { address });
  assert.deepEqual(await statuses(ask(space.owner), ask(space.owner)), [200, 200]);
  assertLimited(await ask(space.owner)(), ['identity']);
  assertLimited(await ask(other)(), ['identity']);
});

suite('one source', () => {
  test('documents', async () => {
    const host = await hostWith({ discovery: [2, hour] });
    const read = () => host.ask('GET', '/auth.md');
    assert.deepEqual(await statuses(read, read), [200, 200]);
    assertLimited(await read(), ['discovery']);
    assert.equal((await host.ask('GET', '/healthz')).status, 200);
  });

  test('everything but health', async () => {
    const host = await hostWith({ source: [3, hour] });
    const space = await Space.create(host);
    const read = () => space.owner.ask('GET', '');
    assert.deepEqual(await statuses(read, read), [200, 200]);
    assertLimited(await read(), ['source']);
    assertLimited(await host.ask('GET', '/oresundspace/spaces'), ['source']);
    // A path that is none is refused in an earlier step (http.md section 4).
    assert.equal((await host.ask('GET', '/oresundspace/nothing')).status, 404);
    assert.equal((await host.ask('GET', '/healthz')).status, 200);
    assert.equal((await host.ask('GET', '/readyz')).status, 200);
  });

  test('bad credentials, while live ones go on', async () => {
    const host = await hostWith({ 'bad-credential': [3, hour] });
    const space = await Space.create(host);
    const gone = await space.admit();
    await space.kick(gone);
    const knock = (key) => () => host.ask('GET', space.path, { key });
    assert.deepEqual(await statuses(...times(3, knock(randomKey()))), [401, 401, 401]);
    for (const key of [randomKey(), gone.key])
      assertLimited(await knock(key)(), ['bad-credential']);
    assert.equal((await knock(space.owner.key)()).status, 200);
    assert.equal((await space.owner.ask('POST', '/messages', { content: 'x' })).status, 200);
  });

  test('revocations', async () => {
    const host = await hostWith({ revoke: [2, hour] });
    const revoke = () => revokePresented(host, randomKey());
    assert.deepEqual(await statuses(revoke, revoke), [200, 200]);
    const limited = await revoke();
    assert.equal(limited.status, 429);
    assert.equal(limited.json.error, 'temporarily_unavailable');
    assert.ok(Number(limited.field('Retry-After')) >= 1);
  });
});

test('a limit as problem details', async () => {
  const host = await hostWith({ 'space-create': [1, hour] });
  const fields = { Accept: 'application/json, application/problem+json' };
  const create = () => host.ask('POST', '/oresundspace/space', { body: { name: 'x' }, fields });
  assert.equal((await create()).status, 200);
  const { status, json } = await create();
  assert.equal(status, 429);
  assert.equal(json.type, 'https://iana.org/assignments/http-problem-types#quota-exceeded');
  assert.deepEqual(json['violated-policies'], ['space-create']);
});

test('buckets are full again after a restart', async () => {
  const host = await hostWith({ messages: [1, hour] });
  const space = await Space.create(host);
  await space.owner.send('one');
  assert.equal((await space.owner.ask('POST', '/messages', { content: 'two' })).status, 429);
  await host.stop();
  const settings = { ...roomy, 'limits.messages': [1, hour] };
  const again = await Host.start({ home: host.home, settings });
  hosts[hosts.indexOf(host)] = again;
  const answer = await again.ask('POST', `${space.path}/messages`, {
    key: space.owner.key,
    body: { content: 'two' },
  });
  assert.equal(answer.status, 200);
});
