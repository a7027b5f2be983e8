// A machine that is lost, and its identity on another one.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  watch,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { binary, Home, Server } from '../support/node/kronborg.mjs';
import { header, ofTheWay, sameBundle, secretFile } from './recovery_files.mjs';

const passphrase = 'correct horse battery staple';
const keys = 1000;
const stranger = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8';

/** Resolves when the file says something else than it does now. */
function rewritten(path, act) {
  const { nonce } = header(path);
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => done(reject, new Error(`${path} was not rewritten`)), 5000);
    const look = () => {
      try {
        if (header(path).nonce !== nonce) done(resolve);
      } catch {
        // between two names
      }
    };
    const watcher = watch(join(path, '..'), look);
    function done(then, value) {
      clearTimeout(late);
      watcher.close();
      then(value);
    }
    Promise.resolve(act()).then(look, (failure) => done(reject, failure));
  });
}

/** Asks until no warning is of that kind; for as long as a bundle may be behind. */
async function withoutWarnings(server, kind) {
  const end = Date.now() + 5000;
  for (;;) {
    const { warnings } = (await server.api('GET', '/status')).value;
    if (!warnings.some((warning) => kind.test(warning))) return;
    assert.ok(Date.now() < end, JSON.stringify(warnings));
  }
}

/** In namespaces of its own the command sees neither the old folder nor a network. */
function runApart(home, hidden, args) {
  const own = ['--user', '--map-root-user', '--mount', '--net', 'sh', '-c'];
  if (spawnSync('unshare', [...own, 'mount -t tmpfs none /mnt']).status !== 0) {
    return { ...home.run(args), apart: false };
  }
  const done = spawnSync(
    'unshare',
    [...own, 'mount -t tmpfs none "$0" && exec "$@"', hidden, binary, ...args],
    { env: home.environment, encoding: 'utf8', timeout: 120_000 },
  );
  return { code: done.status, out: done.stdout, err: done.stderr, apart: true };
}

/** Types the lines on a terminal. */
function runOnTerminal(home, args, lines) {
  const words = [binary, ...args].map((word) => `'${word}'`).join(' ');
  const done = spawnSync('script', ['-qefc', words, '/dev/null'], {
    env: { ...home.environment, SHELL: '/bin/sh' },
    input: lines.map((line) => `${line}\n`).join(''),
    encoding: 'utf8',
    timeout: 120_000,
  });
  return { code: done.status, out: done.stdout };
}

