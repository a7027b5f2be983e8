// Stored answers that hold a secret, and those of a caller that ended itself (http.md section 11).
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe as suite, test } from 'node:test';

import { Home } from '../support/node/kronborg.mjs';
import { Host, must } from './lib/host.mjs';
import { Member, randomKey, Space } from './lib/space.mjs';

let home;
let host;
before(async () => {
  home = new Home();
  host = await Host.start({ home });
});
after(async () => {
  await host?.stop();
  await Host.stopAll();
  home.remove();
});

const once = (key, more = {}) => ({ fields: { 'Idempotency-Key': key, ...more } });
const isReplay = (answer) => answer.field('Idempotency-Replayed') === 'true';

/** Ends the server and starts it on the same store. */
async function restart(shift = undefined) {
  await host.stop();
  host = await Host.start({ home, shift });
}

/** The same member, asking whatever server runs now. */
const here = ({ space, key }) => {
  const moved = Object.assign(new Space(), space, { host });
  return new Member(moved, key);
};

function assertStoredNowhere(secrets) {
  for (const entry of readdirSync(home.data, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const bytes = readFileSync(join(entry.parentPath ?? entry.path, entry.name));
    for (const secret of secrets) {
      assert.ok(!bytes.includes(secret), `a secret stands in ${entry.name}`);
      assert.ok(!bytes.includes(Buffer.from(secret, 'hex')), `a secret stands in ${entry.name}`);
    }
  }
}

suite('a secret', { concurrency: false }, () => {
  test('is given again to its own caller, also after a restart, and stands nowhere', async () => {
    const space = await Space.create(host);
    const guest = await space.admit();
    const [rotation, invitation, reading] = [randomUUID(), randomUUID(), randomUUID()];
    const rotate = (who) => who.ask('POST', '/keys/rotate', { graceSeconds: 600 }, once(rotation));
    const invite = (who) => who.ask('POST', '/invite', {}, once(invitation));
    const first = { rotated: must(await rotate(guest)), invited: must(await invite(space.owner)) };
    const token = randomKey();
    const waiting = await space.invite({ requiresApproval: true });
    const joining = (at) =>
      at.ask('POST', `${space.path}/join`, {
        key: waiting.publicInvitationKey,
        body: { name: 'careful' },
        ...once(reading, { 'X-Join-Token': token }),
      });
    const pending = must(await joining(host));
    assert.ok(!('joinToken' in pending), 'the joiner has chosen it');
    await space.approve(pending);
    const collect = (at) =>
      at.ask('GET', `${space.path}/join/${pending.participantId}`, {
        key: waiting.publicInvitationKey,
        ...once(reading, { 'X-Join-Token': token }),
      });
    const collected = must(await collect(host));
    assert.ok(collected.participantPrivateKey);

    await restart();
    const answers = [
      [await rotate(here(guest)), first.rotated],
      [await invite(here(space.owner)), first.invited],
      [await joining(host), pending],
      [await collect(host), collected],
    ];
    for (const [answer, wanted] of answers) {
      assert.ok(isReplay(answer));
      assert.deepEqual(answer.json, wanted);
    }
    const { participantPrivateKey: rotated } = first.rotated;
    const secrets = [rotated, first.invited.publicInvitationKey, collected.participantPrivateKey];
    assertStoredNowhere([...secrets, token, guest.key, space.owner.key]);
  });

  test('is withheld from a caller who shares its credential with others', async () => {
    for (const requiresApproval of [false, true]) {
      const space = await Space.create(host);
      const { publicInvitationKey } = await space.invite({ requiresApproval });
      const key = randomUUID();
      const ask = () =>
        host.ask('POST', `${space.path}/join`, {
          key: publicInvitationKey,
          body: { name: 'careless' },
          ...once(key),
        });
      const name = requiresApproval ? 'joinToken' : 'participantPrivateKey';
      const first = await ask();
      const { [name]: secret, ...rest } = must(first);
      assert.match(secret, /^[0-9a-f]{64}$/);
      const second = await ask();
      assert.ok(isReplay(second));
      assert.equal(second.status, first.status);
      const { secretsWithheld, hint, ...shown } = second.json;
      assert.deepEqual(secretsWithheld, [name]);
      assert.ok(hint.length > 0);
      assert.deepEqual(shown, rest);
      const active = (await space.owner.do('GET', '/participants')).participants;
      assert.equal(active.length, 2, 'there was one join');
    }
  });

  test('is collected once without a key for repeats', async () => {
    const space = await Space.create(host);
    const { publicInvitationKey } = await space.invite({ requiresApproval: true });
    const joiner = await space.join(publicInvitationKey);
    await space.approve(joiner);
    const token = { 'X-Join-Token': joiner.joinToken };
    const first = must(await space.poll(joiner, { ...token, 'Idempotency-Key': 'collect-1' }));
    assert.ok(first.participantPrivateKey);
    const other = must(await space.poll(joiner, { ...token, 'Idempotency-Key': 'collect-2' }));
    assert.deepEqual(Object.keys(other), ['status', 'participantId', 'keyDelivered']);
    assert.ok(!('participantPrivateKey' in must(await space.poll(joiner, token))));
    const again = await space.poll(joiner, { ...token, 'Idempotency-Key': 'collect-1' });
    assert.deepEqual(again.json, first);
  });
});

/** What ends the credential that asks for it: [name, key type, request]. */
const farewells = [
  ['leave', 'guest', ['POST', '/leave', { reason: 'done' }]],
  ['a rotation without grace', 'guest', ['POST', '/keys/rotate', { graceSeconds: 0 }]],
  ['the revocation of the own key', 'guest', ['DELETE', '/keys/own']],
  ['close', 'owner', ['DELETE', '', { reason: 'done' }]],
];

suite('a caller that ended itself', { concurrency: false }, () => {
  let ended;

  test('gets its answer again, and nothing else', async () => {
    ended = [];
    for (const [name, who, [method, suffix, body]] of farewells) {
      const space = await Space.create(host);
      const guest = await space.admit();
      const member = who === 'owner' ? space.owner : guest;
      const path = suffix.replace('own', member.keyId);
      const key = randomUUID();
      const ask = (from, as = key) => from.ask(method, path, body, once(as));
      const first = await ask(member);
      assert.equal(first.status, 200, first.text);
      const second = await ask(member);
      assert.ok(isReplay(second), `${name}: ${second.text}`);
      assert.deepEqual(second.json, first.json);
      const uses = [
        await ask(member, randomUUID()),
        await member.ask(method, path, body),
        await member.ask('GET', '/messages'),
        await member.ask('POST', '/messages', { content: 'x' }, once(key)),
      ];
      if (body) uses.push(await member.ask(method, path, { ...body, reason: 'other' }, once(key)));
      for (const answer of uses) assert.equal(answer.status, 401, `${name}: ${answer.text}`);
      ended.push({ name, member, ask, first });
    }
  });

  test('also after a restart', async () => {
    await restart();
    for (const { name, member, ask, first } of ended) {
      const answer = await ask(here(member));
      assert.ok(isReplay(answer), name);
      assert.deepEqual(answer.json, first.json);
    }
  });

  test('but not after ten minutes', async () => {
    await restart('+11m');
    for (const { name, member, ask } of ended) {
      const answer = await ask(here(member));
      assert.match(answer.finding, /^401 (key_revoked|space_closed)$/, name);
    }
  });
});

test('a repeat is forgotten after a day', async () => {
  await restart('+12m'); // never before what the store has seen
  const space = await Space.create(host);
  const guest = await space.admit();
  const ask = () => here(guest).ask('POST', '/messages', { content: 'daily' }, once('daily'));
  await ask();
  await restart('+23h');
  assert.ok(isReplay(await ask()));
  await restart('+25h');
  assert.ok(!isReplay(await ask()));
});
