// A recovery, and a new code, that end at any moment.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { binary, Home } from '../support/node/kronborg.mjs';
import { header, ofTheWay, sameBundle, secretFile } from './recovery_files.mjs';

/** Runs a command that is killed when it makes such a system call for the n-th time. */
function runKilledAt(home, call, n, args) {
  const inject = ['-e', `trace=${call}`, '-e', `inject=${call}:signal=KILL:when=${n}`];
  return spawnSync('strace', ['-f', '-qq', '-o', '/dev/null', ...inject, binary, ...args], {
    env: home.environment,
    encoding: 'utf8',
    timeout: 120_000,
  });
}

const traces = spawnSync('strace', ['-o', '/dev/null', 'true']).status === 0;
const skip = traces ? undefined : 'no process may be traced here';

describe('a recovery that is cut off', { skip }, () => {
  const keep = mkdtempSync(join(tmpdir(), 'kronborg-keep-'));
  const bundle = join(keep, 'recovery.json');
  let identity;
  let codeFile;
  before(() => {
    const home = new Home();
    identity = home.ask(['init', '--keystore', 'file']);
    home.ask(['agent', 'create', 'Writer']);
    copyFileSync(join(home.data, 'recovery.json'), bundle);
    codeFile = secretFile(keep, 'code', identity.recoveryCode);
    home.remove();
  });
  after(() => rmSync(keep, { recursive: true, force: true }));

  // Killed at each call that makes something durable or gives a file its name.
  for (const call of ['renameat2', 'fsync', 'fdatasync']) {
    test(`by death at any ${call} leaves all of it or nothing`, () => {
      const states = new Set();
      for (let n = 1; n <= 30; ++n) {
        const home = new Home();
        home.ask(['status']); // makes the store, which is not what is looked at
        const place = join(home.data, 'recovery.json');
        const copies = join(home.folder, 'copies');
        const copy = join(copies, 'recovery.json');
        mkdirSync(copies);
        for (const path of [place, copy]) copyFileSync(bundle, path);
        const recover = ['recover', '--code-file', codeFile, '--keystore', 'file'];
        recover.push('--recovery-dir', copies);
        const done = runKilledAt(home, call, n, recover);
        const finished = done.status === 0;
        const identityThere = home.run(['--json', 'status']);
        assert.equal(identityThere.code, 0, `${call} ${n}: ${identityThere.err}`);
        const found = JSON.parse(identityThere.out).identity;
        if (found) {
          assert.equal(found.masterAddress, identity.masterAddress);
          const names = home.ask(['agent', 'list']).agents.map((agent) => agent.name);
          assert.deepEqual(names, ['Writer'], `${call} ${n}`);
          home.ask(['key', 'create', '--label', 'signs']);
          assert.ok(sameBundle(place, copy), `${call} ${n}: the copy is another one`);
          assert.equal(header(place).generation, 2);
          states.add('all');
        } else {
          assert.ok(!finished);
          assert.ok(!existsSync(join(home.data, 'keystore.json')), `${call} ${n}: half of it`);
          for (const path of [place, copy]) {
            assert.ok(sameBundle(path, bundle), `${call} ${n}: ${path} has another code`);
          }
          assert.equal(home.run(recover).code, 0, `${call} ${n}: it cannot be done again`);
          states.add('nothing');
        }
        const rest = ofTheWay(home);
        assert.deepEqual(rest, [], `${call} ${n}: a file of the way is left`);
        home.remove();
        if (finished) break;
      }
      assert.ok(states.has('all'), 'it never came to its end');
    });
  }
});

describe('a new code that is cut off', { skip }, () => {
  for (const call of ['renameat2', 'fsync']) {
    test(`by death at any ${call} leaves a bundle that its owner can open`, () => {
      const home = new Home();
      try {
        let code = home.ask(['init', '--keystore', 'file']).recoveryCode;
        const { masterAddress } = home.ask(['status']).identity;
        const drill = () => home.run(['recovery', 'drill', '--code-file', '-'], code);
        let finished = false;
        for (let n = 1; n <= 30 && !finished; ++n) {
          const done = runKilledAt(home, call, n, ['recovery', 'new-code']);
          finished = done.status === 0;
          if (finished) code = done.stdout.trim();
          home.ask(['key', 'create', '--label', `signs ${n}`]);
          let opened = drill();
          if (opened.code !== 0) {
            // Everything was in place when it died, but for the words that tell the code.
            code = home.ask(['recovery', 'new-code']).recoveryCode;
            opened = drill();
          }
          assert.equal(opened.code, 0, `${call} ${n}: ${opened.err}`);
          assert.equal(opened.out, `${masterAddress} matches\n`);
          const rest = ofTheWay(home);
          assert.deepEqual(rest, [], `${call} ${n}: a file of the way is left`);
        }
        assert.ok(finished, 'it never came to its end');
      } finally {
        home.remove();
      }
    });
  }
});
