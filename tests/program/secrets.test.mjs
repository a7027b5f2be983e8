// Planted secrets, searched for where they must not be: logs, errors, cores, files, arguments.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { Home, Server } from '../support/node/kronborg.mjs';

const passphrase = 'canary-passphrase-of-elsinore';
let home;
let server;
let key;
let identity;
before(async () => {
  home = new Home();
  home.configure('[log]\nlevel = "debug"\n');
  identity = home.ask(['init', '--passphrase-file', '-'], passphrase);
  server = await Server.start(home, []);
  assert.equal(home.run(['unlock', '--passphrase-file', '-'], passphrase).code, 0);
  key = await server.mint('canary');
});
after(async () => {
  await server.stop();
  home.remove();
});

function files(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return files(path);
    return entry.isFile() ? [path] : [];
  });
}

/** The secrets as text, and the parts of the key that nobody can do without. */
function canaries() {
  const signature = key.key.split('.')[2];
  const code = identity.recoveryCode;
  return [
    passphrase,
    key.key,
    signature,
    signature.slice(0, 64),
    code,
    code.replace('OSAURUS-', '').replaceAll('-', ''),
  ];
}

function assertClean(text, where) {
  for (const secret of canaries()) assert.ok(!text.includes(secret), `a secret stands in ${where}`);
}

test('nothing secret is in the log, whatever goes wrong', async () => {
  await server.get('/v1/models', key.key);
  await server.get('/v1/models', `${key.key}0`);
  await server.get(`/v1/models?key=${key.key}`);
  await server.get('/v1/models', undefined, { 'X-Private-Key': key.key, 'X-User-Token': key.key });
  await server.api('POST', '/access-keys/inspect', { key: key.key });
  await server.api('POST', '/access-keys/inspect', { key: key.key, [key.key]: 1 });
  await server.api('POST', '/identity/unlock', { passphrase: `${passphrase}!` });
  await server.api('POST', '/identity/unlock', { passphrase: [passphrase] });
  assertClean(server.log, 'the log');
  assert.match(server.log, /requestId/, 'nothing was logged at all');
});

test('no answer repeats a secret that was sent', async () => {
  const answers = [
    await server.get('/v1/models', `${key.key.slice(0, -1)}g`),
    await server.api('POST', '/access-keys', { label: key.key, expires: 'soon' }),
    await server.api('POST', '/identity/unlock', { passphrase: 7, secret: passphrase }),
  ];
  for (const answer of answers)
    assertClean(JSON.stringify(answer.value ?? answer.text), 'an answer');
});

test('the key is stored nowhere, nor a hash of it', async () => {
  const digests = ['sha256', 'sha512', 'sha1'].map(
    (name) =>
      spawnSync('openssl', ['dgst', `-${name}`, '-r'], {
        input: key.key,
        encoding: 'utf8',
      }).stdout.split(' ')[0],
  );
  for (const path of files(home.data)) {
    const content = readFileSync(path);
    assertClean(content.toString('latin1'), path);
    for (const digest of digests) {
      assert.ok(
        !content.includes(digest) && !content.includes(Buffer.from(digest, 'hex')),
        `a hash of the key in ${path}`,
      );
    }
  }
});

function children(pid) {
  const listed = spawnSync('pgrep', ['-P', String(pid)], { encoding: 'utf8' }).stdout.trim();
  return listed ? listed.split('\n').map(Number) : [];
}

test('neither process shows its secrets to the system', () => {
  const [holder] = children(server.process.pid);
  assert.ok(holder, 'there is no key holder');
  for (const pid of [server.process.pid, holder]) {
    assertClean(readFileSync(`/proc/${pid}/cmdline`, 'utf8'), 'the arguments');
    assert.equal(
      readFileSync(`/proc/${pid}/limits`, 'utf8').match(/Max core file size +(\S+)/)[1],
      '0',
    );
    // What is not dumpable belongs to root: no other program of the same user can read its memory.
    assert.equal(statSync(`/proc/${pid}/mem`).uid, 0);
  }
  assert.match(readFileSync(`/proc/${holder}/status`, 'utf8'), /^Seccomp:\t2$/m);
  assertClean(readFileSync(`/proc/${server.process.pid}/environ`, 'utf8'), 'the environment');
});

test('a crash of either process leaves no core and no secret', async () => {
  writeFileSync(join(home.folder, 'marker'), '');
  const [holder] = children(server.process.pid);
  process.kill(holder, 'SIGSEGV');
  const refused = await server.api('POST', '/access-keys', {
    label: 'after the crash',
    expires: '30d',
  });
  assert.ok(refused.status >= 500, `${refused.status}`);
  assertClean(JSON.stringify(refused.value), 'an answer');
  assert.equal(
    (await server.get('/gate/verify', key.key)).status,
    204,
    'verification needs no key holder',
  );
  await server.kill('SIGABRT');
  for (const path of files(home.folder)) {
    assert.ok(!/(^|\/)core(\.|$)/.test(path), `a core file: ${path}`);
    assertClean(readFileSync(path).toString('latin1'), path);
  }
  assertClean(server.log, 'the log');
});
