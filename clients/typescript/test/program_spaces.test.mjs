// The spaces client against the real program, named by KRONBORG_BINARY.
import assert from 'node:assert/strict';
import { after, before, describe as suite, test } from 'node:test';

import { PendingJoin, Space, SpacesClient } from '@kronborg/client';
import { Home, Server } from '../../../tests/support/node/kronborg.mjs';
import { codeOfAsync } from './support.mjs';

const skip = process.env.KRONBORG_BINARY ? false : 'KRONBORG_BINARY is not set';

let home;
let server;
let client;
before(async () => {
  if (skip) return;
  home = new Home();
  home.ask(['init', '--keystore', 'file']);
  server = await Server.start(home);
  client = new SpacesClient({ origin: server.url });
});
after(async () => {
  await server?.stop();
  home?.remove();
});

/** A space with its owner and one participant, who was approved. */
async function meeting() {
  const { space: owner } = await client.create({
    name: 'Licence',
    ownerName: 'buyer',
    privacy: 'private',
  });
  const { agentLink } = await owner.invite({ maxUses: 5 });
  const join = await client.join(agentLink, { name: 'seller', role: 'seller' });
  assert.ok(join instanceof PendingJoin);
  assert.equal(await join.poll(), undefined);
  const guest = await join.approval({ pause: () => owner.approve(join.participantId) });
  assert.ok(guest instanceof Space);
  return { owner, guest };
}

