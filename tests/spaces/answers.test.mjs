// The form of answers (docs/protocol/http.md sections 4 to 8, 12): fields, methods, errors, tokens.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { after, before, describe as suite, test } from 'node:test';

import { Host, must } from './lib/host.mjs';
import { inconsistencies, policiesOf } from './lib/rate_fields.mjs';
import { namesSpace, nameOf, routes } from './lib/routes.mjs';
import { nobody, randomKey, Space } from './lib/space.mjs';

let host;
let space;
before(async () => {
  host = await Host.start({ settings: {} });
  space = await Space.create(host);
});
after(() => host?.end());

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const key = () => ({ key: space.owner.key });

suite('standard fields', () => {
  test('stand on every answer, whatever it says', async () => {
    const asked = [
      ['GET', space.path, key()],
      ['GET', space.path, {}],
      ['GET', `${space.path}/nothing`, key()],
      ['POST', `${space.path}/messages`, { ...key(), body: '{' }],
      ['PATCH', space.path, key()],
      ['GET', `${space.path}/artifacts/${nobody()}`, key()],
      ['GET', '/openapi.json', {}],
      ['GET', '/.well-known/oauth-protected-resource', {}],
      ['GET', `${space.path}/export`, key()],
    ];
    for (const [method, path, options] of asked) {
      const answer = await host.ask(method, path, options);
      assert.equal(answer.field('API-Version'), '1', path);
      assert.match(answer.field('X-Request-Id'), uuid);
      assert.equal(answer.field('X-Content-Type-Options'), 'nosniff');
      assert.equal(answer.field('Referrer-Policy'), 'no-referrer');
      assert.ok(answer.field('Cache-Control'));
      assert.doesNotMatch(answer.field('Server') ?? '', /\d/);
      assert.deepEqual(inconsistencies(answer), [], path);
    }
  });

  test('the policies that are listed are those of the answer', async () => {
    const names = async (...request) =>
      policiesOf(await host.ask(...request)).map(({ name }) => name);
    assert.deepEqual(await names('GET', space.path, key()), ['reads']);
    assert.deepEqual(await names('POST', `${space.path}/invite`, key()), ['writes']);
    assert.deepEqual(await names('GET', space.path), ['bad-credential']);
    assert.deepEqual(await names('GET', '/oresundspace/nothing'), ['source']);
    assert.deepEqual(await names('GET', '/oresundspace/spaces'), ['discovery']);
    assert.deepEqual(await names('GET', `${space.path}/export`, key()), ['export']);
    const message = { ...key(), body: { content: 'x' } };
    assert.deepEqual(await names('POST', `${space.path}/messages`, message), ['messages']);
  });

  test('the request id of the caller is kept when it has the form of one', async () => {
    const fields = (id) => ({ fields: { 'X-Request-Id': id } });
    for (const id of ['abcdefgh', 'A.b_c-9~'.replace('~', 'Z'), 'x'.repeat(64)]) {
      const answer = await host.ask('GET', space.path, fields(id));
      assert.equal(answer.field('X-Request-Id'), id);
      assert.equal(answer.json.requestId, id);
    }
    for (const id of ['short', 'x'.repeat(65), 'with space', 'semi;colon']) {
      const answer = await host.ask('GET', space.path, fields(id));
      assert.match(answer.field('X-Request-Id'), uuid);
    }
  });
});

