// Every kind of credential at every route of docs/protocol/spaces.md section 3, with a request that
// would succeed: what is found about the credential decides, in the order of section 2.
import assert from 'node:assert/strict';
import { after, before, describe as suite, test } from 'node:test';

import { Home } from '../support/node/kronborg.mjs';
import { gather } from './lib/credentials.mjs';
import { Host, must } from './lib/host.mjs';
import { namesSpace, nameOf, pathOf, recovery, routes } from './lib/routes.mjs';
import { Scene } from './lib/scene.mjs';

let home;
let host;
let scene;
let credentials;
let state;
let cells = 0;
before(async () => {
  home = new Home();
  ({ host, scene, credentials } = await gather(home));
  for (const what of ['lock', 'signOff', 'challenge']) await scene.prepare(what, 'participant');
  await scene.participant.do('POST', `/artifacts/${scene.values.artifactId}/unlock`, {
    fencingToken: scene.fencingToken,
  });
  state = await scene.state();
});
after(async () => {
  await host?.stop();
  await Host.stopAll();
  home.remove();
});

const allowed = 'allowed';

/** What is found about a credential at a route: "401 key_missing", or that it may go on. */
function finding(route, credential) {
  if (credential.isMalformed) return credential.finding;
  if (route.keys.length === 0) return allowed;
  if (credential.isToken && nameOf(route).endsWith('/join')) return '401 key_missing';
  if (credential.isToken && nameOf(route).endsWith('/whoami')) return '401 user_token_invalid';
  if (credential.finding) return credential.finding;
  if (credential.elsewhere && namesSpace(route)) return '403 wrong_space';
  if (!route.keys.includes(credential.type)) return '403 role_forbidden';
  if (credential.muted && route.speaks) return '403 muted';
  return allowed;
}

/** The request of a route with this credential; undefined where it cannot be sent so. */
function request(route, { send, space }, from = scene) {
  const values = { ...from.values, spaceId: space?.id ?? from.values.spaceId };
  const { key, ...others } = send;
  if (route.keyInPath && key === undefined) return undefined;
  const body = typeof route.body === 'function' ? route.body(from) : route.body;
  const options = route.keyInPath ? others : send;
  if (route.keyInPath) values.publicInvitationKey = key;
  return { path: pathOf(route, values), options: { body, ...options } };
}

async function ask(route, { path, options }, more = {}) {
  if (!route.stream) return host.ask(route.method, path, { ...options, ...more });
  const connection = await host.connect();
  connection.write(host.bytes(route.method, path, { ...options, ...more }));
  const answer = await connection.head();
  if (answer.status !== 200) await connection.readBody(answer, 'GET');
  connection.close();
  return answer;
}

const challenge = (code) => {
  const metadata = `Bearer resource_metadata="${host.origin}/.well-known/oauth-protected-resource"`;
  const refused = `, error="invalid_token", error_description="${code}"`;
  return code === 'key_missing' ? metadata : metadata + refused;
};

