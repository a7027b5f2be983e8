// A space from its first call to its end, each answer held against the served OpenAPI document by a
// JSON Schema validator.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, test } from 'node:test';

import Ajv2020 from 'ajv/dist/2020.js';
import { Wallet } from 'ethers';

import { Home, Server } from '../support/node/kronborg.mjs';

const space = '/oresundspace/space/{spaceId}';
const artifact = `${space}/artifacts/{artifactId}`;

let home;
let server;
let document;
let ajv;
const ids = {};
const answered = new Set();

before(async () => {
  home = new Home();
  server = await Server.start(home);
  document = await (await fetch(`${server.url}/oresundspace/openapi.json`)).json();
  ajv = new Ajv2020({ strict: false, allErrors: true });
  ajv.addSchema(document, 'document:');
});
after(async () => {
  await server.stop();
  home.remove();
});

function escaped(name) {
  return encodeURIComponent(name.replaceAll('~', '~0').replaceAll('/', '~1'));
}

/** Finds the answer in the document; its pointer. */
function described(path, method, status) {
  const operation = document.paths[path]?.[method];
  assert.ok(operation, `${method} ${path} is not in the document`);
  const answer = operation.responses[status];
  assert.ok(answer, `${operation.operationId} has no ${status}`);
  if (status < 300) answered.add(operation.operationId);
  if (answer.$ref) return answer.$ref.split('/').slice(1).map(escaped).join('/');
  return `paths/${escaped(path)}/${method}/responses/${status}`;
}

/** Asks, and holds the answer against its schema; { status, body, text, headers }. */
async function call(method, path, { key, body, query = '', headers = {}, expect = 200 } = {}) {
  const target = path.replace(/\{(\w+)\}/g, (_, name) => ids[name]);
  const answer = await fetch(server.url + target + query, {
    method: method.toUpperCase(),
    headers: {
      ...(key ? { 'X-Private-Key': key } : {}),
      ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
      ...headers,
    },
    body: typeof body === 'object' ? JSON.stringify(body) : body,
  });
  const text = await answer.text();
  assert.equal(answer.status, expect, `${method} ${target}: ${text}`);
  const at = described(path, method, answer.status);
  const type = answer.headers.get('content-type').split(';')[0];
  const value = type.endsWith('json') && type !== 'application/x-ndjson' ? JSON.parse(text) : text;
  const pointer = `document:#/${at}/content/${escaped(type)}/schema`;
  const fits = ajv.compile({ $ref: pointer });
  assert.ok(fits(value), `${method} ${target}: ${ajv.errorsText(fits.errors)}\n${text}`);
  return { status: answer.status, body: value, text, headers: answer.headers };
}