suite('methods and paths', () => {
  const filled = (path) =>
    path.replace(
      /\{(\w+)\}/g,
      (_, name) => ({ spaceId: space.id, revision: '1' })[name] ?? nobody(),
    );
  const byPath = new Map();
  for (const { method, path } of routes.filter(namesSpace))
    byPath.set(path, [...(byPath.get(path) ?? []), method]);

  for (const [path, methods] of byPath) {
    test(`${path} takes ${methods.join(', ')}`, async () => {
      const answer = await host.ask('PATCH', filled(path), key());
      assert.equal(answer.finding, '405 method_not_allowed');
      const allowed = answer
        .field('Allow')
        .split(', ')
        .filter((one) => one !== 'OPTIONS');
      const noHead = /\/(stream|join\/\{participantId\})$/.test(path);
      const heads = methods.includes('GET') && !noHead ? ['HEAD'] : [];
      assert.deepEqual(allowed.sort(), [...methods, ...heads].sort());
    });
  }

  test('a slash at the end is another path', async () => {
    for (const route of routes) {
      const answer = await host.ask(route.method, `${filled(route.path)}/`, key());
      assert.equal(answer.finding, '404 route_not_found', nameOf(route));
    }
  });

  test('what is not there is not forwarded, and needs no key to be told', async () => {
    for (const path of [
      '/oresundspace',
      '/oresundspace/',
      '/oresundspace/spaec',
      `${space.path}/x`,
    ])
      assert.equal((await host.ask('GET', path)).finding, '404 route_not_found', path);
  });

  test('HEAD answers as GET does, without the body', async () => {
    for (const suffix of ['', '/participants', '/artifacts', '/keys', '/invitations', '/audit']) {
      const head = await space.owner.ask('HEAD', suffix);
      const got = await space.owner.ask('GET', suffix);
      assert.equal(head.status, 200, suffix);
      assert.equal(head.field('Content-Type'), got.field('Content-Type'));
      if (suffix === '/invitations')
        assert.equal(head.field('Content-Length'), got.field('Content-Length'));
    }
    const pending = await space.invite({ requiresApproval: true });
    const joiner = await space.join(pending.publicInvitationKey);
    const path = `${space.path}/join/${joiner.participantId}`;
    for (const refused of [path, `${space.path}/messages/stream`]) {
      const answer = await host.ask('HEAD', refused, { key: joiner.invitationKey });
      assert.equal(answer.status, 405, refused);
    }
  });

  test('a host that is not ours is sent away first of all', async () => {
    const answer = await host.ask('GET', space.path, { ...key(), name: 'attacker.example' });
    assert.equal(answer.finding, '421 host_not_allowed');
  });
});

suite('errors', () => {
  const problem = (accept) => ({ fields: { Accept: accept } });

  test('are problem details for who prefers them', async () => {
    for (const accept of [
      'application/problem+json',
      'application/problem+json, application/json',
      'application/json;q=0.5, application/problem+json',
    ]) {
      const answer = await host.ask('GET', space.path, problem(accept));
      assert.equal(answer.field('Content-Type'), 'application/problem+json', accept);
      const { type, title, status, detail, instance, code, requestId, next } = answer.json;
      assert.equal(type, `${host.origin}/docs/errors#key_missing`);
      assert.equal(status, 401);
      assert.equal(code, 'key_missing');
      assert.equal(instance, `urn:uuid:${requestId}`);
      assert.ok(title && detail && next.create);
      assert.ok(!('error' in answer.json));
    }
    for (const accept of [
      'application/json',
      '*/*;q=0.1, application/json',
      'application/json, application/problem+json;q=0.5',
    ]) {
      const answer = await host.ask('GET', space.path, problem(accept));
      assert.equal(answer.field('Content-Type'), 'application/json', accept);
      assert.ok(answer.json.error);
    }
  });

  test('an instance is named only when the request id is a UUID', async () => {
    const fields = { Accept: 'application/problem+json', 'X-Request-Id': 'my.request.1' };
    const { json } = await host.ask('GET', space.path, { fields });
    assert.equal(json.requestId, 'my.request.1');
    assert.ok(!('instance' in json));
  });

  test('never repeat what was sent as a credential', async () => {
    const secret = randomKey();
    for (const options of [{ key: secret }, { bearer: secret }, { key: `${secret}0` }]) {
      const answer = await host.ask('GET', space.path, options);
      assert.ok(!answer.text.includes(secret.slice(0, 16)));
    }
  });

  test('an object that is not there is named by its kind', async () => {
    const cases = {
      [`GET /artifacts/${nobody()}`]: 'artifact',
      [`DELETE /messages/${nobody()}`]: 'message',
      [`POST /participants/${nobody()}/approve`]: 'participant',
      [`GET /invitations/${nobody()}`]: 'invitation',
      [`DELETE /keys/${nobody()}`]: 'key',
    };
    for (const [request, object] of Object.entries(cases)) {
      const answer = await space.owner.ask(...request.split(' '));
      assert.equal(answer.finding, '404 not_found', request);
      assert.equal(answer.json.object, object);
    }
  });
});

