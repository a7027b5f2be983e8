import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { binary, freePort, Home, Server } from '../support/node/kronborg.mjs';

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const nobody = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8';

/** The same commands without a server and with one: both ways lead to the same router. */
for (const way of ['in-process', 'over the socket']) {
  describe(`the command line, ${way}`, () => {
    let home;
    let server;
    before(async () => {
      home = new Home();
      home.ask(['init', '--keystore', 'file']);
      if (way !== 'in-process') server = await Server.start(home, []);
    });
    after(async () => {
      await server?.stop();
      home.remove();
    });

    test('an agent is made, shown, changed, rotated and deleted', () => {
      const made = home.ask(['agent', 'create', 'researcher', '--description', 'reads']);
      assert.match(made.id, uuid);
      for (const name of ['researcher', made.id, made.address, made.address.toLowerCase()]) {
        assert.equal(home.ask(['agent', 'show', name]).id, made.id);
      }
      assert.equal(home.ask(['agent', 'set', 'researcher', '--name', 'reader']).name, 'reader');
      home.ask(['key', 'create', '--label', 'of the agent', '--agent', 'reader']);
      const rotated = home.ask(['agent', 'rotate', 'reader']);
      assert.notEqual((rotated.agent ?? rotated).address, made.address);
      assert.equal(home.run(['agent', 'create', 'reader']).code, 1);
      assert.equal(home.run(['agent', 'delete', 'reader']).code, 0);
      const gone = home.run(['agent', 'show', 'reader']);
      assert.equal(gone.code, 1);
      assert.match(gone.err, /^kronborg: there is no such agent\nhint: /);
    });

    test('a key is minted once, found by label, hint and id, and revoked', () => {
      const made = home.ask(['key', 'create', '--label', 'laptop', '--expires', '1y']);
      assert.match(made.key, /^osk-v1\./);
      for (const name of ['laptop', made.id, made.hint.slice(-6)]) {
        const shown = home.ask(['key', 'show', name]);
        assert.equal(shown.id, made.id);
        assert.equal(shown.key, undefined);
      }
      assert.equal(home.ask(['key', 'revoke', 'laptop', '--dry-run']).revoked, 1);
      assert.equal(home.ask(['key', 'revoke', 'laptop', '--reason', 'lost']).revoked, 1);
      const listed = home
        .ask(['key', 'list', '--all'])
        .accessKeys.find((key) => key.id === made.id);
      assert.equal(listed.status, 'revoked');
      assert.equal(listed.revokedReason, 'lost');
      assert.ok(!home.ask(['key', 'list']).accessKeys.some((key) => key.id === made.id));
      const seen = home.run(['--json', 'key', 'inspect', '-'], made.key);
      assert.equal(seen.code, 3);
      assert.equal(JSON.parse(seen.out).code, 'key_revoked');
    });

    test('everything before a key is revoked, and the key itself is not', () => {
      const [first, second, third] = ['a', 'b', 'c'].map((label) =>
        home.ask(['key', 'create', '--label', label]),
      );
      assert.ok(home.ask(['key', 'revoke-before', third.id]).revoked >= 2);
      const decisions = [first, second, third].map(
        (key) => JSON.parse(home.run(['--json', 'key', 'inspect', '-'], key.key).out).decision,
      );
      assert.deepEqual(decisions, ['denied', 'denied', 'valid']);
    });

    test('the whitelist is kept per list', () => {
      home.ask(['agent', 'create', 'listed']);
      home.ask(['whitelist', 'add', nobody, '--agent', 'listed', '--label', 'friend']);
      assert.equal(home.run(['whitelist', 'remove', nobody]).code, 1);
      assert.equal(home.ask(['whitelist', 'list']).whitelistEntries.length, 1);
      assert.equal(home.run(['whitelist', 'remove', nobody, '--agent', 'listed']).code, 0);
    });

    test('the audit log holds what was done, and its chain is whole', () => {
      const types = home.ask(['audit', '--type', 'key']).auditEvents.map((event) => event.type);
      assert.ok(
        types.includes('key.mint') && types.some((type) => type.startsWith('key.revoke')),
        types.join(),
      );
      assert.equal(home.run(['audit', 'verify']).code, 0);
    });

    test('the store is checked and copied', () => {
      assert.equal(home.run(['store', 'check']).code, 0);
      const copy = join(home.folder, `copy-${way.length}.db`);
      assert.equal(home.run(['store', 'backup', copy]).code, 0);
      assert.equal(statSync(copy).mode & 0o777, 0o600);
      assert.equal(home.run(['store', 'backup', copy]).code, 1);
    });

    test('status and doctor say how things are', () => {
      const status = home.ask(['status']);
      assert.equal(status.serving, way !== 'in-process');
      const findings = home.ask(['doctor']).findings;
      const keystore = findings.find((finding) => finding.check === 'keystore');
      assert.equal(keystore.ok, false);
      assert.match(keystore.repair, /passphrase/);
    });

    test('completion knows verbs, options, agents and labels', () => {
      const complete = (...words) =>
        home
          .run(['complete', '--', ...words])
          .out.split('\n')
          .filter(Boolean);
      assert.deepEqual(complete('wh'), ['whitelist']);
      assert.ok(complete('key', 'create', '--').includes('--label'));
      assert.ok(complete('agent', 'show', '').includes('listed'));
      assert.ok(complete('key', 'create', '--expires', '').includes('1y'));
      assert.ok(complete('key', 'show', 'c').includes('c'));
    });
  });
}