test('a space from its first call to its end', async () => {
  const created = await call('post', '/oresundspace/space', {
    body: { name: 'Licence renewal', privacy: 'public', requiresApproval: true, nmae: 'x' },
  });
  assert.equal(created.body.warnings[0].didYouMean, '/name');
  const owner = created.body.ownerPrivateKey;
  ids.spaceId = created.body.spaceId;

  await call('get', '/oresundspace/spaces', { query: '?q=licence' });
  await call('get', '/oresundspace/whoami', { key: owner });
  await call('get', space, { key: owner });
  await call('put', space, { key: owner, body: { agenda: 'Price', ttl: 3600 } });

  // Invitations, and a join that the owner decides.
  const first = await call('post', `${space}/invite`, { key: owner, body: { maxUses: 5 } });
  ids.invitationId = first.body.invitationId;
  const second = await call('post', `${space}/invite`, { key: owner, body: { role: 'observer' } });
  await call('get', `${space}/invitations`, { key: owner });
  await call('get', `${space}/invitations/{invitationId}`, { key: owner });
  const rotated = await call('post', `${space}/invitations/{invitationId}/rotate`, { key: owner });
  const invitation = rotated.body.publicInvitationKey;
  ids.publicInvitationKey = invitation;
  await call('get', '/space/{spaceId}/.well-known/agent.md', { key: invitation });
  await call('get', '/space/{spaceId}/{publicInvitationKey}/.well-known/agent.md');
  ids.invitationId = second.body.invitationId;
  await call('delete', `${space}/invitations/{invitationId}`, { key: owner });

  const refused = await call('post', `${space}/join`, {
    key: invitation,
    body: { name: 'nobody' },
    expect: 202,
  });
  ids.participantId = refused.body.participantId;
  await call('post', `${space}/participants/{participantId}/deny`, { key: owner });
  const joinToken = { 'X-Join-Token': refused.body.joinToken };
  const poll = `${space}/join/{participantId}`;
  await call('get', poll, { key: invitation, headers: joinToken, expect: 403 });

  const joined = await call('post', `${space}/join`, {
    key: invitation,
    body: { name: 'seller-agent', role: 'seller' },
    expect: 202,
  });
  ids.participantId = joined.body.participantId;
  const token = { 'X-Join-Token': joined.body.joinToken };
  await call('get', poll, { key: invitation, headers: token, expect: 202 });
  await call('post', `${space}/participants/{participantId}/approve`, { key: owner });
  await call('get', poll, { key: invitation });
  const collected = await call('get', poll, { key: invitation, headers: token });
  const seller = collected.body.participantPrivateKey;
  await call('get', poll, { key: invitation, headers: token });
  await call('get', `${space}/participants`, { key: owner });

  // Messages.
  const said = await call('post', `${space}/messages`, {
    key: seller,
    body: { content: 'We can do 41,000.', mentions: [created.body.ownerId] },
  });
  ids.messageId = said.body.id;
  await call('post', `${space}/messages`, {
    key: owner,
    body: { content: '<b>No</b>', type: 'html', replyTo: said.body.id },
  });
  await call('get', `${space}/messages`, { key: owner, query: '?tail=10' });
  await call('delete', `${space}/messages/{messageId}`, { key: seller });
  await call('post', `${space}/messages`, { key: seller, body: { content: 42 }, expect: 400 });

  // A document, its lock and its sign-off.
  const made = await call('post', `${space}/artifacts`, {
    key: seller,
    body: { name: 'agreement.md', content: '# Licence\n', note: 'draft' },
  });
  ids.artifactId = made.body.artifactId;
  await call('get', `${space}/artifacts`, { key: owner });
  await call('get', artifact, { key: owner });
  await call('get', artifact, { key: owner, headers: { Accept: 'text/markdown' } });
  const lock = await call('post', `${artifact}/lock`, { key: owner });
  const { fencingToken } = lock.body;
  const content = '# Licence\n\n- 39,500\n';
  await call('put', artifact, { key: seller, body: { content }, expect: 423 });
  await call('post', `${artifact}/lock/renew`, { key: owner, body: { fencingToken } });
  await call('put', artifact, { key: owner, body: { content, fencingToken } });
  await call('post', `${artifact}/unlock`, { key: owner, body: { fencingToken } });
  await call('put', artifact, {
    key: seller,
    body: { content: 'x' },
    headers: { 'If-Match': made.headers.get('etag') },
    expect: 412,
  });
  await call('put', artifact, { key: seller, body: { content: 'x', baseRevision: 1 }, expect: 409 });
  await call('get', `${artifact}/revisions`, { key: owner });
  ids.revision = 2;
  await call('get', `${artifact}/revisions/{revision}`, { key: owner });

  const wallet = Wallet.createRandom();
  const asked = await call('post', `${space}/identity/challenge`, {
    key: seller,
    body: { address: wallet.address.toLowerCase() },
  });
  await call('post', `${space}/identity`, {
    key: seller,
    body: {
      challengeId: asked.body.challengeId,
      signature: await wallet.signMessage(asked.body.message),
    },
  });
  const sha256 = createHash('sha256').update(content).digest('hex');
  const origin = document.servers[0].url;
  const text = [
    'kronborg artifact sign-off v1',
    `origin: ${origin}`,
    `space: ${ids.spaceId}`,
    `artifact: ${ids.artifactId}`,
    'revision: 2',
    `sha256: ${sha256}`,
    'intent: approve',
    `address: ${wallet.address}`,
  ].join('\n');
  await call('post', `${artifact}/signatures`, {
    key: seller,
    body: { revision: 2, sha256, signature: await wallet.signMessage(text) },
  });
  await call('get', `${artifact}/signatures`, { key: owner });
  await call('delete', `${space}/identity`, { key: seller });
  await call('delete', artifact, { key: seller });

  // Moderation and keys.
  await call('post', `${space}/participants/{participantId}/mute`, {
    key: owner,
    body: { durationSeconds: 60 },
  });
  await call('post', `${space}/messages`, { key: seller, body: { content: 'x' }, expect: 403 });
  await call('post', `${space}/participants/{participantId}/unmute`, { key: owner });
  await call('get', `${space}/keys`, { key: owner });
  const renewed = await call('post', `${space}/keys/rotate`, { key: seller });
  await call('get', space, { key: seller, expect: 401 });
  ids.keyId = renewed.body.keyId;
  await call('delete', `${space}/keys/{keyId}`, { key: owner });
  await call('post', `${space}/participants/{participantId}/reissue`, { key: owner });
  const again = await call('get', poll, { key: invitation, headers: token });
  await call('post', `${space}/leave`, { key: again.body.participantPrivateKey });
  const other = await call('post', `${space}/join`, {
    key: invitation,
    body: { name: 'other' },
    expect: 202,
  });
  ids.participantId = other.body.participantId;
  await call('post', `${space}/participants/{participantId}/kick`, { key: owner });
  await call('get', `${space}/audit`, { key: owner, query: '?limit=500' });
  await call('get', `${space}/export`, { key: owner });
  await call('delete', space, { key: owner, body: { reason: 'Signed.' } });
  await call('get', space, { key: owner, expect: 401 });
});

