// Members of requests (docs/protocol/http.md sections 5 and 6): what is not defined, what is wrong.
import assert from 'node:assert/strict';
import { after, before, describe as suite, test } from 'node:test';

import { Host, must } from './lib/host.mjs';
import { nobody, Space } from './lib/space.mjs';

let host;
let space;
let guest;
before(async () => {
  host = await Host.start();
  space = await Space.create(host);
  guest = await space.admit();
});
after(() => host?.end());

const strict = { Prefer: 'handling=strict' };
const send = (body, more = {}) => guest.ask('POST', '/messages', body, more);
const pointers = (answer) => answer.json.errors.map(({ pointer }) => pointer);

suite('members that are not defined', () => {
  test('are ignored and named, with what was meant', async () => {
    const { id, warnings } = must(await send({ content: 'x', mentoins: [], colour: 'red' }));
    assert.ok(id);
    assert.deepEqual(
      warnings.map(({ code, pointer, didYouMean }) => ({ code, pointer, didYouMean })),
      [
        { code: 'unknown_member', pointer: '/mentoins', didYouMean: '/mentions' },
        { code: 'unknown_member', pointer: '/colour', didYouMean: undefined },
      ],
    );
    assert.ok(warnings.every(({ message }) => message.length > 0));
  });

  test('are named in a query too', async () => {
    const { warnings } = must(await guest.ask('GET', '/messages?limt=5'));
    assert.equal(warnings.length, 1);
    const [{ code, pointer, didYouMean }] = warnings;
    assert.deepEqual([code, pointer, didYouMean], ['unknown_member', '?limt', '?limit']);
  });

  test('of a member with slashes and tildes are pointed to by the rules of RFC 6901', async () => {
    const { warnings } = must(await send({ content: 'x', 'a/b~c': 1 }));
    assert.equal(warnings[0].pointer, '/a~1b~0c');
  });

  test('are named at most twenty times', async () => {
    const many = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`unknown${i}`, i]));
    assert.equal(must(await send({ content: 'x', ...many })).warnings.length, 20);
  });

  test('are refused when the caller wants to be strict', async () => {
    const before = must(await guest.ask('GET', '/messages')).lastSeq;
    const refused = await send({ content: 'x', mentoins: [] }, { fields: strict });
    assert.equal(refused.finding, '400 unknown_member');
    assert.deepEqual(pointers(refused), ['/mentoins']);
    assert.equal(refused.field('Preference-Applied'), 'handling=strict');
    const query = await guest.ask('GET', '/messages?limt=5', undefined, { fields: strict });
    assert.equal(query.finding, '400 unknown_member');
    assert.deepEqual(pointers(query), ['?limt']);
    assert.equal(must(await guest.ask('GET', '/messages')).lastSeq, before);
  });

  test('and a strict request without them is answered as ever', async () => {
    const answer = await send({ content: 'x' }, { fields: strict });
    assert.equal(answer.status, 200);
    assert.equal(answer.field('Preference-Applied'), 'handling=strict');
    assert.ok(!('warnings' in answer.json));
    assert.equal((await send({ content: 'x' })).field('Preference-Applied'), undefined);
  });

  test('a body where none is defined is ignored and named', async () => {
    const { participantId } = guest;
    const path = `/participants/${participantId}/unmute`;
    const { warnings } = await space.owner.do('POST', path, { reason: 'x' });
    assert.deepEqual(
      warnings.map(({ code }) => code),
      ['body_ignored'],
    );
  });
});

/** A one-line text of so many letters. */
const letters = (count) => 'a'.repeat(count);
const challenge = { challengeId: nobody(), signature: `0x${'0'.repeat(130)}` };