suite('spaces', { skip }, () => {
  test('from the first call to the close', async () => {
    const { owner, guest } = await meeting();
    const info = await guest.info();
    assert.equal(info.name, 'Licence');
    assert.deepEqual(info.participants.map(({ name }) => name).sort(), ['buyer', 'seller']);
    const sent = await guest.send({
      content: 'We can do 41,000.',
      mentions: [owner.participantId],
    });
    const page = await owner.read();
    const [joined, offer] = page.messages;
    assert.deepEqual(
      [joined.type, offer.content, offer.seq],
      ['system', 'We can do 41,000.', sent.seq],
    );
    assert.equal(offer.sender.participantId, guest.participantId);
    const redacted = await guest.redact(sent.id);
    assert.deepEqual([redacted.redacted, redacted.content], [true, '']);
    const closing = owner.close({ reason: 'done' });
    await closing;
    await assert.rejects(guest.info(), (error) => {
      assert.deepEqual(
        [error.code, error.status, error.details.reason],
        ['space_closed', 401, 'closed'],
      );
      return true;
    });
  });

  test('all messages, page by page', async () => {
    const { owner } = await meeting();
    for (const content of ['a', 'b', 'c']) await owner.send(content);
    const read = [];
    for await (const { content } of owner.messages({ limit: 2 })) read.push(content);
    assert.deepEqual(read.slice(-3), ['a', 'b', 'c']);
    const tail = await owner.read({ tail: 1 });
    assert.deepEqual(
      tail.messages.map(({ content }) => content),
      ['c'],
    );
    const waiting = owner.read({ cursor: tail.cursor, wait: 20 });
    await owner.send('d');
    assert.deepEqual(
      (await waiting).messages.map(({ content }) => content),
      ['d'],
    );
  });

  test('a watch shows every message once, also across a break', async () => {
    const { owner, guest } = await meeting();
    const connections = [];
    // A connection that can be broken off from outside.
    const breaking = new SpacesClient({
      origin: server.url,
      fetch: (url, init) => {
        const link = new AbortController();
        init.signal?.addEventListener('abort', () => link.abort());
        if (String(url).includes('/stream')) connections.push(link);
        return fetch(url, { ...init, signal: link.signal });
      },
    });
    const eyes = breaking.space(guest.spaceId, guest.participantId, guest.key.reveal());
    const seen = [];
    let missed;
    const pause = async () => {
      missed = await owner.send('sent during the break');
    };
    await owner.send('before');
    for await (const event of eyes.watch({ after: 0, pause })) {
      if (event.event === 'space') assert.equal(event.you.participantId, guest.participantId);
      if (event.event !== 'message') continue;
      seen.push(event.message.content);
      if (event.message.content === 'before') connections.at(-1).abort();
      if (event.message.content === 'sent during the break') await owner.send('after');
      if (event.message.content === 'after') break;
    }
    assert.deepEqual(seen.slice(-3), ['before', 'sent during the break', 'after']);
    assert.equal(new Set(seen).size, seen.length);
    assert.equal(connections.length, 2);
    assert.ok(missed.seq > 0);
  });

  test('a kick ends the watch with its reason', async () => {
    const { owner, guest } = await meeting();
    const watch = guest.watch();
    assert.equal((await watch.next()).value.event, 'space');
    await owner.kick(guest.participantId, { reason: 'enough' });
    await assert.rejects(
      async () => {
        for await (const event of watch) assert.notEqual(event.event, 'message');
      },
      (error) => {
        assert.deepEqual([error.code, error.details.reason], ['key_revoked', 'kicked']);
        return true;
      },
    );
  });

  test('artifacts: conditions, locks, conflicts', async () => {
    const { owner, guest } = await meeting();
    const made = await owner.artifacts.create({ name: 'contract.md', content: '# One' });
    assert.match(made.etag, /^"1-[0-9a-f]{16}"$/);
    const read = await guest.artifacts.get(made.artifactId);
    assert.deepEqual([read.content, read.etag], ['# One', made.etag]);
    const second = await guest.artifacts.write(made.artifactId, {
      content: '# Two',
      etag: read.etag,
    });
    assert.equal(second.revision, 2);
    await assert.rejects(
      owner.artifacts.write(made.artifactId, { content: '# Three', etag: made.etag }),
      {
        code: 'revision_conflict',
        status: 412,
      },
    );
    const lock = await owner.artifacts.lock(made.artifactId, { leaseSeconds: 60 });
    await assert.rejects(
      guest.artifacts.write(made.artifactId, { content: 'x', etag: second.etag }),
      {
        code: 'artifact_locked',
        status: 423,
      },
    );
    assert.equal(await codeOfAsync(() => guest.artifacts.lock(made.artifactId)), 'artifact_locked');
    const held = await owner.artifacts.renew(lock, 120);
    const third = await owner.artifacts.write(made.artifactId, {
      content: '# Three',
      fencingToken: held.fencingToken,
    });
    assert.equal(third.revision, 3);
    await owner.artifacts.unlock(held);
    assert.equal(await codeOfAsync(() => owner.artifacts.unlock(held)), 'lock_lost');
    const names = [];
    for await (const { name, revision } of guest.artifacts.list()) names.push([name, revision]);
    assert.deepEqual(names, [['contract.md', 3]]);
    await owner.artifacts.delete(made.artifactId, { etag: third.etag });
    assert.equal(await codeOfAsync(() => guest.artifacts.get(made.artifactId)), 'not_found');
  });

  test('keys: rotation, revocation, leaving', async () => {
    const { owner, guest } = await meeting();
    const old = guest.key.reveal();
    const rotated = await guest.rotateKey();
    assert.notEqual(guest.key.reveal(), old);
    const before_ = client.space(guest.spaceId, guest.participantId, old);
    await assert.rejects(before_.info(), (error) => {
      assert.deepEqual([error.code, error.details.reason], ['key_revoked', 'rotated']);
      return true;
    });
    assert.equal((await guest.info()).you.keyId, rotated.keyId);
    const { owner: second, guest: other } = await meeting();
    const [{ keyId }] = (await other.keys()).filter(({ revokedAt }) => revokedAt === undefined);
    assert.equal((await second.revokeKey(keyId)).revokedReason, 'revoked');
    assert.equal(await codeOfAsync(() => other.info()), 'key_revoked');
    await guest.leave('bye');
    assert.equal(await codeOfAsync(() => guest.info()), 'key_revoked');
    const [left] = await owner.participants('left');
    assert.equal(left.participantId, guest.participantId);
  });

  test('invitations: observers, limits, revocation, denial', async () => {
    const { space: owner } = await client.create({ name: 'Open house', privacy: 'public' });
    const invitation = await owner.invite({
      role: 'observer',
      maxUses: 2,
      requiresApproval: false,
      listed: true,
    });
    const observer = await client.join(invitation.humanLink, { name: 'eyes' });
    assert.ok(observer instanceof Space);
    assert.equal(await codeOfAsync(() => observer.send('x')), 'role_forbidden');
    const found = [];
    for await (const space of client.directory('Open house')) found.push(space.spaceId);
    assert.ok(found.includes(owner.spaceId));
    const [listed] = await owner.invitations();
    assert.deepEqual([listed.uses, listed.state], [1, 'live']);
    const next = await owner.rotateInvitation(invitation.invitationId);
    assert.equal(
      await codeOfAsync(() => client.join(invitation.agentLink, { name: 'late' })),
      'key_revoked',
    );
    await owner.revokeInvitation(next.invitationId);
    assert.equal(
      await codeOfAsync(() => client.join(next.agentLink, { name: 'late' })),
      'key_revoked',
    );
    const { agentLink } = await owner.invite({ requiresApproval: true });
    const join = await client.join(agentLink, { name: 'shy' });
    await owner.deny(join.participantId, 'full');
    assert.equal(await codeOfAsync(() => join.poll()), 'join_denied');
  });

  test('a join whose invitation was revoked meanwhile is still approved', async () => {
    const { space: owner } = await client.create({ name: 'n', privacy: 'private' });
    const invitation = await owner.invite();
    const join = await client.join(invitation.agentLink, { name: 'patient' });
    await owner.revokeInvitation(invitation.invitationId);
    assert.equal(await join.poll(), undefined);
    await owner.approve(join.participantId);
    const resumed = client.resumeJoin(
      invitation.agentLink,
      join.participantId,
      join.joinToken.reveal(),
    );
    const guest = await resumed.poll();
    assert.equal((await guest.info()).you.participantId, join.participantId);
    // The same collection again is a repeat of its answer; another one finds the key gone.
    assert.equal((await resumed.poll()).key.reveal(), guest.key.reveal());
    assert.equal(await codeOfAsync(() => join.poll()), 'key_collected');
  });

  test('members of an update, muting', async () => {
    const { owner, guest } = await meeting();
    const changed = await owner.update({ description: 'ø', agenda: 'first' });
    assert.deepEqual([changed.description, changed.agenda], ['ø', 'first']);
    assert.equal((await owner.update({ agenda: null })).agenda, undefined);
    await owner.mute(guest.participantId, 600);
    assert.equal(await codeOfAsync(() => guest.send('x')), 'muted');
    await owner.unmute(guest.participantId);
    assert.ok((await guest.send('x')).seq > 0);
  });
});
