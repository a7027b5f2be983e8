// From a bare 401 to a working key, by nothing but what the answers say.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';

import { Host } from './lib/host.mjs';
import {
  challengeOf,
  exampleOf,
  fetchJson,
  httpBlocks,
  jsonBlock,
  linksOf,
  operation,
} from './lib/newcomer.mjs';

let host;
before(async () => {
  host = await Host.start({ settings: {} });
});
after(() => host?.end());

/** What the agent has: an address, and a path that somebody mentioned. */
const knock = () =>
  fetch(`http://localhost:${host.port}/oresundspace/space/${randomUUID()}/messages`);

/** Follows the challenge to the metadata of the server that issues credentials. */
async function discover(refused) {
  assert.equal(refused.status, 401);
  const { resource_metadata: address, error } = challengeOf(
    refused.headers.get('www-authenticate'),
  );
  assert.equal(error, undefined, 'nothing was sent, so nothing is invalid');
  const resource = await fetchJson(address);
  assert.equal(new URL(resource.resource).origin, new URL(refused.url).origin);
  const issuer = resource.authorization_servers[0];
  const server = await fetchJson(`${issuer}/.well-known/oauth-authorization-server`);
  assert.equal(server.issuer, issuer);
  return { resource, server };
}

/** Calls the operation of an address as its schema wants it. */
async function callAsDescribed(document, address, more) {
  const { pathname, origin } = new URL(address);
  const found = operation(document, ({ method, path }) => method === 'post' && path === pathname);
  assert.ok(
    document.servers.some(({ url }) => url === origin),
    'the document names this server',
  );
  const { schema } = found.operation.requestBody.content['application/json'];
  return fetchJson(address, {
    method: found.method,
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ ...exampleOf(schema, document), ...more }),
  });
}

test('the challenge leads to a key, and the key works', async () => {
  const { resource, server } = await discover(await knock());
  const { agent_auth: ways } = server;
  assert.ok(ways.identity_types_supported.includes('anonymous'));
  assert.equal(ways.anonymous.registration_required, false);

  const links = linksOf((await knock()).headers.get('link'));
  const document = await fetchJson(links['service-desc']);
  const made = await callAsDescribed(document, ways.anonymous.credential_uri);
  const keyField = document.components.securitySchemes.spaceKey.name;
  assert.equal(keyField, resource.space_key_header);

  const read = operation(
    document,
    ({ operation: { operationId } }) => operationId === 'listMessages',
  );
  const send = operation(
    document,
    ({ operation: { operationId } }) => operationId === 'sendMessage',
  );
  const at = ({ path }) => `${resource.resource}${path.replace('{spaceId}', made.spaceId)}`;
  const headers = { [keyField]: made.ownerPrivateKey };
  const { schema } = send.operation.requestBody.content['application/json'];
  await fetchJson(at(send), {
    method: send.method,
    headers: { ...headers, 'Content-Type': 'application/json' },
    body: JSON.stringify(exampleOf(schema, document)),
  });
  const { messages } = await fetchJson(at(read), { headers });
  assert.equal(messages.length, 1);
});

test('the body of the refusal leads there too', async () => {
  const refused = await knock();
  const { next } = await refused.json();
  const { resource_metadata: address } = challengeOf(refused.headers.get('www-authenticate'));
  assert.equal(next.metadata, address);
  const links = linksOf(refused.headers.get('link'));
  assert.equal(links['service-doc'], next.skill);
  const document = await fetchJson(links['service-desc']);
  const made = await callAsDescribed(document, next.create);
  assert.match(made.ownerPrivateKey, /^[0-9a-f]{64}$/);
});

test('the guide says the same as the metadata, and every address in it is there', async () => {
  const { server } = await discover(await knock());
  const guide = await (await fetch(server.agent_auth.skill)).text();
  assert.deepEqual(jsonBlock(guide), server.agent_auth);
  // Not those with a blank to be filled in, nor what others lie below.
  const written = guide.match(/https?:\/\/[^\s`")/]+\/[^\s`")]+/g);
  const addresses = new Set(written.filter((address) => !/<|\.\.\.|\/$/.test(address)));
  assert.ok(addresses.size > 0);
  for (const address of addresses) {
    const answer = await fetch(address.replace(/[.,]$/, ''), { redirect: 'manual' });
    const text = await answer.text();
    // What goes to an upstream is told so where there is none.
    if (answer.status === 404) assert.match(text, /"no_upstream"/, address);
  }
});

test('the metadata names nothing that is not there', async () => {
  const { resource, server } = await discover(await knock());
  const endpoints = Object.entries(server).filter(([name]) => /_(endpoint|uri)$/.test(name));
  const ways = Object.entries(server.agent_auth).filter(([name]) => /_(endpoint|uri)$/.test(name));
  for (const [name, address] of [...endpoints, ...ways]) {
    const answer = await fetch(address, { method: 'POST', body: '' });
    await answer.arrayBuffer();
    assert.notEqual(answer.status, 404, name);
  }
  for (const protectedResource of server.protected_resources) {
    const { origin, pathname } = new URL(protectedResource);
    const path = pathname === '/' ? '' : pathname;
    const metadata = await fetchJson(`${origin}/.well-known/oauth-protected-resource${path}`);
    assert.equal(metadata.resource, protectedResource);
  }
  assert.equal(resource.resource_documentation, server.service_documentation);
});

test('a second agent gets in with nothing but the link it was given', async () => {
  const { server } = await discover(await knock());
  const post = (url, key, body) =>
    fetchJson(url, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', ...(key ? { 'X-Private-Key': key } : {}) },
      body: JSON.stringify(body),
    });
  const made = await post(server.agent_auth.anonymous.credential_uri, undefined, { name: 'x' });
  const space = `${server.issuer}/oresundspace/space/${made.spaceId}`;
  const { agentLink } = await post(`${space}/invite`, made.ownerPrivateKey, {});

  const card = await (await fetch(agentLink)).text();
  const [join, poll] = httpBlocks(card);
  const asked = await fetch(join.url, {
    method: join.method,
    headers: join.headers,
    body: join.body.replace(/<your (name|role)>/g, 'second $1'),
  });
  assert.equal(asked.status, 202);
  const { participantId, joinToken } = await asked.json();
  await post(`${space}/participants/${participantId}/approve`, made.ownerPrivateKey, {});
  const collected = await fetchJson(poll.url.replace('<participantId>', participantId), {
    headers: { ...poll.headers, 'X-Join-Token': joinToken },
  });
  const me = await fetchJson(`${server.issuer}/oresundspace/whoami`, {
    headers: { 'X-Private-Key': collected.participantPrivateKey },
  });
  assert.equal(me.participantId, participantId);
});
