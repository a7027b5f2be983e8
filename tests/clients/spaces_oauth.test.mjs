// An OAuth library reads the metadata of spaces, and ends a space key as RFC 7009 says.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import * as oauth from 'oauth4webapi';

import { Host, must } from '../spaces/lib/host.mjs';
import { Space } from '../spaces/lib/space.mjs';

const plain = { [oauth.allowInsecureRequests]: true }; // http on this machine

let host;
let resource;
before(async () => {
  host = await Host.start();
  resource = new URL(host.origin);
});
after(() => host?.end());

async function discover() {
  const found = await oauth.resourceDiscoveryRequest(resource, plain);
  const metadata = await oauth.processResourceDiscoveryResponse(resource, found);
  const issuer = new URL(metadata.authorization_servers[0]);
  const answer = await oauth.discoveryRequest(issuer, { ...plain, algorithm: 'oauth2' });
  return { metadata, server: await oauth.processDiscoveryResponse(issuer, answer) };
}

test('the metadata of the resource leads to that of the server', async () => {
  const { metadata, server } = await discover();
  assert.equal(metadata.resource, host.origin);
  assert.deepEqual(metadata.bearer_methods_supported, ['header']);
  assert.equal(server.issuer, host.origin);
  assert.deepEqual(server.response_types_supported, []);
  assert.deepEqual(server.grant_types_supported, [], 'no grant works without accounts');
  for (const name of ['token_endpoint', 'authorization_endpoint', 'device_authorization_endpoint'])
    assert.ok(!(name in server), name);
});

test('the metadata of a door is bound to the address of the door', async () => {
  const { server } = await discover();
  assert.ok(server.protected_resources.includes(host.origin));
  for (const address of server.protected_resources) {
    const door = new URL(address);
    const answer = await oauth.resourceDiscoveryRequest(door, plain);
    const metadata = await oauth.processResourceDiscoveryResponse(door, answer);
    assert.equal(metadata.resource, address);
  }
});

test('the challenge of a refusal names the metadata', async () => {
  const space = await Space.create(host);
  const url = new URL(`${host.origin}${space.path}`);
  const refused = async (headers) => {
    try {
      const token = headers.get('authorization')?.slice(7) ?? 'x';
      await oauth.protectedResourceRequest(token, 'GET', url, headers, null, plain);
    } catch (error) {
      assert.ok(error instanceof oauth.WWWAuthenticateChallengeError, String(error));
      return error.cause[0];
    }
    throw new Error('it was let in');
  };
  const { scheme, parameters } = await refused(new Headers());
  assert.equal(scheme, 'bearer');
  assert.equal(parameters.error, 'invalid_token');
  const { metadata } = await discover();
  const named = await (await fetch(parameters.resource_metadata)).json();
  assert.deepEqual(named, metadata);
});

test('a space key is a bearer token, until it is revoked', async () => {
  const { server } = await discover();
  const space = await Space.create(host);
  const guest = await space.admit();
  const url = new URL(`${host.origin}${space.path}/messages`);
  const read = () => oauth.protectedResourceRequest(guest.key, 'GET', url, undefined, null, plain);
  assert.equal((await read()).status, 200);
  const client = { client_id: 'any' };
  const revoke = (token) =>
    oauth
      .revocationRequest(server, client, oauth.None(), token, plain)
      .then(oauth.processRevocationResponse);
  assert.equal(await revoke(guest.key), undefined);
  await assert.rejects(read(), oauth.WWWAuthenticateChallengeError);
  const { reason } = (await guest.ask('GET', '/messages')).json;
  assert.equal(reason, 'revoked_by_holder');
  assert.equal(await revoke(guest.key), undefined, 'a dead token is answered alike');
  assert.equal(await revoke('0'.repeat(64)), undefined, 'and an unknown one');
  assert.equal(must(await space.owner.ask('GET', '')).status, 'open');
});

test('a revocation without token is a mistake in the words of OAuth', async () => {
  const answer = await fetch(`${host.origin}/oauth/revoke`, {
    method: 'POST',
    body: new URLSearchParams({ token_type_hint: 'access_token' }),
  });
  assert.equal(answer.status, 400);
  const { error, error_description: text, code, requestId } = await answer.json();
  assert.deepEqual([error, code], ['invalid_request', 'invalid_request']);
  assert.ok(text && requestId);
});
