// Event streams and long polls (docs/protocol/spaces.md sections 8.3 and 8.4).
import assert from 'node:assert/strict';
import { after, before, describe as suite, test } from 'node:test';

import { EventStream } from './lib/event_stream.mjs';
import { Host, eventually, must, roomy } from './lib/host.mjs';
import { Scene } from './lib/scene.mjs';
import { Space } from './lib/space.mjs';

let host;
const opened = [];
before(async () => {
  host = await Host.start();
});
after(async () => {
  for (const stream of opened) stream.close();
  await host?.end();
});

async function follow(member, fields = {}, query = '') {
  const path = `${member.space.path}/messages/stream${query}`;
  const stream = await EventStream.open(member.space.host, path, { key: member.key, fields });
  opened.push(stream);
  return stream;
}

const seqs = (stream) =>
  stream.events.filter(({ event }) => event === 'message').map(({ id }) => Number(id));
const upTo = (from, to) => Array.from({ length: to - from + 1 }, (_, i) => from + i);

suite('a stream', { concurrency: true }, () => {
  test('begins with the time to wait and a snapshot', async () => {
    const space = await Space.create(host);
    const guest = await space.admit();
    const stream = await follow(guest);
    assert.equal(stream.answer.field('Content-Type'), 'text/event-stream; charset=utf-8');
    assert.equal(stream.answer.field('X-Accel-Buffering'), 'no');
    assert.equal(stream.answer.field('Cache-Control'), 'no-store');
    const [retry, snapshot] = await stream.first(2);
    assert.deepEqual(retry.names, ['retry']);
    assert.equal(retry.retry, '3000');
    assert.equal(snapshot.event, 'space');
    assert.equal(snapshot.id, undefined);
    const { action, space: shown, participants, artifacts, lastSeq, you } = snapshot.json;
    assert.equal(action, 'snapshot');
    assert.equal(shown.spaceId, space.id);
    assert.deepEqual(
      participants.map(({ keyType }) => keyType),
      ['owner', 'participant'],
    );
    assert.deepEqual([artifacts, lastSeq], [[], 1]);
    assert.deepEqual(you, {
      participantId: guest.participantId,
      keyType: 'participant',
      keyId: guest.keyId,
      muted: false,
    });
  });

  test('shows every message once and in order, from wherever it was opened', async () => {
    const space = await Space.create(host);
    const writers = [space.owner, await space.admit(), await space.admit()];
    const before = (await space.owner.read()).lastSeq;
    const readers = [await follow(space.owner), await follow(writers[1], { 'Last-Event-ID': '0' })];
    const count = 30;
    const sending = writers.map(async (writer, w) => {
      for (let i = 0; i < count; i += 1) await writer.send(`${w} ${i}`);
    });
    await eventually(async () => seqs(readers[0]).length > count, 'the middle of it');
    readers.push(await follow(writers[2], { 'Last-Event-ID': String(before + 5) }));
    await Promise.all(sending);
    const end = before + 3 * count;
    for (const reader of readers)
      await reader.next(({ id }) => id === String(end), 'the last message');
    assert.deepEqual(seqs(readers[0]), upTo(before + 1, end));
    assert.deepEqual(seqs(readers[1]), upTo(1, end));
    assert.deepEqual(seqs(readers[2]), upTo(before + 6, end));
    const { messages } = await space.owner.read('?limit=500');
    assert.deepEqual(
      readers[1].events.filter(({ event }) => event === 'message').map(({ json }) => json),
      messages,
      'an event is the message as a list has it',
    );
  });

  test('resumes after the last event, with nothing missing and nothing twice', async () => {
    const space = await Space.create(host);
    const first = await follow(space.owner);
    await space.owner.send('seen');
    const seen = await first.message('seen');
    first.close();
    for (const content of ['missed 1', 'missed 2']) await space.owner.send(content);
    const second = await follow(space.owner, { 'Last-Event-ID': seen.id });
    await space.owner.send('live');
    await second.message('live');
    assert.deepEqual(
      second.events.filter(({ event }) => event === 'message').map(({ json }) => json.content),
      ['missed 1', 'missed 2', 'live'],
    );
    assert.equal(second.events[1].json.action, 'snapshot');
  });

  test('begins where a cursor stands, and Last-Event-ID goes before it', async () => {
    const space = await Space.create(host);
    for (const content of ['a', 'b', 'c']) await space.owner.send(content);
    const { cursor } = await space.owner.read('?limit=1');
    const byCursor = await follow(space.owner, {}, `?cursor=${cursor}`);
    await byCursor.message('c');
    assert.deepEqual(seqs(byCursor), [2, 3]);
    const byEvent = await follow(space.owner, { 'Last-Event-ID': '2' }, `?cursor=${cursor}`);
    await byEvent.message('c');
    assert.deepEqual(seqs(byEvent), [3]);
  });

  test('is refused for a position that has not come', async () => {
    const space = await Space.create(host);
    for (const fields of [
      { 'Last-Event-ID': '1' },
      { 'Last-Event-ID': '-1' },
      { 'Last-Event-ID': 'x' },
    ]) {
      const stream = await follow(space.owner, fields);
      assert.equal(stream.answer.finding, '400 cursor_invalid');
    }
    const altered = await follow(space.owner, {}, '?cursor=c1.AAAAAAAAAAAAAAAAAAAAAA');
    assert.equal(altered.answer.finding, '400 cursor_invalid');
  });

  test('tells what happens besides messages', async () => {
    const scene = await Scene.set(host);
    const { space, owner, participant, values } = scene;
    const stream = await follow(scene.observer);
    const ofOwner = await follow(owner);
    await stream.first(2);
    const artifact = `/artifacts/${values.artifactId}`;
    await owner.do('PUT', '', { description: 'Changed' });
    const joiner = await space.join(scene.invitation.key, 'late');
    await space.approve(joiner);
    await space.mute(participant, { durationSeconds: 60 });
    await owner.do('POST', `/participants/${participant.participantId}/unmute`);
    await scene.prepare('signOff', 'participant');
    const { fencingToken } = await participant.do('POST', `${artifact}/lock`);
    await participant.do('POST', `${artifact}/unlock`, { fencingToken });
    await participant.do('POST', `${artifact}/signatures`, scene.signOff);
    await participant.do('PUT', artifact, { content: 'two', baseRevision: 1 });
    await participant.do('DELETE', artifact);
    const message = await participant.send('to be erased');
    await participant.do('DELETE', `/messages/${message.id}`);
    await participant.do('POST', '/leave');
    await stream.next(
      ({ event, json }) => event === 'participant' && json.action === 'left',
      'left',
    );
    const told = stream.events
      .filter(({ event }) => event !== 'message' && event !== undefined)
      .map(({ event, json }) => `${event} ${json.action}`);
    assert.deepEqual(told, [
      'space snapshot',
      'space updated',
      'participant joined',
      'participant muted',
      'participant unmuted',
      'participant verified',
      'artifact locked',
      'artifact unlocked',
      'artifact signed',
      'artifact updated',
      'artifact deleted',
      'participant left',
    ]);
    await ofOwner.next(({ json }) => json?.action === 'left', 'left');
    assert.ok(ofOwner.names().includes('participant:pending'), 'the owner is told who waits');
    const erased = stream.events.find(({ json }) => json?.redacted);
    assert.deepEqual([erased.json.id, erased.json.content, erased.id], [message.id, '', undefined]);
  });

  test('beats in silence', async () => {
    const space = await Space.create(host);
    const stream = await follow(space.owner);
    await stream.first(2);
    const quiet = performance.now();
    const beat = await stream.heartbeat(30_000);
    assert.ok(beat - quiet > 10_000 && beat - quiet < 20_000, `${beat - quiet} ms`);
    await space.owner.send('still there');
    await stream.message('still there');
  });
});

