// The served OpenAPI document under other people's tools: a linter with its recommended rules, and a
// JSON Schema validator that holds every example against its schema.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import openapiCore from '@redocly/openapi-core';
import Ajv2020 from 'ajv/dist/2020.js';

import { Home, Server } from '../support/node/kronborg.mjs';

const { createConfig, lintFromString } = openapiCore;

// These refuse whatever is asked: there are no human accounts.
const refusing = new Set(['startLink', 'getSpaceKey', 'recoverSpaceKey']);
const methods = new Set(['get', 'put', 'post', 'patch', 'delete']);

function operations(document) {
  return Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item)
      .filter(([method]) => methods.has(method))
      .map(([method, operation]) => ({ path, method, operation })),
  );
}

/** [pointer of the schema, example] of every media type in the document. */
function examples(value, pointer = '') {
  if (typeof value !== 'object' || value === null) return [];
  const found =
    'schema' in value && 'example' in value ? [[`${pointer}/schema`, value.example]] : [];
  for (const [name, member] of Object.entries(value)) {
    if (name === 'example' || name === 'schema') continue;
    const step = name.replaceAll('~', '~0').replaceAll('/', '~1');
    found.push(...examples(member, `${pointer}/${encodeURIComponent(step)}`));
  }
  return found;
}

async function lint(text) {
  const config = await createConfig({
    extends: ['recommended'],
    // The licence of a deployment is its owner's business, and this one is on localhost.
    rules: { 'info-license': 'off', 'no-server-example.com': 'off' },
  });
  const document = JSON.parse(text);
  const problems = await lintFromString({ source: text, config });
  return problems
    .filter(({ ruleId, location }) => {
      const [, path, method] = location[0].pointer.match(/^#\/paths\/([^/]+)\/([^/]+)\//) ?? [];
      if (ruleId !== 'operation-2xx-response' || path === undefined) return true;
      const name = path.replaceAll('~1', '/').replaceAll('~0', '~');
      return !refusing.has(document.paths[name][method].operationId);
    })
    .map(({ ruleId, message, location }) => `${ruleId} ${location[0].pointer}: ${message}`);
}

for (const [name, toml, path] of [
  ['with spaces', '', '/oresundspace/openapi.json'],
  ['without spaces', '[spaces]\nenabled = false\n', '/openapi.json'],
]) {
  describe(name, () => {
    let home;
    let server;
    let text;
    let document;
    before(async () => {
      home = new Home();
      home.configure(toml);
      server = await Server.start(home);
      const answer = await fetch(server.url + path);
      assert.equal(answer.status, 200);
      text = await answer.text();
      document = JSON.parse(text);
    });
    after(async () => {
      await server.stop();
      home.remove();
    });

    test('the linter has nothing to say', async () => {
      assert.deepEqual(await lint(text), []);
    });

    test('every operation is described', () => {
      const ids = new Set();
      const tags = document.tags.map((tag) => tag.name);
      for (const { path: where, method, operation } of operations(document)) {
        const what = `${method} ${where}`;
        for (const member of ['operationId', 'summary', 'description', 'tags', 'responses'])
          assert.ok(operation[member], `${what} has no ${member}`);
        assert.ok(!ids.has(operation.operationId), `${operation.operationId} stands twice`);
        ids.add(operation.operationId);
        for (const tag of operation.tags) assert.ok(tags.includes(tag), `${what}: ${tag}`);
        if (!refusing.has(operation.operationId))
          assert.ok(Object.keys(operation.responses).some((status) => status.startsWith('2')));
      }
    });

    test('every example fits its schema', () => {
      const ajv = new Ajv2020({ strict: false, allErrors: true });
      ajv.addSchema(document, 'document:');
      const all = examples(document);
      assert.ok(all.length > 40, `only ${all.length} examples`);
      for (const [pointer, example] of all) {
        const fits = ajv.compile({ $ref: `document:#${pointer}` });
        assert.ok(fits(example), `${pointer}: ${ajv.errorsText(fits.errors)}`);
      }
    });
  });
}
