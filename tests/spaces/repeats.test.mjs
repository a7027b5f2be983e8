// Idempotency-Key (docs/protocol/http.md section 11): one effect, one answer, for one caller.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe as suite, test } from 'node:test';

import { Host, must } from './lib/host.mjs';
import { nobody, randomKey, Space } from './lib/space.mjs';

let host;
let space;
let guest;
before(async () => {
  host = await Host.start();
  space = await Space.create(host);
  guest = await space.admit();
});
after(() => host?.end());

const once = (key, more = {}) => ({ fields: { 'Idempotency-Key': key, ...more } });
const isReplay = (answer) => answer.field('Idempotency-Replayed') === 'true';
const lastSeq = async () => (await space.owner.read()).lastSeq;

/** The second answer is the first one again. */
function assertReplayed(first, second) {
  assert.ok(isReplay(second), second.text);
  assert.ok(!isReplay(first));
  assert.equal(second.status, first.status);
  assert.equal(second.text, first.text);
  assert.equal(second.field('Content-Type'), first.field('Content-Type'));
  assert.equal(second.field('ETag'), first.field('ETag'));
  assert.notEqual(second.field('X-Request-Id'), first.field('X-Request-Id'));
}

suite('the same request', () => {
  test('has one effect and one answer', async () => {
    const before = await lastSeq();
    const key = randomUUID();
    const first = await guest.ask('POST', '/messages', { content: 'once' }, once(key));
    const second = await guest.ask('POST', '/messages', { content: 'once' }, once(key));
    assertReplayed(first, second);
    assert.equal(await lastSeq(), before + 1);
  });

  test('may spell its key with or without quotes', async () => {
    const key = randomUUID();
    const first = await guest.ask('POST', '/messages', { content: 'q' }, once(key));
    assertReplayed(first, await guest.ask('POST', '/messages', { content: 'q' }, once(`"${key}"`)));
    const spaced = once('"a key with spaces"');
    const other = await guest.ask('POST', '/messages', { content: 'q' }, spaced);
    assertReplayed(other, await guest.ask('POST', '/messages', { content: 'q' }, spaced));
  });

  test('may write its JSON in another way', async () => {
    const key = randomUUID();
    const bodies = ['{"content":"é","type":"text"}', '{ "type" : "text", "content" : "\\u00e9" }'];
    const [first, second] = [
      await guest.ask('POST', '/messages', bodies[0], once(key)),
      await guest.ask('POST', '/messages', bodies[1], once(key)),
    ];
    assertReplayed(first, second);
  });

  test('keeps the ETag of what it made', async () => {
    const key = randomUUID();
    const body = { name: `${key}.md`, content: 'x' };
    const first = await guest.ask('POST', '/artifacts', body, once(key));
    const second = await guest.ask('POST', '/artifacts', body, once(key));
    assert.ok(first.field('ETag'));
    assertReplayed(first, second);
  });

  test('leaves one trace in the audit', async () => {
    const count = async () => {
      let events = 0;
      for (let cursor = ''; ;) {
        const page = await space.owner.do('GET', `/audit?limit=500${cursor}`);
        events += page.events.filter(({ event }) => event === 'invitation.created').length;
        if (!page.hasMore) return events;
        cursor = `&cursor=${page.cursor}`;
      }
    };
    const before = await count();
    const key = randomUUID();
    for (let i = 0; i < 3; i += 1) await space.owner.do('POST', '/invite', {}, once(key));
    assert.equal(await count(), before + 1);
  });

  test('sent many times at once has one effect', async () => {
    const before = await lastSeq();
    const key = randomUUID();
    const all = await Promise.all(
      Array.from({ length: 20 }, () =>
        guest.ask('POST', '/messages', { content: 'at once' }, once(key)),
      ),
    );
    for (const answer of all) {
      const late = answer.finding === '409 idempotency_in_flight';
      if (late) assert.equal(answer.field('Retry-After'), '1');
      assert.ok(late || answer.status === 200, answer.text);
    }
    assert.equal(all.filter((answer) => answer.status === 200 && !isReplay(answer)).length, 1);
    assert.equal(await lastSeq(), before + 1);
  });
});

suite('another request under the same key', () => {
  test('is refused', async () => {
    const key = randomUUID();
    const put = (body, fields = {}) =>
      guest.ask('PUT', `/artifacts/${artifact}`, body, once(key, fields));
    const { artifactId: artifact } = await guest.do('POST', '/artifacts', { name: `${key}.md` });
    must(await put({ content: 'one', baseRevision: 1 }));
    const others = [
      await put({ content: 'two', baseRevision: 1 }),
      await put({ content: 'one', baseRevision: 1 }, { 'If-Match': '*' }),
      await put({ content: 'one', baseRevision: 1 }, { 'X-Fencing-Token': '1' }),
    ];
    for (const answer of others) assert.equal(answer.finding, '422 idempotency_mismatch');
    const query = await guest.ask(
      'PUT',
      `/artifacts/${artifact}?a=1`,
      { content: 'one', baseRevision: 1 },
      once(key),
    );
    assert.equal(query.finding, '422 idempotency_mismatch');
  });

  test('on another path is another request', async () => {
    const key = randomUUID();
    must(await guest.ask('POST', '/messages', { content: 'x' }, once(key)));
    const other = await guest.ask('POST', '/artifacts', { name: `${key}.md` }, once(key));
    assert.equal(other.status, 200);
    assert.ok(!isReplay(other));
  });
});