describe('an identity on another machine', () => {
  const cloud = mkdtempSync(join(tmpdir(), 'kronborg-cloud-'));
  const bundle = join(cloud, 'recovery.json');
  const early = join(cloud, 'early.json');
  const hidden = mkdtempSync(join(tmpdir(), 'kronborg-lost-'));
  let old;
  let home;
  let server;
  let identity;
  let agents;
  let recovered;
  const minted = [];
  const revoked = new Set();
  let passphraseFile;
  let codeFile;

  before(async () => {
    old = new Home();
    home = new Home();
    passphraseFile = secretFile(home.folder, 'passphrase', passphrase);
    identity = old.ask(
      ['init', '--passphrase-file', '-', '--recovery-dir', cloud],
      passphrase,
    );
    codeFile = secretFile(home.folder, 'code', identity.recoveryCode);
    copyFileSync(bundle, early);
    server = await Server.start(old, ['--passphrase-file', passphraseFile]);
    for (const name of ['Writer', 'Reader']) {
      assert.equal((await server.api('POST', '/agents', { name })).status, 201);
    }
    agents = (await server.api('GET', '/agents')).value.agents;
    for (let i = 0; i < keys; ++i) {
      const agentId = agents[i % 4]?.id;
      minted.push(await server.mint(`key ${i}`, agentId ? { agentId } : {}));
    }
    for (let i = 0; i < keys; i += 10) {
      const answer = await server.api('POST', `/access-keys/${minted[i].id}/revoke`, {});
      assert.equal(answer.value.revoked, 1);
      revoked.add(i);
    }
    const mark = minted.findIndex((key, i) => i >= 40 && key.scope === 'master');
    const before = await server.api('POST', `/access-keys/${minted[mark].id}/revoke-before`, {});
    assert.ok(before.value.revoked > 0);
    minted.forEach((key, i) => {
      if (i < mark && key.scope === 'master') revoked.add(i);
    });
    await server.api('POST', '/whitelist', { address: stranger, agentId: agents[0].id });
    await server.stop();
    old.remove(); // the machine is lost; its folder of copies is not
  });
  after(async () => {
    await server?.stop();
    home.remove();
    for (const folder of [cloud, hidden]) rmSync(folder, { recursive: true, force: true });
  });

  const recover = (...more) => [
    '--json',
    'recover',
    '--bundle',
    bundle,
    '--code-file',
    codeFile,
    '--passphrase-file',
    passphraseFile,
    ...more,
  ];

  test('a wrong code, a damaged bundle and no bundle are refused clearly, and leave nothing', () => {
    const wrong = secretFile(home.folder, 'wrong', 'OSAURUS-0000-0000-0000-0000');
    const noCode = secretFile(home.folder, 'nonsense', 'OSAURUS-12');
    const text = readFileSync(bundle, 'utf8');
    const cut = secretFile(home.folder, 'cut.json', text.slice(0, text.length / 2));
    const changed = secretFile(
      home.folder,
      'changed.json',
      text.replace(/"updated_at":(\d)/, '"updated_at":2'),
    );
    const binaryFile = secretFile(home.folder, 'binary.json', Buffer.from([0xff, 0xfe, 0x00]));
    const refusals = [
      [['--code-file', wrong], /that recovery code does not open this bundle/],
      [['--code-file', noCode], /a recovery code has 16 hexadecimal digits/],
      [['--bundle', cut], /sealed file is not a JSON object/],
      [['--bundle', changed], /does not open this bundle/],
      [['--bundle', binaryFile], /no recovery bundle/],
      [['--bundle', join(home.folder, 'none.json')], /none\.json/],
      [['--recovery-dir', join(home.folder, 'missing', 'folder')], /missing/],
    ];
    for (const [options, words] of refusals) {
      const base = ['recover', '--passphrase-file', passphraseFile];
      if (options[0] !== '--code-file') base.push('--code-file', codeFile);
      if (options[0] !== '--bundle') base.push('--bundle', bundle);
      const done = home.run([...base, ...options]);
      assert.equal(done.code, 1, done.err);
      assert.match(done.err, words);
      assert.match(done.err, /^hint: /m);
      assert.equal(done.out, '');
    }
    assert.deepEqual(
      readdirSync(home.data).filter((name) => /keystore|recovery/.test(name)),
      [],
    );
    const nothing = home.run(['recover', '--code-file', codeFile]);
    assert.equal(nothing.code, 1);
    assert.match(nothing.err, /no recovery bundle in the data folder/);
  });

  test('an old bundle does not take the place of a newer one', () => {
    mkdirSync(home.data, { recursive: true, mode: 0o700 });
    const place = join(home.data, 'recovery.json');
    copyFileSync(bundle, place);
    const done = home.run(recover().map((word) => (word === bundle ? early : word)));
    assert.equal(done.code, 1);
    assert.match(done.err, /newer bundle of this identity/);
    assert.ok(sameBundle(place, bundle));
    rmSync(place);
  });

  test('the same identity comes back, in one step and with a new code', (t) => {
    const kept = secretFile(home.folder, 'kept.json', readFileSync(bundle));
    const done = runApart(home, hidden, recover('--recovery-dir', cloud));
    if (!done.apart) t.diagnostic('without namespaces: this machine does not allow them');
    assert.equal(done.code, 0, done.err);
    recovered = JSON.parse(done.out);
    assert.equal(recovered.masterAddress, identity.masterAddress);
    assert.notEqual(recovered.deviceId, identity.deviceId);
    assert.equal(recovered.agents, 2);
    assert.equal(recovered.bundleUpdatedAt, new Date(header(kept).updated_at * 1000).toISOString());
    assert.notEqual(recovered.recoveryCode, identity.recoveryCode);
    assert.equal(header(bundle).generation, 2);
    assert.ok(sameBundle(bundle, join(home.data, 'recovery.json')));
    for (const name of ['keystore.json', 'recovery.json']) {
      assert.equal(statSync(join(home.data, name)).mode & 0o777, 0o600);
    }
    assert.deepEqual(
      ofTheWay(home),
      [],
      'no file of the way is left',
    );
  });

  test('a second recovery needs room to be made', () => {
    const again = home.run(recover());
    assert.equal(again.code, 1);
    assert.match(again.err, /an identity exists already/);
    const asked = home.run(recover('--replace'));
    assert.equal(asked.code, 1);
    assert.match(asked.err, /terminal/);
  });

  test(`${keys} old keys are judged as before`, async () => {
    server = await Server.start(home, ['--passphrase-file', passphraseFile]);
    const outcomes = { valid: 0, revoked: 0 };
    for (const [i, key] of minted.entries()) {
      const answer = await server.get('/gate/verify', key.key);
      if (revoked.has(i)) {
        assert.equal(answer.status, 401, `key ${i}`);
        assert.equal(answer.value.error.code, 'key_revoked', `key ${i}`);
        ++outcomes.revoked;
      } else {
        assert.equal(answer.status, 204, `key ${i}: ${answer.text}`);
        ++outcomes.valid;
      }
    }
    assert.equal(outcomes.valid + outcomes.revoked, keys);
    assert.ok(outcomes.revoked > 100 && outcomes.valid > 500, JSON.stringify(outcomes));
  });

  test('its agents and lists are there, and no index is used twice', async () => {
    const now = (await server.api('GET', '/agents')).value.agents;
    for (const [i, agent] of agents.entries()) {
      for (const member of ['id', 'name', 'address', 'index', 'deviceScope']) {
        assert.equal(now[i][member], agent[member]);
      }
    }
    const listed = (await server.api('GET', '/whitelist')).value.whitelistEntries;
    assert.deepEqual(
      listed.map((entry) => [entry.address, entry.agentId]),
      [[stranger, agents[0].id]],
    );
    const made = (await server.api('POST', '/agents', { name: 'New' })).value;
    assert.equal(made.deviceScope, recovered.deviceId);
    assert.ok(made.index >= Math.floor(Date.now() / 60_000) - 10, `${made.index}`);
    const key = await server.mint('new');
    assert.ok(BigInt(key.counter) > BigInt(minted.at(-1).counter));
  });

  test('the bundle follows every change within five seconds', async () => {
    const changes = [
      () => server.api('POST', '/agents', { name: 'Bundled' }),
      () => server.mint('bundled'),
      () => server.api('POST', `/access-keys/${minted[1].id}/revoke`, {}),
      () => server.api('POST', '/whitelist', { address: stranger }),
      () => server.api('DELETE', '/agents/Bundled'),
    ];
    // The copy gets its name behind the bundle itself.
    for (const change of changes) await rewritten(bundle, change);
    assert.ok(sameBundle(bundle, join(home.data, 'recovery.json')));
  });

  test('what changes while it is locked is written at the next unlock', async () => {
    const place = join(home.data, 'recovery.json');
    await server.api('POST', '/identity/lock');
    const was = header(place).nonce;
    assert.equal(
      (await server.api('POST', '/revocations', { issuer: stranger, nonce: 'elsewhere' })).status,
      200,
    );
    const status = (await server.api('GET', '/status')).value;
    assert.ok(
      status.warnings.some((warning) => /written at the next unlock/.test(warning)),
      JSON.stringify(status.warnings),
    );
    await server.kill(); // nothing is told to a process that is killed
    assert.equal(header(place).nonce, was);
    server = await Server.start(home);
    await rewritten(place, () => server.api('POST', '/identity/unlock', { passphrase }));
    await withoutWarnings(server, /unlock/);
  });

  test('a drill says that it matches, while the server runs, and changes no file', async () => {
    const code = secretFile(home.folder, 'new-code', recovered.recoveryCode);
    const before = readFileSync(join(home.data, 'keystore.json'), 'utf8');
    const done = home.run(['recovery', 'drill', '--bundle', bundle, '--code-file', code]);
    assert.equal(done.code, 0, done.err);
    assert.equal(done.out, `${identity.masterAddress} matches\n`);
    assert.equal(readFileSync(join(home.data, 'keystore.json'), 'utf8'), before);
    const drilled = (await server.api('GET', '/identity')).value.recovery.lastDrillAt;
    assert.ok(Date.now() - Date.parse(drilled) < 60_000, drilled);
    const rows = (await server.api('GET', '/audit?type=identity.recovery_drill')).value.auditEvents;
    assert.equal(rows.length, 1);
    const wrong = home.run(['recovery', 'drill', '--bundle', bundle, '--code-file', codeFile]);
    assert.equal(wrong.code, 1);
    assert.match(wrong.err, /does not open this bundle/);
    const kept = join(home.folder, 'kept.json');
    assert.equal(
      home.run(['recovery', 'drill', '--bundle', kept, '--code-file', codeFile]).code,
      0,
      'a copy kept elsewhere opens with its old code',
    );
  });

  test('a copy that cannot be written is a warning, and nothing fails', async () => {
    rmSync(cloud, { recursive: true });
    await rewritten(join(home.data, 'recovery.json'), () => server.mint('without the copy'));
    const { warnings } = (await server.api('GET', '/status')).value;
    assert.ok(
      warnings.some((warning) => /copy of the recovery bundle|current bundle/.test(warning)),
      JSON.stringify(warnings),
    );
    const doctor = home.ask(['doctor']).findings.find((finding) => finding.check === 'recovery');
    assert.equal(doctor.ok, false);
    mkdirSync(cloud);
    await server.mint('with the copy');
    await withoutWarnings(server, /bundle/);
    assert.ok(sameBundle(bundle, join(home.data, 'recovery.json')));
  });

  test('a new code replaces the old one; words need the passphrase anew', async () => {
    const refused = home.run(['recovery', 'new-code', '--passphrase-file', '-'], 'wrong passphrase');
    assert.equal(refused.code, 3);
    assert.match(refused.err, /does not open the keystore/);
    const made = home.run(['recovery', 'new-code', '--passphrase-file', passphraseFile]);
    assert.equal(made.code, 0, made.err);
    assert.match(made.out, /^OSAURUS(-[0-9A-F]{4}){4}\n$/);
    const fresh = secretFile(home.folder, 'fresh-code', made.out);
    const old = join(home.folder, 'new-code');
    const drill = (code) => home.run(['recovery', 'drill', '--code-file', code]).code;
    assert.equal(drill(fresh), 0);
    assert.equal(drill(old), 1);
    assert.equal(header(bundle).generation, 3);
    assert.equal(home.run(['recovery', 'words'], '').code, 1, 'nobody to ask');
    const words = home.run(['recovery', 'words', '--passphrase-file', passphraseFile]);
    assert.equal(words.code, 0, words.err);
    assert.match(words.out, /^[a-z]+( [a-z]+){23}\n$/);
    secretFile(home.folder, 'words', words.out);
    assert.ok(!server.log.includes(words.out.trim()));
    const types = (await server.api('GET', '/audit?type=identity&limit=500')).value.auditEvents.map(
      (event) => event.type,
    );
    for (const type of ['identity.recover', 'identity.recovery_code', 'identity.recovery_words']) {
      assert.ok(types.includes(type), `${type} is no audit row`);
    }
    assert.equal(home.run(['audit', 'verify']).code, 0);
  });

  test('words bring the master back; what becomes of earlier keys has to be said', async () => {
    const third = new Home();
    try {
      const words = join(home.folder, 'words');
      const silent = third.run(['recover', '--words-file', words, '--keystore', 'file']);
      assert.equal(silent.code, 1);
      assert.match(silent.err, /--keep-keys or --revoke-earlier/);
      const both = third.run(['recover', '--words-file', words, '--bundle', early]);
      assert.equal(both.code, 1);
      const wrong = secretFile(third.folder, 'wrong-words', 'abandon '.repeat(24));
      const bad = third.run(['recover', '--words-file', wrong, '--keystore', 'file', '--keep-keys']);
      assert.equal(bad.code, 1);
      assert.match(bad.err, /do not fit together/);
      const done = runOnTerminal(
        third,
        ['recover', '--words-file', words, '--keystore', 'file'],
        ['revoke'],
      );
      assert.equal(done.code, 0, done.out);
      assert.match(done.out, /keep or revoke/);
      assert.ok(done.out.includes(identity.masterAddress), done.out);
      const other = await Server.start(third, []);
      const master = minted.find((key, i) => key.scope === 'master' && !revoked.has(i));
      const answer = await other.get('/gate/verify', master.key);
      assert.equal(answer.value?.error?.code, 'key_revoked');
      await other.stop();
    } finally {
      third.remove();
    }
  });

  test('a replacement says what dies and asks for the old address', () => {
    const other = new Home();
    try {
      const first = other.ask(['init', '--keystore', 'file']);
      const args = ['init', '--keystore', 'file', '--replace'];
      const refused = runOnTerminal(other, args, [stranger]);
      assert.equal(refused.code, 1, refused.out);
      assert.match(refused.out, /gone for good/);
      assert.equal(other.ask(['status']).identity.masterAddress, first.masterAddress);
      const into = ['recover', '--words-file', join(home.folder, 'words'), '--keystore', 'file'];
      const done = runOnTerminal(
        other,
        [...into, '--keep-keys', '--replace'],
        [first.masterAddress],
      );
      assert.equal(done.code, 0, done.out);
      assert.equal(other.ask(['status']).identity.masterAddress, identity.masterAddress);
    } finally {
      other.remove();
    }
  });
});