suite('a long poll', { concurrency: true }, () => {
  const poll = (member, query) => {
    const asked = performance.now();
    return member
      .ask('GET', `/messages${query}`)
      .then((answer) => ({ answer, took: performance.now() - asked }));
  };
  const settled = async () => {
    const space = await Space.create(host);
    const guest = await space.admit();
    const { cursor } = await guest.read();
    return { space, guest, cursor };
  };

  test('is answered when a message comes', async () => {
    const { space, guest, cursor } = await settled();
    const waiting = poll(guest, `?cursor=${cursor}&wait=25`);
    await space.owner.send('at last');
    const { answer, took } = await waiting;
    assert.deepEqual(
      must(answer).messages.map(({ content }) => content),
      ['at last'],
    );
    assert.ok(took < 10_000, `${took} ms`);
  });

  test('is answered at once when there is one already', async () => {
    const { guest } = await settled();
    const { answer, took } = await poll(guest, '?wait=25');
    assert.equal(must(answer).messages.length, 1);
    assert.ok(took < 10_000, `${took} ms`);
  });

  test('is answered empty when its time is over', async () => {
    const { guest, cursor } = await settled();
    const { answer, took } = await poll(guest, `?cursor=${cursor}&wait=1`);
    assert.deepEqual(must(answer).messages, []);
    assert.equal(answer.json.cursor, cursor);
    assert.ok(took > 900 && took < 10_000, `${took} ms`);
  });

  for (const [name, end, finding] of [
    ['kicked', ({ space, guest }) => space.kick(guest), '401 key_revoked'],
    ['closed', ({ space }) => space.close(), '401 space_closed'],
  ]) {
    test(`ends with the key (${name})`, async () => {
      const settledSpace = await settled();
      const waiting = poll(settledSpace.guest, `?cursor=${settledSpace.cursor}&wait=25`);
      await end(settledSpace);
      const { answer, took } = await waiting;
      // What the end itself says may come first, but then the next request is refused.
      const next =
        answer.status === 401 ? answer : await settledSpace.guest.ask('GET', '/messages');
      assert.equal(next.finding, finding);
      assert.equal(answer.finding, finding);
      assert.ok(took < 10_000, `${took} ms`);
    });
  }
});