/** [who, method, path below the space or whole path, body, pointer, code of the error] */
const wrong = [
  ['create', { name: 7 }, '/name', 'wrong_type'],
  ['create', { name: '' }, '/name', 'too_short'],
  ['create', { name: '   ' }, '/name', 'too_short'],
  ['create', { name: letters(121) }, '/name', 'too_long'],
  ['create', { name: 'a\nb' }, '/name', 'bad_pattern'],
  ['create', { name: 'a\u202Eb' }, '/name', 'bad_pattern'],
  ['create', { name: 'x', description: letters(4001) }, '/description', 'too_long'],
  ['create', { name: 'x', description: 'a\u0000b' }, '/description', 'bad_pattern'],
  ['create', { name: 'x', agenda: letters(16001) }, '/agenda', 'too_long'],
  ['create', { name: 'x', privacy: 'secret' }, '/privacy', 'not_allowed'],
  ['create', { name: 'x', ttl: 59 }, '/ttl', 'out_of_range'],
  ['create', { name: 'x', ttl: 31_536_001 }, '/ttl', 'out_of_range'],
  ['create', { name: 'x', ttl: '60' }, '/ttl', 'wrong_type'],
  ['create', { name: 'x', ttl: 60.5 }, '/ttl', 'wrong_type'],
  ['create', { name: 'x', ownerName: letters(81) }, '/ownerName', 'too_long'],
  ['create', { name: 'x', requiresApproval: 'yes' }, '/requiresApproval', 'wrong_type'],
  ['create', { name: 'x', ownerKeyExpiresIn: 3599 }, '/ownerKeyExpiresIn', 'out_of_range'],
  ['create', { name: 'x', retentionDays: 366 }, '/retentionDays', 'out_of_range'],
  ['PUT ', { name: null, ttl: 59 }, '/ttl', 'out_of_range'],
  ['DELETE ', { reason: letters(201) }, '/reason', 'too_long'],
  ['POST /invite', { role: 'owner' }, '/role', 'not_allowed'],
  ['POST /invite', { expiresIn: 59 }, '/expiresIn', 'out_of_range'],
  ['POST /invite', { maxUses: 101 }, '/maxUses', 'out_of_range'],
  ['POST /invite', { maxUses: 0 }, '/maxUses', 'out_of_range'],
  ['POST /messages', { content: 42 }, '/content', 'wrong_type'],
  ['POST /messages', { content: '' }, '/content', 'too_short'],
  ['POST /messages', { content: letters(65_537) }, '/content', 'too_long'],
  ['POST /messages', { content: '€'.repeat(21_846) }, '/content', 'too_long'],
  ['POST /messages', { content: 'x', type: 'system' }, '/type', 'not_allowed'],
  ['POST /messages', { content: 'x', type: 'image' }, '/content', 'bad_pattern'],
  ['POST /messages', { content: 'x', replyTo: 'that one' }, '/replyTo', 'bad_pattern'],
  ['POST /messages', { content: 'x', mentions: 'all' }, '/mentions', 'wrong_type'],
  ['POST /messages', { content: 'x', mentions: Array(21).fill(nobody()) }, '/mentions', 'too_long'],
  ['POST /messages', { content: 'x', mentions: [nobody(), 7] }, '/mentions', 'wrong_type'],
  ['POST /artifacts', { name: letters(121) }, '/name', 'too_long'],
  ['POST /artifacts', { name: 'x', mediaType: 'text/html' }, '/mediaType', 'not_allowed'],
  ['POST /artifacts', { name: 'x', note: letters(201) }, '/note', 'too_long'],
  ['POST /keys/rotate', { graceSeconds: 2_592_001 }, '/graceSeconds', 'out_of_range'],
  ['POST /identity/challenge', { address: '0x12' }, '/address', 'bad_pattern'],
  ['POST /identity', { ...challenge, challengeId: 5 }, '/challengeId', 'wrong_type'],
];

/** An answer of the server to one row of the table above. */
function tryOut(route, body) {
  if (route === 'create') return host.ask('POST', '/oresundspace/space', { body });
  const [method, suffix] = route.split(' ');
  return space.owner.ask(method, suffix, body);
}

