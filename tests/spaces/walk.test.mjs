// The literal exchanges of testdata/walks/, made with a server whose public origin is theirs.
import assert from 'node:assert/strict';
import { after, before, describe as suite, test } from 'node:test';

import { Host } from './lib/host.mjs';
import { readWalk } from './lib/walk_file.mjs';
import { Walk } from './walk.mjs';

/** Limits as they are by default: the walks print them. */
const settings = { 'http.public_origin': 'https://kronborg.example' };

/** Registers every step of a walk as a test; `extra` are further checks by step number. */
function walk(name, options = {}, extra = {}) {
  const steps = readWalk(name);
  suite(name, () => {
    let host;
    let walking;
    before(async () => {
      host = await Host.start({ settings });
      walking = new Walk(host, steps, options);
    });
    after(async () => {
      walking?.close();
      await host?.end();
    });
    for (const step of steps) {
      test(`${step.number}. ${step.title}`, async () => {
        const { differences, answer } = await walking.step(step);
        assert.deepEqual(differences, [], `${answer.status} ${answer.text}`);
        extra[step.number]?.(answer, step);
      });
    }
  });
}

// A stream is judged when what it shows has happened.
walk('space-walk', { due: { 17: 18, 20: 20, 34: 35 } });

/** Members of the metadata that hold without accounts; the others would name what does not work. */
const withoutAccounts = {
  2: [
    'resource',
    'resource_name',
    'authorization_servers',
    'bearer_methods_supported',
    'resource_documentation',
    'space_key_header',
    'agent_auth_skill',
  ],
  3: [
    'issuer',
    'response_types_supported',
    'revocation_endpoint',
    'revocation_endpoint_auth_methods_supported',
    'protected_resources',
    'service_documentation',
  ],
  4: [], // the guide: its headings and its block are compared below
};
withoutAccounts[12] = withoutAccounts[2];

const headings = (text) => text.match(/^#{1,2} .*$/gm);

walk(
  'discovery-walk',
  { partial: withoutAccounts },
  {
    3: ({ json }, { answer }) => {
      for (const name of ['token_endpoint', 'device_authorization_endpoint', 'jwks_uri'])
        assert.ok(!(name in json), `${name} is advertised`);
      assert.ok(!('introspection_endpoint' in json));
      assert.deepEqual(json.grant_types_supported, []);
      const example = JSON.parse(answer.body).agent_auth;
      const block = json.agent_auth;
      assert.deepEqual(block.identity_types_supported, ['anonymous']);
      for (const name of ['skill', 'revocation_uri', 'anonymous'])
        assert.deepEqual(block[name], example[name]);
      for (const name of ['identity_assertion', 'service_auth'])
        assert.ok(!(name in block), `${name} is advertised`);
    },
    4: ({ text }, { answer }) => {
      assert.deepEqual(headings(text), headings(answer.body));
      assert.ok(Buffer.byteLength(text) <= 12 * 1024);
    },
  },
);