test('a join without approval', async () => {
  const created = await call('post', '/oresundspace/space', { body: { name: 'Open' } });
  ids.spaceId = created.body.spaceId;
  const invited = await call('post', `${space}/invite`, {
    key: created.body.ownerPrivateKey,
    body: { requiresApproval: false },
  });
  await call('post', `${space}/join`, {
    key: invited.body.publicInvitationKey,
    body: { name: 'quick', keyExpiresIn: 3600 },
  });
});

test('what refuses, and what stands around spaces', async () => {
  const key = 'f'.repeat(64);
  await call('get', `${space}/messages`, { expect: 401 });
  await call('get', `${space}/messages`, { key, expect: 401 });
  await call('get', `${space}/key`, { expect: 401 });
  await call('post', `${space}/key`, { key, expect: 403 });
  for (const body of [{ type: 'anonymous' }, {}, { type: 'other' }])
    await call('post', '/oresundspace/link/start', { body, expect: 400 });
  const form = { 'Content-Type': 'application/x-www-form-urlencoded' };
  await call('post', '/oauth/revoke', { body: `token=${key}`, headers: form });
  await call('post', '/oauth/revoke', { body: 'x=1', headers: form, expect: 400 });
  for (const path of Object.keys(document.paths)) {
    const [tag] = document.paths[path].get?.tags ?? [];
    if (tag === 'discovery') await call('get', path);
  }
});

test('every operation has answered', () => {
  const left = Object.values(document.paths)
    .flatMap((item) => Object.values(item))
    .filter(({ tags }) => tags && !['management', 'health', 'pairing'].includes(tags[0]))
    .map(({ operationId }) => operationId)
    .filter((id) => !answered.has(id));
  assert.deepEqual(left.sort(), [
    'getJoinFile', // the files of the page, in tests of their own
    'getJoinPage',
    'getSpaceKey', // these refuse whatever is asked
    'recoverSpaceKey',
    'startLink',
    'streamMessages', // no end
  ]);
});
