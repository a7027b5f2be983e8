// When a key ends, its streams end: key_revoked as the last event, within a second of the answer.
import assert from 'node:assert/strict';
import { after, before, describe as suite, test } from 'node:test';

import { EventStream } from './lib/event_stream.mjs';
import { Host, must } from './lib/host.mjs';
import { revokePresented, Space } from './lib/space.mjs';

let host;
before(async () => {
  host = await Host.start();
});
after(() => host?.end());

async function follow(member) {
  const stream = await EventStream.open(host, `${member.space.path}/messages/stream`, {
    key: member.key,
  });
  await stream.first(2);
  return stream;
}

/** The stream has ended as it must, counted from the answer to what ended the key. */
async function assertEnded(stream, answeredAt, wanted) {
  const late = (await stream.end()) - answeredAt;
  assert.ok(late <= 1000, `${late} ms after the answer`);
  assert.ok(stream.clean, 'the connection broke in the middle');
  const last = stream.events.at(-1);
  assert.equal(last.event, 'key_revoked', stream.names().join(' '));
  assert.equal(last.id, undefined);
  assert.deepEqual(last.json, wanted);
}

/** What ends the key of a participant (section 11.2). */
const ends = {
  kicked: (space, guest) => space.kick(guest),
  left: (space, guest) => guest.do('POST', '/leave'),
  rotated: (space, guest) => guest.do('POST', '/keys/rotate', { graceSeconds: 0 }),
  revoked: (space, guest) => space.owner.do('DELETE', `/keys/${guest.keyId}`),
  revoked_by_holder: async (space, guest) => must(await revokePresented(host, guest.key)),
  reissued: (space, guest) =>
    space.owner.do('POST', `/participants/${guest.participantId}/reissue`),
};

suite('a stream ends with its key', { concurrency: true }, () => {
  for (const role of ['participant', 'observer']) {
    for (const [reason, end] of Object.entries(ends)) {
      test(`${role}, ${reason}`, async () => {
        const space = await Space.create(host);
        const guest = await space.admit(role);
        const bystander = await space.admit();
        const streams = [await follow(guest), await follow(guest)];
        const other = await follow(bystander);
        await end(space, guest);
        const answeredAt = performance.now();
        const { keyId } = guest;
        for (const stream of streams)
          await assertEnded(stream, answeredAt, { code: 'key_revoked', reason, keyId });
        await space.owner.send('for those who stay');
        await other.message('for those who stay');
        other.close();
      });
    }
  }

  test('the key that gave way, when its grace is over or cut short', async () => {
    const space = await Space.create(host);
    const guest = await space.admit();
    const stream = await follow(guest);
    const turned = await guest.do('POST', '/keys/rotate', { graceSeconds: 1 });
    const until = Date.parse(turned.previousKeyValidUntil);
    await stream.end();
    const late = Date.now() - until;
    assert.ok(late > -50 && late < 2500, `${late} ms after the grace`);
    const { keyId } = guest;
    assert.deepEqual(stream.events.at(-1).json, { code: 'key_revoked', reason: 'rotated', keyId });
    const successor = Object.assign(Object.create(Object.getPrototypeOf(guest)), guest, {
      key: turned.participantPrivateKey,
      keyId: turned.keyId,
    });
    const long = await successor.do('POST', '/keys/rotate', { graceSeconds: 3600 });
    const old = await follow(successor);
    const third = { ...successor, key: long.participantPrivateKey };
    must(
      await host.ask('POST', `${space.path}/keys/rotate`, {
        key: third.key,
        body: { graceSeconds: 60 },
      }),
    );
    const answeredAt = performance.now();
    await assertEnded(old, answeredAt, {
      code: 'key_revoked',
      reason: 'rotated',
      keyId: turned.keyId,
    });
  });

  test('all of a space that is closed, which is told first', async () => {
    const space = await Space.create(host);
    const members = [space.owner, await space.admit(), await space.admit('observer')];
    const streams = [];
    for (const member of members) streams.push(await follow(member));
    await space.close();
    const answeredAt = performance.now();
    for (const [index, stream] of streams.entries()) {
      const { keyId } = members[index];
      await assertEnded(stream, answeredAt, { code: 'space_closed', reason: 'closed', keyId });
      const told = stream.events.at(-2);
      assert.deepEqual([told.event, told.json.action], ['space', 'closed']);
    }
  });

  test('the owner that rotates its key', async () => {
    const space = await Space.create(host);
    const stream = await follow(space.owner);
    await space.owner.do('POST', '/keys/rotate');
    const { keyId } = space.owner;
    await assertEnded(stream, performance.now(), { code: 'key_revoked', reason: 'rotated', keyId });
  });
});

test('a mute ends no stream, and is told', async () => {
  const space = await Space.create(host);
  const guest = await space.admit();
  const stream = await follow(guest);
  await space.mute(guest);
  const told = await stream.next(({ json }) => json?.action === 'muted', 'the mute');
  assert.equal(told.json.participant.muted, true);
  await space.owner.send('readable');
  await stream.message('readable');
  stream.close();
});

test('a stream ends when the server stops, and its reader resumes at the next one', async () => {
  const other = await Host.start();
  const space = await Space.create(other);
  await space.owner.send('before');
  const stream = await EventStream.open(other, `${space.path}/messages/stream`, {
    key: space.owner.key,
  });
  await stream.first(2);
  await other.stop();
  await stream.end();
  const again = await Host.start({ home: other.home });
  try {
    const next = await EventStream.open(again, `${space.path}/messages/stream`, {
      key: space.owner.key,
      fields: { 'Last-Event-ID': '0' },
    });
    await next.message('before');
    next.close();
  } finally {
    await again.end();
  }
});