describe('set-up', () => {
  let home;
  before(() => {
    home = new Home();
  });
  after(() => home.remove());

  test('a passphrase comes from standard input or a file, and opens the identity again', () => {
    assert.equal(home.run(['init'], '').code, 1);
    const short = home.run(['init', '--passphrase-file', '-'], 'short\n');
    assert.equal(short.code, 1);
    assert.match(short.err, /at least 8 characters/);
    assert.ok(!existsSync(join(home.data, 'keystore.json')));
    const file = join(home.folder, 'passphrase');
    writeFileSync(file, 'elsinore castle\n', { mode: 0o600 });
    const made = home.ask(['init', '--passphrase-file', file]);
    assert.match(made.recoveryCode, /^OSAURUS(-[0-9A-F]{4}){4}$/);
    const locked = home.run(['key', 'create', '--label', 'x']);
    assert.equal(locked.code, 1);
    assert.match(locked.err, /--passphrase-file/);
    assert.match(
      home.ask(['--passphrase-file', file, 'key', 'create', '--label', 'x']).key,
      /^osk-v1\./,
    );
    const wrong = home.run(
      ['--passphrase-file', '-', 'key', 'create', '--label', 'y'],
      'not the castle\n',
    );
    assert.equal(wrong.code, 3);
  });

  test('a second init is refused and changes nothing', () => {
    const before = readFileSync(join(home.data, 'keystore.json'), 'utf8');
    const again = home.run(['init', '--keystore', 'file']);
    assert.equal(again.code, 1);
    assert.match(again.err, /identity exists/);
    assert.equal(readFileSync(join(home.data, 'keystore.json'), 'utf8'), before);
  });

  test('files are private, and a folder that others can enter is refused', () => {
    assert.equal(statSync(home.data).mode & 0o777, 0o700);
    for (const name of ['keystore.json', 'recovery.json', 'kronborg.db']) {
      assert.equal(statSync(join(home.data, name)).mode & 0o777, 0o600, name);
    }
    chmodSync(home.data, 0o755);
    const refused = home.run(['key', 'list']);
    assert.equal(refused.code, 1);
    assert.match(refused.err, /hint: .*chmod 700/);
    chmodSync(home.data, 0o700);
    chmodSync(join(home.data, 'keystore.json'), 0o644);
    assert.equal(home.run(['key', 'list']).code, 1);
    chmodSync(join(home.data, 'keystore.json'), 0o600);
    assert.equal(home.run(['key', 'list']).code, 0);
  });

  test('a locked server verifies, refuses to mint, and mints once unlocked', async () => {
    const file = join(home.folder, 'passphrase');
    const key = home.ask(['--passphrase-file', file, 'key', 'create', '--label', 'before']);
    const server = await Server.start(home, []);
    assert.equal((await server.get('/anything', key.key)).status, 404);
    assert.equal(home.run(['key', 'create', '--label', 'x']).code, 1);
    assert.equal(home.run(['unlock', '--passphrase-file', file]).code, 0);
    assert.equal(home.run(['key', 'create', '--label', 'x']).code, 0);
    assert.equal(home.run(['lock']).code, 0);
    assert.equal(home.run(['key', 'create', '--label', 'y']).code, 1);
    assert.equal(home.run(['key', 'revoke', key.id]).code, 0);
    assert.equal((await server.get('/anything', key.key)).value.error.code, 'key_revoked');
    await server.stop();
  });
});

