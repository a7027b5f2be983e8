// The whole program on a real PostgreSQL server.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { after, before, test } from 'node:test';

import { Home, Server } from '../support/node/kronborg.mjs';

const script = fileURLToPath(new URL('../support/postgres.sh', import.meta.url));
let folder;
let url;
let home;
before(() => {
  folder = mkdtempSync('/tmp/kronborg-pg-');
  start();
  home = new Home();
  home.configure(`[store]\nurl = "${url}"\n`);
  home.ask(['init', '--keystore', 'file']);
});
after(() => {
  spawnSync(script, ['stop', folder]);
  rmSync(folder, { recursive: true, force: true });
  home.remove();
});

function start() {
  const started = spawnSync(script, ['start', folder, String(process.pid)], { encoding: 'utf8' });
  assert.equal(started.status, 0, started.stderr);
  url = started.stdout.trim();
}

test('keys are minted, used and revoked, and stay so through a restart', async () => {
  let server = await Server.start(home);
  const kept = await server.mint('kept');
  const gone = await server.mint('gone');
  assert.equal((await server.get('/v1/models', gone.key)).status, 200);
  assert.equal((await server.api('POST', `/access-keys/${gone.id}/revoke`, {})).status, 200);
  assert.equal((await server.get('/v1/models', gone.key)).status, 401);
  await server.kill('SIGKILL');
  server = await Server.start(home);
  assert.equal((await server.get('/v1/models', kept.key)).status, 200);
  assert.equal((await server.get('/v1/models', gone.key)).value.error.code, 'key_revoked');
  assert.equal(home.ask(['status']).store.kind, 'postgresql');
  await server.stop();
});

test('while the database is down keys are verified, changes are refused, nothing is lost', async () => {
  const server = await Server.start(home);
  const key = await server.mint('through the outage');
  spawnSync(script, ['stop', folder]);
  assert.equal((await server.get('/v1/models', key.key)).status, 200);
  const refused = await server.api('POST', '/access-keys', { label: 'refused', expires: '30d' });
  assert.equal(refused.status, 503);
  assert.equal(refused.value.code, 'store_unavailable');
  assert.equal((await server.get('/readyz')).value.status, 'store_unavailable');
  // A revocation that cannot be made durable is an error, and the key stays refused all the same.
  assert.equal((await server.api('POST', `/access-keys/${key.id}/revoke`, {})).status, 503);
  start();
  const again = await server.mint('after the outage');
  assert.equal((await server.get('/v1/models', again.key)).status, 200);
  await server.stop();
});

test('a second host on the same database is refused', async () => {
  const server = await Server.start(home);
  const other = new Home();
  other.configure(`[store]\nurl = "${url}"\n`);
  const refused = other.run(['status']);
  assert.equal(refused.code, 1);
  assert.match(refused.err, /hint: /);
  other.remove();
  await server.stop();
});

test('a backup of PostgreSQL is left to its own tools, and said so', () => {
  const refused = home.run(['store', 'backup', join(home.folder, 'copy')]);
  assert.notEqual(refused.code, 0);
  assert.match(refused.err, /pg_dump/);
});