suite('another caller', () => {
  test('never gets the answer', async () => {
    const key = randomUUID();
    const mine = await guest.ask('POST', '/messages', { content: 'x' }, once(key));
    const theirs = await space.owner.ask('POST', '/messages', { content: 'x' }, once(key));
    assert.equal(theirs.status, 200);
    assert.ok(!isReplay(theirs));
    assert.notEqual(theirs.json.id, mine.json.id);
    const nobodys = await host.ask('POST', `${space.path}/messages`, {
      key: randomKey(),
      body: { content: 'x' },
      ...once(key),
    });
    assert.equal(nobodys.finding, '401 key_unknown');
  });

  test('with the same invitation has a join token of its own', async () => {
    const { publicInvitationKey } = await space.invite();
    const key = randomUUID();
    const join = (token) =>
      host.ask('POST', `${space.path}/join`, {
        key: publicInvitationKey,
        body: { name: 'joiner' },
        ...once(key, { 'X-Join-Token': token }),
      });
    const [one, other] = [randomKey(), randomKey()];
    const first = await join(one);
    assertReplayed(first, await join(one));
    const second = await join(other);
    assert.ok(!isReplay(second));
    assert.notEqual(second.json.participantId, first.json.participantId);
  });
});

suite('what is kept', () => {
  test('a refusal that would be the same again', async () => {
    const key = randomUUID();
    const path = `/participants/${nobody()}/approve`;
    const first = await space.owner.ask('POST', path, undefined, once(key));
    assert.equal(first.finding, '404 not_found');
    const second = await space.owner.ask('POST', path, undefined, once(key));
    assert.equal(second.finding, '404 not_found');
    assert.ok(isReplay(second));
  });

  test('not one that describes a passing state', async () => {
    const key = randomUUID();
    const name = `${key}.md`;
    const { artifactId } = await guest.do('POST', '/artifacts', { name });
    const again = () => guest.ask('POST', '/artifacts', { name }, once(key));
    assert.equal((await again()).finding, '409 artifact_name_taken');
    await guest.do('DELETE', `/artifacts/${artifactId}`);
    const made = await again();
    assert.equal(made.status, 200);
    assert.ok(!isReplay(made));
  });

  test('not one about a lock', async () => {
    const key = randomUUID();
    const { artifactId } = await guest.do('POST', '/artifacts', { name: `${key}.md` });
    const lock = await space.owner.do('POST', `/artifacts/${artifactId}/lock`);
    const write = () => guest.ask('PUT', `/artifacts/${artifactId}`, { content: 'x' }, once(key));
    assert.equal((await write()).finding, '423 artifact_locked');
    const { fencingToken } = lock;
    await space.owner.do('POST', `/artifacts/${artifactId}/unlock`, { fencingToken });
    assert.equal((await write()).status, 200);
  });
});

suite('keys that are none', () => {
  const long = 'x'.repeat(256);
  for (const key of ['""', long, `"${long}"`, 'two words', 'a"b', '"open', '"a"b"', 'caf\u00e9'])
    test(JSON.stringify(key).slice(0, 20), async () => {
      const bytes = Buffer.from(
        `POST ${space.path}/messages HTTP/1.1\r\nHost: ${host.name}\r\nX-Private-Key: ${guest.key}\r\n` +
          `Idempotency-Key: ${key}\r\nContent-Type: application/json\r\nContent-Length: 15\r\n\r\n` +
          '{"content":"x"}',
        'latin1',
      );
      const connection = await host.connect();
      const answer = await connection.exchange(bytes, 'POST');
      connection.close();
      assert.equal(answer.finding, '400 idempotency_key_invalid', answer.text);
    });

  test('the longest one is one', async () => {
    const key = 'x'.repeat(255);
    must(await guest.ask('POST', '/messages', { content: 'x' }, once(key)));
  });
});

suite('where it does not apply', () => {
  test('a space is made each time, and the caller is told', async () => {
    const create = () =>
      host.ask('POST', '/oresundspace/space', { body: { name: 'x' }, ...once('same') });
    const [first, second] = [must(await create()), must(await create())];
    assert.notEqual(first.spaceId, second.spaceId);
    for (const { warnings } of [first, second])
      assert.deepEqual(
        warnings.map(({ code }) => code),
        ['idempotency_ignored'],
      );
  });

  test('a read is made anew', async () => {
    const key = randomUUID();
    await guest.ask('GET', '/messages', undefined, once(key));
    assert.ok(!isReplay(await guest.ask('GET', '/messages', undefined, once(key))));
  });
});