suite('members that are wrong', () => {
  for (const [route, body, pointer, code] of wrong) {
    const shown = JSON.stringify(body).slice(0, 50);
    test(`${route} ${shown}: ${code}`, async () => {
      const answer = await tryOut(route, body);
      assert.equal(answer.finding, '400 invalid_member', answer.text);
      const found = answer.json.errors.map((error) => [error.pointer, error.code]);
      assert.deepEqual(found, [[pointer, code]]);
      assert.ok(answer.json.errors[0].detail.length > 0);
    });
  }

  test('a nested one is pointed to', async () => {
    const { publicInvitationKey } = await space.invite();
    const join = (body) =>
      host.ask('POST', `${space.path}/join`, { key: publicInvitationKey, body });
    const answer = await join({ name: 'x', identity: { ...challenge, challengeId: true } });
    assert.equal(answer.finding, '400 invalid_member');
    assert.deepEqual(pointers(answer), ['/identity/challengeId']);
    const missing = await join({ name: 'x', identity: { signature: challenge.signature } });
    assert.deepEqual(pointers(missing), ['/identity/challengeId']);
  });

  test('all are named in one answer', async () => {
    const answer = await tryOut('create', { name: 7, ttl: 'long', privacy: false });
    assert.deepEqual(pointers(answer).sort(), ['/name', '/privacy', '/ttl']);
  });

  test('a missing one is named as required', async () => {
    for (const [route, pointer] of [
      ['create', '/name'],
      ['POST /messages', '/content'],
      ['POST /artifacts', '/name'],
    ]) {
      const answer = await tryOut(route, {});
      assert.equal(answer.finding, '400 missing_member');
      const [error] = answer.json.errors;
      assert.deepEqual([error.pointer, error.code], [pointer, 'required']);
    }
  });

  test('the value of a secret is not repeated', async () => {
    const secret = 'f'.repeat(63);
    const { publicInvitationKey } = await space.invite();
    const answer = await host.ask('POST', `${space.path}/join`, {
      key: publicInvitationKey,
      body: { name: 'x' },
      fields: { 'X-Join-Token': secret },
    });
    assert.equal(answer.status, 400);
    assert.ok(!answer.text.includes(secret));
  });
});

suite('values that are fine', () => {
  test('null is absent, and 60.0 is an integer', async () => {
    const made = must(await tryOut('create', { name: 'x', ttl: null, agenda: null }));
    assert.ok(!('expiresAt' in made));
    const body = '{"name":"x","ttl":60.0}';
    assert.ok('expiresAt' in must(await host.ask('POST', '/oresundspace/space', { body })));
  });

  test('white space around a line is cut, and lengths are counted in characters', async () => {
    const made = must(await tryOut('create', { name: `  ${'𝕏'.repeat(120)}\t` }));
    assert.equal(made.name, '𝕏'.repeat(120));
    must(await send({ content: 'a\tb\r\nc' }));
    must(await send({ content: letters(65_536) }));
  });

  test('ids are read in either case, and written in lower case', async () => {
    const path = space.path.replace(space.id, space.id.toUpperCase());
    assert.equal(must(await host.ask('GET', path, { key: guest.key })).spaceId, space.id);
  });
});

suite('JSON that is not acceptable', () => {
  const deep = (depth) => '['.repeat(depth) + ']'.repeat(depth);
  const members = (count) =>
    `{"content":"x",${Array.from({ length: count - 1 }, (_, i) => `"m${i}":1`).join()}}`;
  const cases = {
    'bytes after the value': ['{"content":"x"} {}', 'invalid_json'],
    'a byte order mark': ['\uFEFF{"content":"x"}', 'invalid_json'],
    'bytes that are not UTF-8': [Buffer.from('{"content":"\xff\xfe"}', 'latin1'), 'invalid_json'],
    'half of a surrogate pair': ['{"content":"\\ud83d"}', 'invalid_json'],
    'a comma at the end': ['{"content":"x",}', 'invalid_json'],
    'a single quote': ["{'content':'x'}", 'invalid_json'],
    'nothing at all': [' ', 'invalid_json'],
    'a level too many': [`{"content":"x","a":${deep(32)}}`, 'invalid_json'],
    'a member too many': [members(257), 'invalid_json'],
    'an item too many': [`{"content":"x","a":[${'1,'.repeat(1024)}1]}`, 'invalid_json'],
    'a member twice': ['{"content":"x","content":"y"}', 'duplicate_member'],
    'a member twice, once with an escape': [
      '{"content":"x","c\\u006fntent":"y"}',
      'duplicate_member',
    ],
    'a nested member twice': ['{"content":"x","a":{"b":1,"b":2}}', 'duplicate_member'],
  };
  for (const [name, [body, code]] of Object.entries(cases)) {
    test(name, async () => {
      const answer = await send(body);
      assert.equal(answer.finding, `400 ${code}`, answer.text);
      if (code === 'duplicate_member') assert.ok(answer.json.errors.length > 0);
    });
  }

  test('what is just allowed', async () => {
    must(await send(members(256)));
    must(await send(`{"content":"x","a":${deep(31)}}`));
    must(await send(`{"content":"x","a":[${'1,'.repeat(1023)}1]}`));
  });

  test('a value that is no object', async () => {
    for (const body of ['[]', '"x"', '7', 'null']) {
      const { status, json } = await send(body);
      assert.equal(status, 400);
      assert.match(json.code, /^(invalid_json|invalid_member)$/);
    }
  });
});
