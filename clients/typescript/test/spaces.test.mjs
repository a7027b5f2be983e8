// The spaces client against answers that are made up here: what it does when they are lost or late.
import assert from 'node:assert/strict';
import { describe as suite, test } from 'node:test';

import { PendingJoin, SpaceKey, SpacesClient, readInvitationLink } from '@kronborg/client';
import {
  agentLink,
  answers,
  json,
  key,
  lost,
  origin,
  participantId,
  spaceId,
} from './scripted_host.mjs';
import { codeOf, codeOfAsync } from './support.mjs';

suite('keys and links', () => {
  test('a key has 64 hex digits and is not printed', () => {
    for (const bad of ['', 'ab', `${key}0`, 'g'.repeat(64)]) {
      assert.equal(
        codeOf(() => new SpaceKey(bad)),
        'key_malformed',
      );
    }
    const held = new SpaceKey(key.toUpperCase());
    assert.equal(held.reveal(), key);
    assert.equal(`${held} ${JSON.stringify([held])}`, '[secret] ["[secret]"]');
  });
  test('both links of an invitation', () => {
    for (const link of [agentLink, `${origin}/join/${spaceId}#${key}`]) {
      const { spaceId: found, invitationKey } = readInvitationLink(link);
      assert.deepEqual([found, invitationKey.reveal()], [spaceId, key]);
    }
    for (const bad of ['', origin, `${origin}/join/${spaceId}`, `${origin}/join/${spaceId}#ab`]) {
      assert.equal(
        codeOf(() => readInvitationLink(bad)),
        'invitation_malformed',
      );
    }
  });
});

suite('requests', () => {
  const space = (fetch) => new SpacesClient({ origin, fetch }).space(spaceId, participantId, key);

  test('a write whose answer was lost is repeated under the same name', async () => {
    const { asked, fetch } = answers(lost(), json(200, { id: 'm', seq: 1 }));
    assert.equal((await space(fetch).send('ø')).seq, 1);
    assert.deepEqual(asked[0], asked[1]);
    // A key is sent to the host that was named, and to no other.
    assert.equal(asked[0].redirect, 'manual');
    assert.match(asked[0].headers['idempotency-key'], /^[0-9a-f-]{36}$/);
    assert.equal(asked[0].headers['x-private-key'], key);
    assert.deepEqual(asked[0].body, { content: 'ø' });
  });

  test('another write has another name', async () => {
    const { asked, fetch } = answers(json(200, {}), json(200, {}));
    await space(fetch).send('a');
    await space(fetch).send('a');
    assert.notEqual(asked[0].headers['idempotency-key'], asked[1].headers['idempotency-key']);
  });

  test('a read is not repeated', async () => {
    const { fetch } = answers(lost());
    assert.equal(await codeOfAsync(() => space(fetch).read()), 'network_failed');
  });

  test('refusals keep what they say', async () => {
    const body = {
      error: 'This artifact is locked.',
      code: 'artifact_locked',
      requestId: 'r',
      lockedBy: 'p',
      hint: 'Wait.',
      retryAfter: 7,
    };
    const { fetch } = answers(json(423, body, { 'retry-after': '7' }));
    await assert.rejects(space(fetch).artifacts.get('a'), (error) => {
      assert.deepEqual(
        [
          error.code,
          error.status,
          error.message,
          error.hint,
          error.retryAfter,
          error.details.lockedBy,
        ],
        ['artifact_locked', 423, 'This artifact is locked.', 'Wait.', 7, 'p'],
      );
      return true;
    });
    const html = answers(new Response('<h1>502</h1>', { status: 502 }));
    assert.equal(await codeOfAsync(() => space(html.fetch).info()), 'http_502');
    const broken = answers(new Response('{', { status: 200 }));
    assert.equal(await codeOfAsync(() => space(broken.fetch).info()), 'answer_malformed');
  });

  test('a token of a human goes with create and join, and nowhere else', async () => {
    const { asked, fetch } = answers(
      json(200, { spaceId, ownerId: participantId, ownerPrivateKey: key }),
      json(200, {}),
    );
    const client = new SpacesClient({ origin, fetch, userToken: 'osp_x' });
    const { space: made, facts } = await client.create({ name: 'n' });
    await made.info();
    assert.deepEqual(
      asked.map(({ headers }) => headers['x-user-token']),
      ['osp_x', undefined],
    );
    assert.equal('ownerPrivateKey' in facts, false);
    assert.equal(asked[0].headers['idempotency-key'], undefined);
  });

  test('rotation puts the new key in place', async () => {
    const next = 'cd'.repeat(32);
    const { asked, fetch } = answers(
      json(200, { participantPrivateKey: next, keyId: 'k' }),
      json(200, {}),
    );
    const held = space(fetch);
    const rotated = await held.rotateKey({ graceSeconds: 60 });
    assert.equal('participantPrivateKey' in rotated, false);
    await held.info();
    assert.equal(asked[1].headers['x-private-key'], next);
  });

  test('pages are followed to the last', async () => {
    const page = (contents, hasMore) => ({
      messages: contents.map((content) => ({ content })),
      cursor: 'c1.x',
      hasMore,
    });
    const { asked, fetch } = answers(
      json(200, page(['a', 'b'], true)),
      json(200, page(['c'], false)),
    );
    const read = [];
    for await (const { content } of space(fetch).messages({ limit: 2 })) read.push(content);
    assert.deepEqual(read, ['a', 'b', 'c']);
    assert.deepEqual(
      asked.map(({ path }) => path.replace(/.*messages/, '')),
      ['?limit=2', '?cursor=c1.x&limit=2'],
    );
  });
});

