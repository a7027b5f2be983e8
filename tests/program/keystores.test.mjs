// Keystores in a TPM and in the desktop keyring: real parts, in processes of their own.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { Keyring } from '../support/node/keyring.mjs';
import { Home, Server } from '../support/node/kronborg.mjs';
import { SoftwareTpm } from '../support/node/software_tpm.mjs';

function finding(home, check) {
  return home.ask(['doctor']).findings.find((one) => one.check === check);
}

describe('a keystore in a TPM', () => {
  let tpm;
  let home;
  let pinFile;
  before(async () => {
    tpm = await SoftwareTpm.start();
    home = new Home();
    home.configure(`[keystore]\nkind = "tpm2"\ntpm = "${tpm.path}"\n`);
    pinFile = join(home.folder, 'pin');
    writeFileSync(pinFile, '2718\n');
  });
  after(async () => {
    await tpm.stop();
    tpm.remove();
    home.remove();
  });

  test('a PIN is never left out in silence', () => {
    const silent = home.run(['init']);
    assert.equal(silent.code, 1);
    assert.match(silent.err, /--pin-file F or --no-pin/);
  });

  test('it is made, locked, opened with its PIN, and signs', async () => {
    const run = home.run(['--json', 'init', '--pin-file', pinFile]);
    assert.equal(run.code, 0, run.err);
    assert.doesNotMatch(run.err, /tss2|esys/i, 'the TPM stack has no word of its own');
    const made = JSON.parse(run.out);
    assert.equal(made.keystore, 'tpm2');
    assert.equal(made.unlockWith, 'pin');
    const text = readFileSync(join(home.data, 'keystore.json'), 'utf8');
    assert.ok(!text.includes('"plain"') && !text.includes('2718'));
    assert.match(finding(home, 'keystore').message, /TPM of this machine, with a PIN/);
    assert.equal(finding(home, 'TPM').ok, true);
    assert.match(home.run(['status']).out, /tpm2, with a PIN/);
    assert.equal(home.run(['key', 'create', '--label', 'no PIN given']).code, 1);
    assert.match(
      home.ask(['--pin-file', pinFile, 'key', 'create', '--label', 'in-process']).key,
      /^osk-v1\./,
    );
    const server = await Server.start(home, []);
    assert.equal((await server.api('GET', '/identity')).value.locked, true);
    const wrong = home.run(['unlock', '--pin-file', '-'], '2719');
    assert.equal(wrong.code, 3);
    assert.match(wrong.err, /that PIN does not open the keystore/);
    assert.equal(home.run(['unlock', '--pin-file', pinFile]).code, 0);
    const key = await server.mint('signed');
    assert.equal((await server.get('/gate/verify', key.key)).status, 204);
    await server.stop();
  });

  test('a TPM that is gone is told, and verification goes on', async () => {
    const server = await Server.start(home, ['--pin-file', pinFile]);
    const key = await server.mint('before');
    await server.api('POST', '/identity/lock');
    await tpm.stop();
    const unlock = home.run(['unlock', '--pin-file', pinFile]);
    assert.equal(unlock.code, 1);
    assert.match(unlock.err, /TPM at .* cannot be reached/);
    assert.equal((await server.get('/gate/verify', key.key)).status, 204);
    assert.equal((await server.api('POST', '/access-keys', { label: 'x' })).status, 503);
    await server.stop();
    tpm = await SoftwareTpm.start(tpm.folder);
    assert.equal(
      home.run(['--pin-file', pinFile, 'key', 'create', '--label', 'again']).code,
      0,
      'the same TPM after a restart',
    );
  });

  test('too many wrong PINs are locked out by the TPM itself', () => {
    let last;
    for (let i = 0; i < 40 && !/every PIN/.test(last?.err ?? ''); ++i) {
      last = home.run(['--pin-file', '-', 'key', 'create', '--label', 'guess'], `${i}`);
      assert.equal(last.code, 3);
    }
    assert.match(last.err, /TPM refuses every PIN for a while/);
    const right = home.run(['--pin-file', pinFile, 'key', 'create', '--label', 'right']);
    assert.equal(right.code, 3);
    assert.match(right.err, /refuses every PIN/);
  });

  test('without a PIN the server opens it at its start', async () => {
    const other = new Home();
    const place = await SoftwareTpm.start();
    try {
      other.configure(`[keystore]\ntpm = "${place.path}"\n`);
      assert.equal(
        other.ask(['init', '--keystore', 'tpm2', '--no-pin']).unlockWith,
        'nothing',
      );
      let server = await Server.start(other, []);
      assert.equal((await server.api('GET', '/identity')).value.locked, false);
      await server.mint('unattended');
      await server.stop();
      await place.stop();
      server = await Server.start(other, []);
      assert.equal((await server.api('GET', '/identity')).value.locked, true);
      assert.match(server.log, /keystore stays locked/);
      await server.stop();
      assert.equal(finding(other, 'TPM').severity === 'error' || finding(other, 'TPM').ok, true);
    } finally {
      await place.stop();
      place.remove();
      other.remove();
    }
  });
});

