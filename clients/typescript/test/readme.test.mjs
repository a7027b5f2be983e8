// The examples of the README, each run as it stands, with the names they take from elsewhere.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe as suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { MasterKey, deriveBundleKey, newRecoveryCode, writeRecoveryBundle } from '@kronborg/client';
import { Home, Server } from '../../../tests/support/node/kronborg.mjs';
import { hosting } from './peer/hosting.mjs';
import { hex } from './support.mjs';

const folder = fileURLToPath(new URL('..', import.meta.url));
const readme = readFileSync(join(folder, 'README.md'), 'utf8');

/** { heading: [code, …] } of the blocks to run. */
const examples = {};
for (const section of readme.split(/^## /m).slice(1)) {
  const blocks = [...section.matchAll(/^```js\n(.*?)^```$/gms)].map(([, code]) => code);
  if (blocks.length > 0) examples[section.slice(0, section.indexOf('\n'))] = blocks;
}

let temporary;
let host;
const owner = MasterKey.create();
const agentId = '55a8b013-ee85-4c5e-ade9-7c26b30cc741';
before(async () => {
  temporary = mkdtempSync(join(tmpdir(), 'kronborg-readme-'));
  const place = { master: owner.use(hex), scope: '', index: 0, agent_id: agentId, name: 'Writer' };
  host = await hosting.host(place);
});
after(() => {
  hosting.host_stop(host);
  rmSync(temporary, { recursive: true, force: true });
});

/** Runs code after these lines; what it prints. */
async function run(code, { lines = [], url = host.url } = {}) {
  const text = [...lines, code].join('\n').replaceAll('http://localhost:1337', url);
  const args = ['--input-type=module', '--eval', text];
  const { stdout } = await promisify(execFile)(process.execPath, args, {
    cwd: folder,
    timeout: 60_000,
  });
  return stdout;
}

const makeMaster = [
  "import { MasterKey } from '@kronborg/client';",
  'const master = MasterKey.create();',
];
const names = (values) =>
  Object.entries(values).map(([name, value]) => `const ${name} = ${JSON.stringify(value)};`);

suite('README', () => {
  test('Keys', async () => {
    assert.match(await run(examples.Keys[0]), /^osk-v1\.…[0-9a-f]{6} valid agent\n$/);
  });

  test('Request tokens', async () => {
    // This host has no such route: what counts is that a request was made and answered.
    assert.equal(await run(examples['Request tokens'][0], { lines: makeMaster }), '404\n');
  });

  test('Recovery', async () => {
    const code = newRecoveryCode();
    const empty = new Map();
    const contents = {
      master: owner,
      agents: [],
      whitelist: { master: [], agents: empty },
      revocations: [],
      thresholds: empty,
      counters: empty,
      indices: empty,
    };
    const bundleKey = await deriveBundleKey(code, { cost: { opslimit: 1, memlimit: 8192 } });
    const path = join(temporary, 'recovery.json');
    writeFileSync(
      path,
      writeRecoveryBundle({ contents, generation: 1, createdAt: 1, updatedAt: 1 }, bundleKey),
    );
    const example = examples.Recovery[0].replace("'recovery.json'", JSON.stringify(path));
    assert.equal(await run(example, { lines: names({ code }) }), `${owner.address} 0\n`);
  });

  test('Pairing with a prompt', async () => {
    const lines = [...makeMaster, ...names({ agentAddress: host.agent_address, agentId })];
    assert.match(await run(examples.Pairing[0], { lines }), /^Compare: [a-z]+-[a-z]+-[a-z]+\n$/);
  });

  test('Pairing with a code and with an invite', async () => {
    const { code } = hosting.host_code({ handle: host.handle });
    const { link } = hosting.host_invite({ handle: host.handle, name: 'Ada' });
    const printed = await run(examples.Pairing[1], { lines: names({ code, link }) });
    assert.equal(printed, `${host.url} true\n`);
  });

  test('Secure Channel', async () => {
    const lines = names({ agentAddress: host.agent_address, apiKey: 'osk-v1.a.b' });
    const printed = await run(examples['Secure Channel'][0], { lines });
    assert.match(printed, /^200 \{/);
    assert.ok(printed.endsWith('data: {"n":1}\n\ndata: {"n":2}\n\n'));
  });

  const skip = process.env.KRONBORG_BINARY ? false : 'KRONBORG_BINARY is not set';
  test('Spaces', { skip }, async () => {
    const home = new Home();
    home.ask(['init', '--keystore', 'file']);
    const server = await Server.start(home);
    try {
      const printed = await run(examples.Spaces[0], { url: server.url });
      assert.equal(printed, 'seller-agent We can do 41,000.\n');
    } finally {
      await server.stop();
      home.remove();
    }
  });

  test('every example is run', () => {
    const counts = Object.entries(examples).map(([name, blocks]) => `${name} ${blocks.length}`);
    assert.deepEqual(counts, [
      'Keys 1',
      'Request tokens 1',
      'Recovery 1',
      'Pairing 2',
      'Secure Channel 1',
      'Spaces 1',
    ]);
  });
});