suite('joining', () => {
  const pending = {
    status: 'pending',
    participantId,
    name: 'ada (2)',
    suggestedPollingIntervalMs: 5000,
  };
  const approved = { status: 'approved', participantId, keyDelivered: false, needs: 'joinToken' };
  const delivered = { ...approved, keyDelivered: true, participantPrivateKey: 'cd'.repeat(32) };

  test("the joiner chooses the token, waits at the host's pace, and collects once", async () => {
    const { asked, fetch } = answers(
      json(202, pending),
      json(202, { ...pending, suggestedPollingIntervalMs: 7000 }),
      json(200, approved),
      lost(),
      json(200, delivered),
    );
    const join = await new SpacesClient({ origin, fetch }).join(agentLink, { name: 'ada' });
    assert.ok(join instanceof PendingJoin);
    assert.equal(join.name, 'ada (2)');
    const waits = [];
    const space = await join.approval({ pause: async (ms) => void waits.push(ms) });
    assert.deepEqual(waits, [7000]);
    assert.equal(space.key.reveal(), 'cd'.repeat(32));
    const token = asked[0].headers['x-join-token'];
    assert.equal(token, join.joinToken.reveal());
    // Looking needs no token and is not stored; the collection has one name, also when repeated.
    assert.deepEqual(
      asked.map(({ headers }) => headers['x-join-token']),
      [token, undefined, undefined, token, token],
    );
    const names = asked.map(({ headers }) => headers['idempotency-key']);
    assert.deepEqual([names[1], names[2]], [undefined, undefined]);
    assert.equal(names[3], names[4]);
  });

  test('when the invitation has ended, the token alone goes on', async () => {
    const dead = () => json(401, { error: 'x', code: 'key_revoked' });
    const { asked, fetch } = answers(dead(), json(202, pending), dead(), json(200, delivered));
    const join = new SpacesClient({ origin, fetch }).resumeJoin(
      agentLink,
      participantId,
      'ef'.repeat(32),
    );
    assert.equal(await join.poll(), undefined);
    assert.ok(await join.poll());
    const names = asked.map(({ headers }) => headers['idempotency-key']);
    assert.notEqual(names[1], names[3]);
  });

  test('what ends a join', async () => {
    for (const [status, code] of [
      [403, 'join_denied'],
      [410, 'join_expired'],
      [403, 'participant_removed'],
    ]) {
      const { fetch } = answers(json(status, { error: 'x', code, status: 'x' }));
      const join = new SpacesClient({ origin, fetch }).resumeJoin(agentLink, participantId, key);
      assert.equal(await codeOfAsync(() => join.poll()), code);
    }
    const gone = { status: 'approved', participantId, keyDelivered: true };
    const { fetch } = answers(json(200, gone), json(200, gone));
    const join = new SpacesClient({ origin, fetch }).resumeJoin(agentLink, participantId, key);
    assert.equal(await codeOfAsync(() => join.poll()), 'key_collected');
    const controller = new AbortController();
    controller.abort();
    assert.equal(await codeOfAsync(() => join.approval({ signal: controller.signal })), 'aborted');
  });
});