suite('API-Version', () => {
  test('1 is the one that is spoken', async () => {
    const ask = (version) =>
      space.owner.ask('GET', '', undefined, { fields: { 'API-Version': version } });
    assert.equal((await ask('1')).status, 200);
    const refused = await ask('2');
    assert.equal(refused.finding, '400 unsupported_api_version');
    assert.deepEqual(refused.json.supported, ['1']);
    assert.equal(refused.field('API-Version'), '1');
  });
});

/** An identity token with the right check characters that nobody has minted. */
function userToken() {
  const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
  const text = `osp_${randomBytes(32).toString('base64url')}`;
  let crc = 0xffffffff;
  for (const byte of Buffer.from(text)) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  let rest = (crc ^ 0xffffffff) >>> 0;
  let check = '';
  for (; check.length < 6; rest = Math.floor(rest / 62)) check = digits[rest % 62] + check;
  return text + check;
}

suite('identity tokens', () => {
  const create = (options) =>
    host.ask('POST', '/oresundspace/space', { body: { name: 'With a token' }, ...options });
  const token = userToken();
  const ways = {
    'an unknown one': { fields: { 'X-User-Token': token } },
    'a malformed one': { fields: { 'X-User-Token': 'osp_short' } },
    'a wrong check': { fields: { 'X-User-Token': `${token.slice(0, -6)}000000` } },
    'as Bearer': { bearer: token },
    'in both places': { bearer: token, fields: { 'X-User-Token': token } },
  };
  for (const [name, options] of Object.entries(ways)) {
    test(`${name} does not stop a create or a join`, async () => {
      const made = await create(options);
      assert.equal(must(made).userLinked, false);
      assert.equal(made.field('X-User-Token-Status'), 'invalid');
      const { publicInvitationKey } = await space.invite();
      const joined = await host.ask('POST', `${space.path}/join`, {
        key: publicInvitationKey,
        body: { name: 'With a token' },
        ...options,
      });
      assert.equal(must(joined).userLinked, false);
      assert.equal(joined.field('X-User-Token-Status'), 'invalid');
    });

    test(`${name} does, when the caller is strict`, async () => {
      const fields = { ...options.fields, Prefer: 'handling=strict' };
      const refused = await create({ ...options, fields });
      assert.equal(refused.finding, '401 user_token_invalid');
      assert.equal(refused.field('X-User-Token-Status'), 'invalid');
      assert.ok(!refused.text.includes(token));
    });
  }

  test('none is told of none', async () => {
    const made = await create({});
    assert.equal(must(made).userLinked, false);
    assert.equal(made.field('X-User-Token-Status'), undefined);
  });

  test('two different ones are one too many', async () => {
    const refused = await create({ bearer: userToken(), fields: { 'X-User-Token': token } });
    assert.equal(refused.finding, '400 credential_conflict');
  });

  test('is ignored everywhere else', async () => {
    const answer = await space.owner.ask('GET', '', undefined, {
      fields: { 'X-User-Token': token },
    });
    assert.equal(answer.status, 200);
    assert.equal(answer.field('X-User-Token-Status'), undefined);
  });
});

test('a document is bound to its bytes', async () => {
  const answer = await host.ask('GET', '/openapi.json');
  const again = await host.ask('GET', '/oresundspace/openapi.json');
  const digest = (one) => createHash('sha256').update(one.body).digest('hex');
  assert.equal(digest(again), digest(answer));
  assert.equal(again.field('ETag'), answer.field('ETag'));
});
