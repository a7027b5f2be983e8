// ETag, If-None-Match, If-Match (docs/protocol/http.md section 13, spaces.md section 9.2).
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, describe as suite, test } from 'node:test';

import { Host, must } from './lib/host.mjs';
import { Space } from './lib/space.mjs';

let host;
let space;
let guest;
before(async () => {
  host = await Host.start();
  space = await Space.create(host);
  guest = await space.admit();
});
after(() => host?.end());

const documents = [
  '/.well-known/oauth-protected-resource',
  '/.well-known/oauth-authorization-server',
  '/auth.md',
  '/llms.txt',
  '/openapi.json',
];

/** The ETag of a revision (section 9.1). */
const tagOf = (revision, content) => {
  const digest = createHash('sha256').update(content).digest('hex');
  return `"${revision}-${digest.slice(0, 16)}"`;
};

suite('If-None-Match', () => {
  async function check(read) {
    const full = await read({});
    const tag = full.field('ETag');
    assert.match(tag, /^"[^"]+"$/, 'a strong one');
    for (const field of [tag, `W/${tag}`, `"other", ${tag}`, '*']) {
      const answer = await read({ 'If-None-Match': field });
      assert.equal(answer.status, 304, field);
      assert.equal(answer.field('ETag'), tag);
      assert.equal(answer.field('Content-Length') ?? '0', '0');
      assert.equal(answer.field('Cache-Control'), full.field('Cache-Control'));
    }
    for (const field of ['"other"', tag.replaceAll('"', '')])
      assert.equal((await read({ 'If-None-Match': field })).status, 200, field);
  }

  for (const path of documents)
    test(path, () => check((fields) => host.ask('GET', path, { fields })));

  test('of an artifact', async () => {
    const { artifactId } = await guest.do('POST', '/artifacts', {
      name: 'read.md',
      content: 'one',
    });
    const read = (fields) => guest.ask('GET', `/artifacts/${artifactId}`, undefined, { fields });
    assert.equal((await read({})).field('ETag'), tagOf(1, 'one'));
    await check(read);
    await guest.do('PUT', `/artifacts/${artifactId}`, { content: 'two', baseRevision: 1 });
    const changed = await read({ 'If-None-Match': tagOf(1, 'one') });
    assert.equal(changed.status, 200);
    assert.equal(changed.field('ETag'), tagOf(2, 'two'));
  });
});

suite('If-Match', () => {
  let artifact;
  const write = (content, fields, body = {}) =>
    guest.ask('PUT', artifact, { content, ...body }, { fields });
  before(async () => {
    const made = await guest.do('POST', '/artifacts', { name: 'write.md', content: 'one' });
    artifact = `/artifacts/${made.artifactId}`;
  });

  test('lets a write through when it names what is there', async () => {
    const answer = await write('two', { 'If-Match': tagOf(1, 'one') });
    assert.equal(must(answer).revision, 2);
    assert.equal(answer.field('ETag'), tagOf(2, 'two'));
    assert.equal(must(await write('three', { 'If-Match': `"x", ${tagOf(2, 'two')}` })).revision, 3);
    assert.equal(must(await write('four', { 'If-Match': '*' })).revision, 4);
    assert.ok(!('warnings' in must(await write('five', {}, { baseRevision: 4 }))));
  });

  test('stops it when it does not, and says what is there', async () => {
    const { sha256, updatedAt } = await guest.do('GET', artifact);
    const stale = [tagOf(1, 'one'), `W/${tagOf(5, 'five')}`, '"5"'];
    for (const field of stale) {
      const answer = await write('lost', { 'If-Match': field });
      assert.equal(answer.finding, '412 revision_conflict', field);
      assert.equal(answer.json.currentRevision, 5);
      assert.equal(answer.json.currentSha256, sha256);
      assert.equal(answer.json.updatedAt, updatedAt);
      assert.equal(answer.json.updatedBy.participantId, guest.participantId);
    }
    const answer = await write('lost', {}, { baseRevision: 4 });
    assert.equal(answer.finding, '409 revision_conflict');
    assert.equal((await guest.do('GET', artifact)).revision, 5);
  });

  test('a write without any condition is taken, with a warning', async () => {
    const { revision, warnings } = must(await write('six', {}));
    assert.equal(revision, 6);
    assert.deepEqual(
      warnings.map(({ code }) => code),
      ['unconditional_write'],
    );
  });

  test('the same content makes no revision', async () => {
    assert.equal(must(await write('six', { 'If-Match': tagOf(6, 'six') })).revision, 6);
  });

  test('a lock goes before it', async () => {
    const { fencingToken } = await space.owner.do('POST', `${artifact}/lock`, { leaseSeconds: 60 });
    const held = await write('lost', { 'If-Match': tagOf(1, 'one') });
    assert.equal(held.finding, '423 artifact_locked');
    assert.equal(held.json.lockedBy, space.owner.participantId);
    assert.ok(Number(held.field('Retry-After')) >= 1);
    const guessed = await write('lost', { 'X-Fencing-Token': String(fencingToken) });
    assert.equal(guessed.finding, '423 artifact_locked', 'the token is not that of the guest');
    await space.owner.do('POST', `${artifact}/unlock`, { fencingToken });
    const late = await write('lost', {}, { fencingToken });
    assert.equal(late.finding, '409 lock_lost');
    assert.equal(late.json.currentRevision, 6);
    const gone = await guest.ask('DELETE', artifact, undefined, {
      fields: { 'If-Match': tagOf(1, 'one') },
    });
    assert.equal(gone.finding, '412 revision_conflict');
  });

  test('the holder of a lock sends its token, in the body or in the field', async () => {
    const { fencingToken } = await guest.do('POST', `${artifact}/lock`);
    const bare = await write('lost', {});
    assert.equal(bare.finding, '423 artifact_locked');
    assert.match(bare.json.hint, /token/i);
    assert.equal(must(await write('seven', {}, { fencingToken })).revision, 7);
    const raw = await guest.ask('PUT', artifact, '# eight', {
      type: 'text/markdown',
      fields: { 'X-Fencing-Token': String(fencingToken), 'If-Match': tagOf(7, 'seven') },
    });
    assert.equal(must(raw).revision, 8);
    await guest.do('POST', `${artifact}/unlock`, { force: true });
    const next = await guest.do('POST', `${artifact}/lock`);
    assert.equal(next.fencingToken, fencingToken + 1);
    await guest.do('POST', `${artifact}/unlock`, { fencingToken: next.fencingToken });
  });
});
