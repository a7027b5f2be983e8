// Lists and their cursors (docs/protocol/http.md section 13).
import assert from 'node:assert/strict';
import { after, before, describe as suite, test } from 'node:test';

import { Wallet } from './lib/ethereum.mjs';
import { Host, must } from './lib/host.mjs';
import { Scene } from './lib/scene.mjs';
import { Space } from './lib/space.mjs';

const wanted = 5; // rows of each list at least

let host;
let scene;
let other;
before(async () => {
  host = await Host.start();
  scene = await Scene.set(host);
  other = await Scene.set(host);
  const { space, owner, participant } = scene;
  for (let i = 0; i < wanted; i += 1) {
    await owner.send(`message ${i}`);
    await owner.do('POST', '/artifacts', { name: `list ${i}.md` });
    await space.admit('participant', `member ${i}`);
    await Space.create(host, { name: `Elsinore ${i}`, privacy: 'public' });
    const { artifactId } = scene.values;
    await participant.do('PUT', `/artifacts/${artifactId}`, {
      content: `revision ${i}`,
      baseRevision: i + 1,
    });
  }
  await signOff();
});
after(() => host?.end());

/** Sign-offs of several revisions, so that the list of them has pages. */
async function signOff() {
  const { participant, values } = scene;
  scene.wallet = Wallet.createRandom();
  await scene.prepare('challenge', 'participant');
  await participant.do('POST', '/identity', scene.proof);
  for (const revision of [1, 2, 3]) {
    const { sha256 } = await participant.do(
      'GET',
      `/artifacts/${values.artifactId}/revisions/${revision}`,
    );
    const body = scene.signed({ artifactId: values.artifactId, revision, sha256 });
    await participant.do('POST', `/artifacts/${values.artifactId}/signatures`, body);
  }
}

/** [path, array, what tells its rows apart] */
const lists = {
  messages: [() => '/messages', 'messages', 'seq'],
  participants: [() => '/participants', 'participants', 'participantId'],
  invitations: [() => '/invitations', 'invitations', 'invitationId'],
  artifacts: [() => '/artifacts', 'artifacts', 'artifactId'],
  revisions: [({ values }) => `/artifacts/${values.artifactId}/revisions`, 'revisions', 'revision'],
  signatures: [
    ({ values }) => `/artifacts/${values.artifactId}/signatures`,
    'signatures',
    'signatureId',
  ],
  audit: [() => '/audit', 'events', 'seq'],
  directory: [() => undefined, 'spaces', 'spaceId'],
};

function page(list, query = '', from = scene) {
  const [path] = lists[list];
  if (list === 'directory') return host.ask('GET', `/oresundspace/spaces${query}`);
  return from.owner.ask('GET', `${path(from)}${query}`);
}

suite('pages', () => {
  for (const [list, [, rows, id]] of Object.entries(lists)) {
    test(`of ${list} make up the whole list`, async () => {
      const whole = must(await page(list))[rows].map((row) => row[id]);
      assert.ok(whole.length >= 3, `${whole.length} rows`);
      const found = [];
      let query = '?limit=2';
      for (;;) {
        const body = must(await page(list, query));
        assert.ok(body[rows].length <= 2);
        assert.match(body.cursor, /^c1\.[A-Za-z0-9_-]{22}$/);
        found.push(...body[rows].map((row) => row[id]));
        if (!body.hasMore) break;
        query = `?limit=2&cursor=${body.cursor}`;
      }
      // Reading writes nothing, but the audit of first uses: it may have grown meanwhile.
      assert.deepEqual(found.slice(0, whole.length), whole);
    });
  }

  test('the cursor of the last page goes on from there', async () => {
    const { cursor, hasMore } = must(await page('messages', '?limit=500'));
    assert.equal(hasMore, false);
    assert.deepEqual(must(await page('messages', `?cursor=${cursor}`)).messages, []);
    await scene.owner.send('later');
    const { messages } = must(await page('messages', `?cursor=${cursor}`));
    assert.deepEqual(
      messages.map(({ content }) => content),
      ['later'],
    );
  });

  test('the newest space of the directory comes first, and q looks in name and description', async () => {
    const names = (body) => body.spaces.map(({ name }) => name);
    assert.equal(names(must(await page('directory')))[0], `Elsinore ${wanted - 1}`);
    assert.deepEqual(names(must(await page('directory', '?q=ELSINORE%203'))), ['Elsinore 3']);
    assert.deepEqual(names(must(await page('directory', '?q=%25'))), []);
    assert.deepEqual(
      names(must(await page('directory', '?q=A%20space%20of'))),
      [],
      'it is private',
    );
  });
});

suite('a cursor', () => {
  const alter = (cursor, at) => {
    const letter = cursor[at] === 'A' ? 'B' : 'A';
    return cursor.slice(0, at) + letter + cursor.slice(at + 1);
  };

  for (const list of Object.keys(lists)) {
    test(`of ${list} is refused when it was altered`, async () => {
      const { cursor } = must(await page(list, '?limit=1'));
      const altered = [5, 12, 14, 20, 23].map((at) => alter(cursor, at));
      const broken = [
        ...altered,
        cursor.slice(0, -1),
        `${cursor}A`,
        cursor.replace('c1', 'c2'),
        'x',
      ];
      for (const one of broken) {
        const answer = await page(list, `?cursor=${one}`);
        assert.equal(answer.finding, '400 cursor_invalid', one);
      }
    });
  }

  test('of another list is refused', async () => {
    for (const from of Object.keys(lists)) {
      const { cursor } = must(await page(from, '?limit=1'));
      for (const to of Object.keys(lists).filter((one) => one !== from)) {
        const answer = await page(to, `?cursor=${cursor}`);
        assert.equal(answer.finding, '400 cursor_invalid', `${from} in ${to}`);
      }
    }
  });

  test('of another space is refused', async () => {
    for (const list of ['messages', 'participants', 'invitations', 'artifacts', 'audit']) {
      const { cursor } = must(await page(list, '?limit=1'));
      const answer = await page(list, `?cursor=${cursor}`, other);
      assert.equal(answer.finding, '400 cursor_invalid', list);
    }
  });

  test('is good as a timestamp of a message list too', async () => {
    const { cursor, lastSeq } = must(await page('messages', '?tail=1'));
    const body = must(await page('messages', `?timestamp=${cursor}`));
    assert.deepEqual(body.messages, []);
    assert.equal(body.lastSeq, lastSeq);
  });
});
