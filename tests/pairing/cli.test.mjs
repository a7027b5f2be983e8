// The commands of pairing, as they are typed.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { after, before, describe, test } from 'node:test';

import { readInvite } from './lib/client.mjs';
import { PairingHost } from './lib/host.mjs';
import { binary, Home } from '../support/node/kronborg.mjs';

describe('the command line', () => {
  let host;
  before(async () => (host = await PairingHost.start()));
  after(() => host?.end());

  test('lists, approves and denies', async () => {
    assert.deepEqual(host.home.ask(['pairing', 'list']).pairingRequests, []);
    const first = await host.goodPair();
    const approved = host.post('/pair', first.request, first.source);
    const [waiting] = await host.untilPending(1);
    const shown = host.home.run(['pairing', 'list']);
    assert.equal(shown.code, 0);
    for (const text of [
      waiting.id,
      first.request.connectorAddress,
      waiting.fingerprint,
      waiting.sas,
      first.source,
      'scribe',
    ]) {
      assert.ok(shown.out.includes(text), text);
    }
    const done = host.home.run(['pairing', 'approve', waiting.id, '--remember', '--label', 'desk']);
    assert.equal(done.code, 0, done.err);
    assert.equal((await approved).value.isPermanent, true);
    const [record] = await host.keys('pairing');
    assert.equal(record.label, 'desk');
    const again = host.home.run(['pairing', 'deny', waiting.id]);
    assert.equal(again.code, 1);
    assert.match(again.err, /^kronborg: this pairing request is decided already\nhint: /);

    const second = await host.goodPair({ committed: false });
    const denied = host.post('/pair', second.request, second.source);
    const [other] = await host.untilPending(1);
    assert.match(
      host.home.run(['pairing', 'list']).out,
      /Words cannot be compared for this request\. Compare the connector's address\./,
    );
    assert.equal(host.home.ask(['pairing', 'deny', other.id]).id, other.id);
    assert.equal((await denied).status, 403);
  });

  test('watches: what waits already and what comes, each once', async () => {
    const first = await host.goodPair();
    const answers = [host.post('/pair', first.request, first.source)];
    const [waiting] = await host.untilPending(1);
    const watch = spawn(binary, ['--json', 'pairing', 'watch'], { env: host.home.environment });
    const lines = [];
    const seen = (count) =>
      new Promise((resolve) => {
        const look = () => lines.length >= count && resolve();
        watch.stdout.on('data', look);
        look();
      });
    watch.stdout.on('data', (text) => {
      for (const line of String(text).split('\n')) if (line) lines.push(JSON.parse(line));
    });
    await seen(1);
    const second = await host.goodPair();
    answers.push(host.post('/pair', second.request, second.source));
    await seen(2);
    assert.deepEqual(
      lines.map(({ connectorAddress }) => connectorAddress),
      [first.request.connectorAddress, second.request.connectorAddress],
    );
    assert.deepEqual(lines[0], waiting);
    for (const { id } of lines) host.home.ask(['pairing', 'approve', id]);
    for (const answer of answers) assert.equal((await answer).status, 200);
    watch.kill('SIGTERM');
  });

  test('asks on a terminal, where Return alone decides nothing', async () => {
    const watch = spawn('script', ['-qec', `${binary} pairing watch`, '/dev/null'], {
      env: { ...host.home.environment, TERM: 'xterm' },
    });
    let screen = '';
    const shown = (text, from = 0) =>
      new Promise((resolve) => {
        const look = () => screen.indexOf(text, from) >= 0 && resolve();
        watch.stdout.on('data', look);
        look();
      });
    watch.stdout.on('data', (text) => (screen += text));
    const question = 'approve, deny, remember (approve for good) or later';
    const { request, source } = await host.goodPair();
    const answer = host.post('/pair', request, source);
    await shown(question);
    const [waiting] = await host.pending();
    assert.ok(screen.includes(waiting.sas));
    for (const typed of ['\r', 'y\r', 'approved\r']) {
      const before = screen.length;
      watch.stdin.write(typed);
      await shown(question, before);
      assert.equal((await host.pending()).length, 1, JSON.stringify(typed));
    }
    watch.stdin.write('approve\r');
    assert.equal((await answer).status, 200);
    watch.kill('SIGTERM');
  });

  test('makes codes', async () => {
    const made = host.home.run(['pair', 'code', '--agent', 'scribe']);
    assert.match(made.out, /^[0-9]{6}\n$/);
    const whole = host.home.ask(['pair', 'code', '--master', '--label', 'tablet']);
    assert.equal(whole.agentId, undefined);
    assert.equal(whole.label, 'tablet');
    assert.equal(host.home.run(['pair', 'code']).code, 1, 'there are two agents');
    assert.notEqual(host.home.run(['pair', 'code', '--agent', 'scribe', '--master']).code, 0);
  });

  test('makes, lists and revokes invites', async () => {
    const link = host.home.run(['invite', 'create', '--agent', 'scribe', '--expires', '1h']);
    assert.match(link.out, /^osaurus:\/\/0x[0-9a-f]{40}\?pair=[A-Za-z0-9_-]+\n$/);
    const invite = readInvite(link.out.trim(), Math.floor(Date.now() / 1000));
    const { nonce } = invite.payload;
    assert.ok(host.home.run(['invite', 'list']).out.includes(nonce));
    assert.equal(host.home.ask(['invite', 'revoke', nonce]).status, 'revoked');
    assert.equal(host.home.run(['invite', 'create', '--agent', 'scribe', '--expires', '2d']).code, 1);
    assert.equal(host.home.run(['invite', 'revoke', 'none']).code, 1);
  });

  test('draws a QR code on a terminal, and only there', () => {
    const command = `${binary} invite create --agent scribe`;
    const drawn = spawnSync('script', ['-qec', command, '/dev/null'], {
      env: { ...host.home.environment, TERM: 'xterm' },
      encoding: 'utf8',
    });
    assert.match(drawn.stdout, /osaurus:\/\//);
    assert.match(drawn.stdout, /[█▀▄]{4}/);
    assert.doesNotMatch(host.home.run(['invite', 'create', '--agent', 'scribe']).out, /[█▀▄]/);
  });

  test('explains itself, with an example', () => {
    for (const words of ['pairing watch', 'pairing approve', 'pair code', 'invite create']) {
      const help = host.home.run([...words.split(' '), '--help']);
      assert.match(help.out, new RegExp(`Example:\\n +kronborg ${words}`));
    }
  });
});

test('without a server nobody can be approved, but invites can be made', () => {
  const home = new Home();
  try {
    home.ask(['init', '--keystore', 'file']);
    home.ask(['agent', 'create', 'scribe']);
    for (const words of ['pairing list', 'pairing watch', 'pair code']) {
      const refused = home.run(words.split(' '));
      assert.equal(refused.code, 2, words);
      assert.match(refused.err, /no server is running/);
    }
    assert.match(home.ask(['invite', 'create', '--agent', 'scribe']).link, /^osaurus:/);
  } finally {
    home.remove();
  }
});
