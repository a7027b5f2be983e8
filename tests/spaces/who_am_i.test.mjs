// GET /oresundspace/whoami, by the short way and by the long one: the same answer
// (docs/protocol/spaces.md section 2, http.md section 8), and never that of a moment ago.
import assert from 'node:assert/strict';
import { after, before, describe as suite, test } from 'node:test';

import { Host, must } from './lib/host.mjs';
import { Scene } from './lib/scene.mjs';
import { randomKey, revokePresented, Space } from './lib/space.mjs';

const path = '/oresundspace/whoami';
/** A preference that changes nothing but that somebody has to read it. */
const longWay = { Prefer: 'handling=lenient' };
const changing = new Set(['date', 'x-request-id', 'ratelimit', 'ratelimit-remaining']);

let host;
let scene;
before(async () => {
  host = await Host.start();
  scene = await Scene.set(host);
});
after(() => host?.end());

const ask = (key, more = {}) => host.ask('GET', path, { key, ...more });
const lasting = ({ fields }) =>
  fields.filter(([name]) => !changing.has(name.toLowerCase())).sort();

/** Twice, since the first request is the one that memory does not know. */
async function sameBothWays(key) {
  await ask(key);
  const short = await ask(key);
  const long = await ask(key, { fields: longWay });
  const bearer = await host.ask('GET', path, { bearer: key });
  assert.equal(short.status, 200);
  assert.equal(short.text, long.text);
  assert.equal(bearer.text, long.text);
  assert.deepEqual(lasting(short), lasting(long));
  return short.json;
}

suite('whoami', { concurrency: false }, () => {
  for (const type of ['owner', 'participant', 'observer', 'invitation']) {
    test(`tells the ${type} both ways the same`, async () => {
      const said = await sameBothWays(scene[type].key);
      assert.equal(said.keyType, type);
      assert.equal(said.spaceId, scene.space.id);
      assert.equal(said.hint, scene[type].key.slice(-4));
      assert.equal('invitationId' in said, type === 'invitation');
    });
  }

  test('tells a proven address and an end', async () => {
    const rotated = await scene.participant.do('POST', '/keys/rotate', { expiresIn: 7200 });
    scene.participant.key = rotated.participantPrivateKey;
    await scene.prepare('challenge', 'participant');
    await scene.participant.do('POST', '/identity', scene.proof);
    const said = await sameBothWays(scene.participant.key);
    assert.equal(said.verified, true);
    assert.equal(said.address, scene.wallet.address);
    assert.equal(said.expiresAt, rotated.keyExpiresAt);
  });

  test('knows of a mute, an unmute and a kick at the next request', async () => {
    const guest = await scene.space.admit('participant', 'Polonius');
    const muted = async () => must(await ask(guest.key)).muted;
    assert.equal(await muted(), false);
    assert.equal(await muted(), false);
    await scene.space.mute(guest);
    assert.equal(await muted(), true);
    await scene.owner.do('POST', `/participants/${guest.participantId}/unmute`);
    assert.equal(await muted(), false);
    await scene.space.kick(guest);
    const refused = await ask(guest.key);
    assert.equal(refused.status, 401);
    assert.equal(refused.json.code, 'key_revoked');
    assert.equal(refused.json.reason, 'kicked');
  });

  test('knows of every end of a key at the next request', async () => {
    const space = await Space.create(host);
    const guest = await space.admit('participant', 'Laertes');
    must(await ask(guest.key));
    const rotated = await guest.do('POST', '/keys/rotate', {});
    assert.equal((await ask(guest.key)).json.reason, 'rotated');
    must(await ask(rotated.participantPrivateKey));
    await revokePresented(host, rotated.participantPrivateKey);
    assert.equal((await ask(rotated.participantPrivateKey)).status, 401);
    must(await ask(space.owner.key));
    await space.close();
    assert.equal((await ask(space.owner.key)).json.code, 'space_closed');
  });

  test('refuses what it does not know, in the form asked for', async () => {
    const unknown = await ask(randomKey());
    assert.equal(unknown.status, 401);
    assert.equal(unknown.json.code, 'key_unknown');
    assert.equal((await ask('0123')).json.code, 'key_malformed');
    const { key } = scene.owner;
    const conflict = await ask(key, { bearer: randomKey() });
    assert.equal(conflict.json.code, 'credential_conflict');
    assert.equal((await ask(key, { fields: { Accept: 'text/html' } })).status, 406);
    assert.equal((await ask(key, { fields: { 'API-Version': '9' } })).status, 400);
    const strict = await ask(key, { fields: { Prefer: 'handling=strict' } });
    assert.equal(strict.field('preference-applied'), 'handling=strict');
    const query = await host.ask('GET', `${path}?more=1`, { key });
    assert.equal(query.json.warnings?.length, 1);
    const head = await host.ask('HEAD', path, { key });
    assert.equal(head.status, 200);
    assert.equal(head.text, '');
  });
});

test('whoami counts as a read of the key', async () => {
  const strict = await Host.start({ settings: { 'limits.reads': [3, 3600] } });
  try {
    const space = await Space.create(strict);
    const key = space.owner.key;
    const left = [];
    for (let i = 0; i < 3; i += 1) {
      const answer = await strict.ask('GET', path, { key });
      left.push(Number(answer.field('ratelimit-remaining')));
    }
    assert.deepEqual(left, [2, 1, 0]);
    const refused = await strict.ask('GET', path, { key });
    assert.equal(refused.status, 429);
    assert.deepEqual(refused.json.policies, ['reads']);
  } finally {
    await strict.end();
  }
});