suite('too many streams', { concurrency: true }, () => {
  const hostWith = (limits) => Host.start({ settings: { ...roomy, ...limits } });

  async function check(limits, open, allowed) {
    const small = await hostWith(limits);
    try {
      const space = await Space.create(small);
      const members = [space.owner, await space.admit(), await space.admit()];
      const streams = [];
      for (let i = 0; i < allowed; i += 1) streams.push(await open(members, i));
      assert.ok(streams.every(({ isOpen }) => isOpen));
      const refused = await open(members, allowed);
      assert.equal(refused.answer.finding, '429 too_many_streams');
      assert.equal(refused.answer.json.limit, allowed);
      streams[0].close();
      await eventually(async () => (await open(members, 0)).isOpen, 'room for one more');
    } finally {
      for (const stream of opened)
        if (stream.connection.socket.remotePort === small.port) stream.close();
      await small.end();
    }
  }

  test('of one key', () => check({ 'spaces.streams_per_key': 4 }, ([owner]) => follow(owner), 4));
  test('of one source', () =>
    check({ 'spaces.streams_per_source': 3 }, (members, i) => follow(members[i % 3]), 3));
  test('of one space', () =>
    check({ 'spaces.streams_per_space': 3 }, (members, i) => follow(members[i % 3]), 3));
  test('in all', () => check({ 'spaces.streams': 3 }, (members, i) => follow(members[i % 3]), 3));
});

test('a reader that does not read is let go, and others go on', async () => {
  const space = await Space.create(host);
  const guest = await space.admit();
  const slow = await follow(guest);
  await slow.first(2);
  const quick = await follow(space.owner);
  slow.connection.socket.pause();
  const content = 'x'.repeat(65_536);
  const count = 160; // 10 MiB: more than the buffer of the stream and those of the sockets
  for (let i = 0; i < count; i += 1) await space.owner.send(content);
  await quick.next(({ id }) => id === String(count + 1), 'the last message');
  slow.connection.socket.resume();
  await slow.end();
  const seen = seqs(slow);
  assert.ok(seen.length < count, `${seen.length} of ${count} messages came through`);
  assert.deepEqual(seen, upTo(2, seen.length + 1), 'what came is without gaps');
  const again = await follow(guest, { 'Last-Event-ID': String(seen.at(-1) ?? 1) });
  await again.next(({ id }) => id === String(count + 1), 'the last message');
  assert.deepEqual([...seen, ...seqs(again)], upTo(2, count + 1));
});