describe('a keystore in the desktop keyring', () => {
  let keyring;
  let home;
  before(async () => {
    keyring = await Keyring.start();
    home = new Home();
    home.environment.DBUS_SESSION_BUS_ADDRESS = keyring.environment.DBUS_SESSION_BUS_ADDRESS;
    home.environment.XDG_RUNTIME_DIR = keyring.environment.XDG_RUNTIME_DIR;
  });
  after(async () => {
    await keyring.stop();
    home.remove();
  });

  test('it is made, and opens by itself where the keyring is open', async () => {
    const made = home.ask(['init', '--keystore', 'secret-service']);
    assert.equal(made.keystore, 'secret-service');
    assert.equal(made.unlockWith, 'nothing');
    assert.match(finding(home, 'keystore').message, /desktop keyring/);
    const secrets = keyring.items();
    assert.equal(secrets.length, 1);
    assert.match(secrets[0], /^[0-9a-f]{64}$/);
    for (const name of readdirSync(home.data)) {
      if (name.endsWith('.sock')) continue;
      assert.ok(!readFileSync(join(home.data, name)).includes(secrets[0]), name);
    }
    const server = await Server.start(home, []);
    assert.equal((await server.api('GET', '/identity')).value.locked, false);
    const key = await server.mint('from the desktop');
    assert.equal((await server.get('/gate/verify', key.key)).status, 204);
    assert.ok(!server.log.includes(secrets[0]));
    await server.stop();
  });

  test('a new code and the words go through the keyring', () => {
    const code = home.run(['recovery', 'new-code']);
    assert.equal(code.code, 0, code.err);
    assert.match(home.run(['recovery', 'words']).out, /^[a-z]+( [a-z]+){23}\n$/);
    assert.equal(
      home.run(['recovery', 'drill', '--code-file', '-'], code.out).code,
      0,
      'the new code opens the new bundle',
    );
    assert.equal(keyring.items().length, 1, 'no item is left behind');
  });

  test('an item that is of no use any more is forgotten', () => {
    const other = new Home();
    try {
      Object.assign(other.environment, {
        DBUS_SESSION_BUS_ADDRESS: keyring.environment.DBUS_SESSION_BUS_ADDRESS,
        XDG_RUNTIME_DIR: keyring.environment.XDG_RUNTIME_DIR,
      });
      const failed = other.run([
        'init',
        '--keystore',
        'secret-service',
        '--recovery-dir',
        '/nonexistent/folder',
      ]);
      assert.equal(failed.code, 1);
      assert.equal(keyring.items().length, 1);
    } finally {
      other.remove();
    }
  });

  test('a locked keyring is an error that says so, and nobody is asked', async () => {
    keyring.lock();
    const refused = home.run(['key', 'create', '--label', 'x']);
    assert.equal(refused.code, 1);
    assert.match(refused.err, /desktop keyring is locked/);
    assert.match(refused.err, /^hint: /m);
    const server = await Server.start(home, []);
    assert.equal((await server.api('GET', '/identity')).value.locked, true);
    assert.match(server.log, /keystore stays locked/);
    await server.stop();
    const other = new Home();
    Object.assign(other.environment, {
      DBUS_SESSION_BUS_ADDRESS: keyring.environment.DBUS_SESSION_BUS_ADDRESS,
      XDG_RUNTIME_DIR: keyring.environment.XDG_RUNTIME_DIR,
    });
    const made = other.run(['init', '--keystore', 'secret-service']);
    assert.equal(made.code, 1);
    assert.match(made.err, /desktop keyring is locked/);
    assert.ok(!readdirSync(other.data).includes('keystore.json'));
    other.remove();
  });

  test('without a D-Bus session there is an error that says so', () => {
    const alone = { ...home.environment };
    delete home.environment.DBUS_SESSION_BUS_ADDRESS;
    home.environment.XDG_RUNTIME_DIR = home.folder;
    const refused = home.run(['key', 'create', '--label', 'x']);
    home.environment = alone;
    assert.equal(refused.code, 1);
    assert.match(refused.err, /desktop keyring cannot be reached/);
    assert.match(refused.err, /desktop session/);
  });
});