describe('a bundle while no server runs', () => {
  const behind = /^warning: the recovery bundle is older than the last change/m;

  test('follows a command that opens the keystore; any other says that it is behind', () => {
    const home = new Home();
    try {
      const file = secretFile(home.folder, 'passphrase', passphrase);
      const place = join(home.data, 'recovery.json');
      home.ask(['init', '--passphrase-file', file]);
      for (const label of ['one', 'two']) {
        home.ask(['--passphrase-file', file, 'key', 'create', '--label', label]);
      }
      const { nonce } = header(place);
      const silent = home.run(['key', 'revoke', 'one']);
      assert.equal(silent.code, 0, silent.err);
      assert.match(silent.err, behind);
      assert.equal(header(place).nonce, nonce);
      const given = home.run(['--passphrase-file', file, 'key', 'revoke', 'two']);
      assert.equal(given.code, 0, given.err);
      assert.doesNotMatch(given.err, behind);
      assert.notEqual(header(place).nonce, nonce);
      assert.deepEqual(home.ask(['status']).warnings, []);
    } finally {
      home.remove();
    }
  });

  test('follows every command where nothing is asked for', () => {
    const home = new Home();
    try {
      const place = join(home.data, 'recovery.json');
      home.ask(['init', '--keystore', 'file']);
      home.ask(['key', 'create', '--label', 'one']);
      const { nonce } = header(place);
      const revoked = home.run(['key', 'revoke', 'one']);
      assert.equal(revoked.code, 0, revoked.err);
      assert.doesNotMatch(revoked.err, behind);
      assert.notEqual(header(place).nonce, nonce);
    } finally {
      home.remove();
    }
  });
});