describe('what is wrong is said, with what to do', () => {
  let home;
  before(() => {
    home = new Home();
    home.ask(['init', '--keystore', 'file']);
  });
  after(() => home.remove());

  const rows = [
    { what: 'no command', args: [], code: 1, says: /hint: / },
    {
      what: 'a key as an argument',
      args: ['key', 'inspect', 'osk-v1.a.b'],
      code: 1,
      says: /never an argument/,
    },
    {
      what: 'a label that is too long',
      args: ['key', 'create', '--label', 'x'.repeat(81)],
      code: 1,
      says: /label/,
    },
    {
      what: 'a label of white space',
      args: ['key', 'create', '--label', '  '],
      code: 1,
      says: /label/,
    },
    {
      what: 'a lifetime that is not offered',
      args: ['key', 'create', '--label', 'x', '--expires', '2d'],
      code: 1,
      says: /30d/,
    },
    {
      what: 'an unknown agent',
      args: ['key', 'create', '--label', 'x', '--agent', 'nobody'],
      code: 1,
      says: /no such agent/,
    },
    {
      what: 'an unknown key',
      args: ['key', 'revoke', 'nothing'],
      code: 1,
      says: /no such access key/,
    },
    {
      what: 'half of a pair',
      args: ['key', 'revoke', '--nonce', 'ab'],
      code: 1,
      says: /go together/,
    },
    {
      what: 'what is not an address',
      args: ['whitelist', 'add', '0x12'],
      code: 1,
      says: /hexadecimal/,
    },
    { what: 'unlocking without a server', args: ['unlock'], code: 1, says: /no server is running/ },
    {
      what: 'a backup that is none',
      args: ['store', 'restore', '/etc/hostname'],
      code: 1,
      says: /hint: /,
    },
  ];
  for (const row of rows) {
    test(row.what, () => {
      const done = home.run(row.args);
      assert.notEqual(done.code, 0);
      assert.match(done.err, row.says);
      assert.equal(done.out, '');
    });
  }

  test('an unknown configuration key names the nearest known one', () => {
    home.configure('[gate]\ntrust_lopback = true\n');
    const refused = home.run(['config', 'check']);
    assert.equal(refused.code, 1);
    assert.match(refused.err, /config\.toml:2/);
    assert.match(refused.err, /did you mean gate\.trust_loopback/);
    home.configure('');
  });

  test('what would expose the owner is refused', () => {
    for (const [toml, says] of [
      ['[http]\nlisten = ["0.0.0.0:1337"]\n', /beyond loopback/],
      ['[http]\nprofile = "lan"\nlisten = ["0.0.0.0:1337"]\n', /TLS/],
      [
        '[http]\nprofile = "lan"\nallow_plain_lan = true\nlisten = ["0.0.0.0:1337"]\n' +
          '[gate]\ntrust_loopback = true\n',
        /trust_loopback/,
      ],
    ]) {
      home.configure(toml);
      const refused = home.run(['config', 'check']);
      assert.equal(refused.code, 1, toml);
      assert.match(refused.err, says);
    }
    home.configure('');
  });

  test('a port in use and a second server are named', async () => {
    const server = await Server.start(home, []);
    const second = home.run(['serve', '--listen', `127.0.0.1:${server.port}`]);
    assert.equal(second.code, 1);
    assert.match(second.err, /runs already/);
    const other = new Home();
    other.ask(['init', '--keystore', 'file']);
    const taken = other.run(['serve', '--listen', `127.0.0.1:${server.port}`]);
    assert.equal(taken.code, 1);
    assert.match(taken.err, /in use[\s\S]*hint: /);
    other.remove();
    await server.stop();
  });

  test('a data folder that is a file is refused', () => {
    const broken = new Home();
    mkdirSync(join(broken.folder, 'x'));
    writeFileSync(broken.data, '');
    const refused = broken.run(['init', '--keystore', 'file']);
    assert.equal(refused.code, 1);
    assert.match(refused.err, /hint: /);
    broken.remove();
  });

  test('a store that lost its rows is an error, never an empty list of revocations', () => {
    writeFileSync(join(home.data, 'kronborg.db'), '');
    for (const name of ['kronborg.db-wal', 'kronborg.db-shm']) {
      if (existsSync(join(home.data, name))) writeFileSync(join(home.data, name), '');
    }
    const refused = home.run(['key', 'list']);
    assert.notEqual(refused.code, 0);
    assert.match(refused.err, /store/);
  });
});

test('--expose listens beyond loopback only when it is safe', async () => {
  const home = new Home();
  home.ask(['init', '--keystore', 'file']);
  const port = await freePort();
  home.configure(`[http]\nlisten = ["127.0.0.1:${port}"]\n`);
  const refused = home.run(['serve', '--expose']);
  assert.equal(refused.code, 1);
  assert.match(refused.err, /tls\.certificate/);
  home.remove();
});

test('every command has help with an example', () => {
  const help = (...words) => spawnSync(binary, [...words, '--help'], { encoding: 'utf8' });
  const verbs = (text) =>
    [...(text.split(/Subcommands:\n/)[1]?.matchAll(/^ {2}(\S+)/gm) ?? [])]
      .map((match) => match[1])
      .filter((name) => name !== 'Example:');
  let seen = 0;
  for (const noun of verbs(help().stdout.split('Example:')[0])) {
    const text = help(noun).stdout;
    const nested = verbs(text.split('Example:')[0]);
    for (const words of nested.length ? nested.map((verb) => [noun, verb]) : [[noun]]) {
      const shown = help(...words);
      assert.equal(shown.status, 0);
      assert.match(shown.stdout, /Example:\n {2}kronborg /, words.join(' '));
      seen += 1;
    }
  }
  assert.ok(seen > 30, `${seen} commands`);
});