/** A refusal says what section 2 and discovery.md section 2 want. */
function checkRefusal(answer, route, credential) {
  const { json, status } = answer;
  assert.equal(json.requestId, answer.field('X-Request-Id'));
  if (credential.reason) {
    assert.equal(json.reason, credential.reason);
    assert.match(json.endedAt, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  }
  if (json.code === 'role_forbidden') {
    assert.equal(json.keyType, credential.type);
    assert.deepEqual([...json.needs].sort(), [...route.keys].sort());
  }
  if (json.code === 'muted') assert.equal('mutedUntil' in json, credential.muted !== true);
  assert.equal(answer.field('WWW-Authenticate'), status === 401 ? challenge(json.code) : undefined);
  if (status !== 401) return;
  assert.deepEqual(json.next, {
    metadata: `${host.origin}/.well-known/oauth-protected-resource`,
    skill: `${host.origin}/auth.md`,
    create: `${host.origin}/oresundspace/space`,
  });
  assert.equal(
    answer.field('Link'),
    `<${host.origin}/auth.md>; rel="service-doc", <${host.origin}/openapi.json>; rel="service-desc"`,
  );
}

/** What may go on is let in: a read is answered, a write gets as far as its members. */
async function checkAllowed(route, asked, type) {
  if (route.method === 'GET' || route.keys.length === 0) {
    const answer = await ask(route, asked);
    const wanted = route.by?.[type] ?? '200';
    assert.equal(answer.finding, wanted, answer.text);
    return;
  }
  // Refused for a parameter that is not defined: nothing is changed, and the key was looked at.
  const path = `${asked.path}?notDefined=1`;
  const answer = await ask(route, { ...asked, path }, { fields: { Prefer: 'handling=strict' } });
  const isJoin = nameOf(route).endsWith('/join') && asked.options.bearer?.startsWith('osp_');
  const late = [isJoin ? '401 user_token_invalid' : '400 unknown_member', route.by?.[type]];
  assert.ok(late.includes(answer.finding), `${answer.finding}: ${answer.text}`);
}

suite('credentials', () => {
  for (const route of routes) {
    test(nameOf(route), async () => {
      const wrong = [];
      for (const credential of credentials) {
        const asked = request(route, credential);
        // Two keys are a conflict where a key is read from a field.
        const readsField = route.keys.length > 0 && !route.keyInPath;
        if (!asked || (credential.isConflict && !readsField)) continue;
        cells += 1;
        try {
          const wanted = finding(route, credential);
          if (wanted === allowed) {
            await checkAllowed(route, asked, credential.type);
          } else {
            const answer = await ask(route, asked);
            assert.equal(answer.finding, wanted, answer.text);
            checkRefusal(answer, route, credential);
          }
        } catch (error) {
          wrong.push(`${credential.name}: ${error.message}`);
        }
      }
      assert.equal(wrong.length, 0, `\n${wrong.join('\n')}`);
    });
  }

  test('a live key proves nothing about a space that does not exist', async () => {
    for (const route of routes.filter((one) => one.keys.length > 0 && namesSpace(one))) {
      const space = { id: '6f2f64e8-0f0c-4a43-8f0f-0d7f3cf3f0aa' };
      for (const type of ['owner', 'participant', 'observer', 'invitation']) {
        const asked = request(route, { send: { key: scene[type].key }, space });
        assert.equal((await ask(route, asked)).finding, '403 wrong_space', nameOf(route));
        cells += 1;
      }
    }
  });

  test('what was refused has changed nothing', async () => {
    assert.deepEqual(await scene.state(), state);
  });
});

suite('successes', () => {
  const roles = [...['owner', 'participant', 'observer', 'invitation'].map((type) => ({ type }))];
  roles.push({ type: 'participant', muted: true });
  for (const route of routes.filter(({ method, keys }) => method !== 'GET' && keys.length > 0)) {
    for (const { type, muted } of roles) {
      if (finding(route, { type, muted }) !== allowed) continue;
      test(`${nameOf(route)} as ${muted ? 'muted ' : ''}${type}`, async () => {
        const fresh = await Scene.set(host);
        await fresh.prepare(route.prepare, type);
        if (muted) await fresh.space.mute(fresh.participant);
        const asked = request(route, { send: { key: fresh[type].key } }, fresh);
        const answer = await ask(route, asked);
        const wanted = route.by?.[type] ?? (nameOf(route).endsWith('/join') ? '202' : '200');
        assert.equal(answer.finding, wanted, answer.text);
        cells += 1;
      });
    }
  }
});

suite('what waits', () => {
  const ends = {
    revoked: (space, { invitationId }) => space.owner.do('DELETE', `/invitations/${invitationId}`),
    rotated: (space, { invitationId }) =>
      space.owner.do('POST', `/invitations/${invitationId}/rotate`),
    'used up': (space, { publicInvitationKey }) => space.join(publicInvitationKey, 'last'),
  };
  for (const [how, end] of Object.entries(ends)) {
    test(`a joiner with its token goes on waiting when the invitation is ${how}`, async () => {
      const { space } = await Scene.set(host);
      const invitation = await space.invite({ requiresApproval: true, maxUses: 2 });
      const joiner = await space.join(invitation.publicInvitationKey, 'patient');
      await end(space, invitation);
      assert.match((await space.poll(joiner, {})).finding, /^401 key_(revoked|expired)$/);
      assert.equal((await space.poll(joiner)).finding, '202');
      await space.approve(joiner);
      const collected = must(await space.poll(joiner));
      assert.match(collected.participantPrivateKey, /^[0-9a-f]{64}$/);
      await space.close();
      assert.equal((await space.poll(joiner)).finding, '401 space_closed');
      cells += 4;
    });
  }

  test('the recovery of a key needs a session, which nobody has', async () => {
    const wanted = [
      [{}, '401 session_missing'],
      [{ key: scene.owner.key }, '403 session_required'],
      [{ bearer: `osp_${'A'.repeat(49)}` }, '403 user_token_not_accepted'],
      [{ fields: { 'X-User-Token': `osp_${'A'.repeat(49)}` } }, '403 user_token_not_accepted'],
      [{ bearer: 'eyJhbGciOiJFUzI1NiJ9.e30.AAAA' }, '401 session_invalid'],
    ];
    for (const route of recovery) {
      for (const [send, code] of wanted) {
        const answer = await host.ask(route.method, pathOf(route, scene.values), send);
        assert.equal(answer.finding, code, nameOf(route));
        cells += 1;
      }
    }
    assert.equal((await host.ask('HEAD', `${scene.space.path}/key`)).status, 405);
  });
});

test('the routes are those of the OpenAPI document', async (t) => {
  const { paths } = must(await host.ask('GET', '/openapi.json'));
  const blank = (name) => name.replace(/\{\w+\}/g, '{}');
  const served = Object.entries(paths)
    .filter(([path]) => /^\/(oresundspace\/(space|spaces|whoami)|space)(\/|$)/.test(path))
    .flatMap(([path, item]) =>
      ['get', 'put', 'post', 'delete', 'patch']
        .filter((method) => method in item)
        .map((method) => blank(`${method.toUpperCase()} ${path}`)),
    );
  const isPage = ({ path }) => path.startsWith('/join/');
  const known = [...routes, ...recovery]
    .filter((route) => !isPage(route))
    .map(nameOf)
    .map(blank);
  assert.deepEqual(served.sort(), known.sort());
  for (const route of routes.filter((one) => one.keys.length > 0 && !one.keyInPath)) {
    const [, item] = Object.entries(paths).find(([path]) => blank(path) === blank(route.path));
    const { security } = item[route.method.toLowerCase()];
    assert.ok(
      security.some((scheme) => 'spaceKey' in scheme),
      nameOf(route),
    );
  }
  t.diagnostic(
    `${cells} cells: ${routes.length} routes, ${credentials.length} kinds of credential`,
  );
});
