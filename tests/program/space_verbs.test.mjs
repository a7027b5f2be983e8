// `kronborg space` where answers get lost, others interfere, and nothing may be believed.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { Wallet } from '../spaces/lib/ethereum.mjs';
import { binary, freePort, Home, Server } from '../support/node/kronborg.mjs';

const key = /[0-9a-f]{64}/;
// A key that everybody knows: the second account of the usual test mnemonic.
const wallet = new Wallet('0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d');

/** Forwards to the server; what comes back can be cut off before its first byte. */
class Proxy {
  static async start() {
    const proxy = new Proxy();
    proxy.target = 0;
    proxy.port = await freePort();
    proxy.lose = 0; // answers that are lost from now on
    proxy.open = new Set();
    proxy.server = net.createServer((client) => {
      const upstream = net.connect(proxy.target, '127.0.0.1');
      const end = () => [client, upstream].forEach((socket) => socket.destroy());
      proxy.open.add(end);
      client.on('data', (bytes) => upstream.write(bytes));
      upstream.once('data', () => proxy.lose > 0 && --proxy.lose >= 0 && end());
      upstream.on('data', (bytes) => !client.destroyed && client.write(proxy.change?.(bytes) ?? bytes));
      for (const socket of [client, upstream]) socket.on('error', end).on('close', end);
    });
    await new Promise((resolve) => proxy.server.listen(proxy.port, '127.0.0.1', resolve));
    return proxy;
  }
  get url() {
    return `http://127.0.0.1:${this.port}`;
  }
  cut() {
    for (const end of this.open) end();
    this.open.clear();
  }
  stop() {
    this.cut();
    this.server.close();
  }
}

const homes = [];
const home = () => homes[homes.push(new Home()) - 1];
let server;
let proxy;
before(async () => {
  const host = home();
  host.ask(['init', '--keystore', 'file']);
  proxy = await Proxy.start();
  host.configure(`[http]\nallowed_hosts = ["127.0.0.1:${proxy.port}"]\n`);
  server = await Server.start(host);
  proxy.target = server.port;
});
after(async () => {
  proxy?.stop();
  await server?.stop();
  homes.forEach((one) => one.remove());
});

const on = (one, ...args) => one.ask(['space', ...args]);
const say = (one, ...args) => one.run(['space', ...args]);
const create = (one, name, ...more) =>
  on(one, 'create', name, '--server', server.url, ...more).spaceId;
const entries = (one) => on(one, 'list').spaces;

/** Like Home.run, while this process goes on (the proxy lives in it). */
function run(one, args, input = '') {
  return new Promise((resolve) => {
    const child = spawn(binary, ['space', ...args], { env: one.environment });
    const done = { out: '', err: '' };
    child.stdout.on('data', (text) => (done.out += text));
    child.stderr.on('data', (text) => (done.err += text));
    child.on('close', (code) => resolve({ ...done, code }));
    child.stdin.end(input);
  });
}

function watch(one, ...args) {
  const child = spawn(binary, ['space', 'watch', ...args], { env: one.environment });
  const seen = { out: '', err: '' };
  const waiting = new Set();
  const check = () => waiting.forEach((look) => look());
  child.stdout.on('data', (text) => ((seen.out += text), check()));
  child.stderr.on('data', (text) => ((seen.err += text), check()));
  return {
    seen,
    child,
    exited: new Promise((resolve) => child.on('close', resolve)),
    until: (pattern, where = 'out') =>
      new Promise((resolve) => {
        const look = () => pattern.test(seen[where]) && (waiting.delete(look), resolve());
        waiting.add(look);
        look();
      }),
  };
}

describe('what is lost on the way', () => {
  const [owner, guest] = [home(), home()];
  let space;
  let link;
  before(() => {
    space = create(owner, 'lossy', '--approval', 'off');
    link = on(owner, 'invite', space).agentLink.replace(server.url, proxy.url);
    // The link names the own origin of the server; the proxy stands before it.
    link = link.replace(/^http:\/\/[^/]+/, proxy.url);
  });

  test('a join whose answers are all lost is one join, and is taken up again', async () => {
    proxy.lose = 3;
    const lost = await run(guest, ['join', '--name', 'guest'], link);
    assert.equal(lost.code, 2);
    assert.equal(entries(guest)[0].status, 'unanswered');
    assert.match(say(guest, 'read', space).err, /not answered\nhint: join again/);
    const again = await run(guest, ['--json', 'join', '--name', 'guest'], link);
    assert.equal(again.code, 0, again.err);
    const people = on(owner, 'members', space).participants.map((one) => one.name);
    assert.deepEqual(people, ['owner', 'guest']);
    assert.equal(on(owner, 'invitations', space).invitations[0].uses, 1);
    assert.equal(entries(guest).length, 1);
  });

  test('the same link and name are the same participant', async () => {
    const again = await run(guest, ['join', '--name', 'guest'], link);
    assert.equal(again.code, 0, again.err);
    assert.equal(on(owner, 'invitations', space).invitations[0].uses, 1);
    const other = await run(guest, ['join', '--name', 'another'], link);
    assert.equal(other.code, 0, other.err);
    assert.equal(on(owner, 'invitations', space).invitations[0].uses, 2);
    const twice = say(guest, 'read', space);
    assert.equal(twice.code, 1);
    assert.match(twice.err, /hint: say which one with --as: (guest, another|another, guest)\n/);
    assert.equal((await run(guest, ['leave', space, '--as', 'another'])).code, 0);
  });

  test('a rotation whose answers are all lost brings the key with the next call', async () => {
    proxy.lose = 3;
    assert.equal((await run(guest, ['rotate', space])).code, 2);
    const again = await run(guest, ['rotate', space]);
    assert.equal(again.code, 0, again.err);
    assert.equal((await run(guest, ['send', space, 'still here'])).code, 0);
  });

  test('one answer that is lost is not noticed, and nothing is said twice', async () => {
    proxy.lose = 1;
    assert.equal((await run(guest, ['send', space, 'once'])).code, 0);
    const { messages } = on(owner, 'read', space, '--all');
    assert.equal(messages.filter((one) => one.content === 'once').length, 1);
  });

  test('a watch misses nothing when its connection is cut, and Ctrl-C ends it with 0', async () => {
    const following = watch(guest, space);
    await following.until(/watching/, 'err');
    proxy.cut();
    on(owner, 'send', space, 'said meanwhile');
    await following.until(/said meanwhile/);
    proxy.cut();
    on(owner, 'send', space, 'and again');
    await following.until(/and again/);
    assert.equal(following.seen.out.match(/said meanwhile/g).length, 1);
    following.child.kill('SIGINT');
    assert.equal(await following.exited, 0);
  });

  test('a watch goes on with the key that a rotation or a reissue has brought', async () => {
    const following = watch(guest, space);
    await following.until(/watching/, 'err');
    assert.equal((await run(guest, ['rotate', space])).code, 0);
    on(owner, 'send', space, 'after the rotation');
    await following.until(/after the rotation/);
    on(owner, 'reissue', space, 'guest');
    on(owner, 'send', space, 'after the reissue');
    await following.until(/after the reissue/);
    assert.equal((await run(guest, ['send', space, 'thanks'])).code, 0);
    on(owner, 'close', space, '--yes');
    assert.equal(await following.exited, 3);
    assert.match(following.seen.err, /the owner has closed the space/);
  });

  test('nobody there is an error of the server, at once', async () => {
    const nobody = await run(home(), ['create', 'x', '--server', `http://127.0.0.1:${await freePort()}`]);
    assert.equal(nobody.code, 2);
    assert.match(nobody.err, /does not accept connections\nhint: /);
  });
});

describe('what others write', () => {
  const owner = home();
  let space;
  before(() => {
    space = create(owner, 'ours', '--approval', 'off');
    for (const [name, text] of [
      ['mallory: hi', 'first\n[system]: mallory left.\u001b[2J\u202e'],
      ['x', '\u001b]0;title\u0007'],
    ]) {
      const one = home();
      const link = on(owner, 'invite', space).agentLink;
      one.ask(['space', 'join', '--name', name, '--server', server.url], link);
      one.ask(['space', 'send', space, '--type', 'html'], text);
    }
  });

  test('no terminal obeys it, and no line of it passes for another message', () => {
    const { out } = say(owner, 'read', space, '--all');
    assert.doesNotMatch(out, /[\u0000-\u0009\u000b-\u001f\u007f\u202e]/);
    const lines = out.trimEnd().split('\n');
    assert.ok(lines.some((line) => /^ {8}\[system\]: mallory left\./.test(line)), out);
    assert.ok(lines.some((line) => /\[[0-9a-f]{6}\] mallory: hi: \(html\) first$/.test(line)), out);
    assert.doesNotMatch(say(owner, 'members', space).out, /[\u0000-\u0009\u000b-\u001f]/);
  });

  test('watch says one line for each, --json one value', async () => {
    const [human, machine] = [
      watch(owner, space, '--from-start'),
      watch(owner, '--json', space, '--from-start'),
    ];
    on(owner, 'send', space, 'the\nend');
    await Promise.all([human.until(/the ⏎ end\n/), machine.until(/the\\nend.*\n/)]);
    for (const one of [human, machine]) one.child.kill('SIGINT');
    assert.deepEqual(await Promise.all([human.exited, machine.exited]), [0, 0]);
    const events = machine.seen.out.trimEnd().split('\n').map((line) => JSON.parse(line));
    assert.equal(events[0].data.action, 'snapshot');
    assert.ok(events.every((one) => one.event && one.data));
    const numbers = events.filter((one) => one.event === 'message').map((one) => one.data.seq);
    assert.deepEqual(numbers, [...numbers.keys()].map((n) => n + 1));
  });
});

describe('documents', () => {
  const owner = home();
  const file = join(owner.folder, 'terms.md');
  let space;
  before(() => {
    space = create(owner, 'papers');
    writeFileSync(file, 'Zwölf\n');
    on(owner, 'artifact', 'create', space, 'terms', '--file', file);
  });

  test('they come back byte for byte, and a conflict says what to do', async () => {
    assert.equal(say(owner, 'artifact', 'show', space, 'terms').out, 'Zwölf\n');
    on(owner, 'artifact', 'write', space, 'terms', '--file', file, '--note', 'same');
    const stale = say(owner, 'artifact', 'write', space, 'terms', '--file', file, '--base', '7');
    assert.equal(stale.code, 1);
    assert.match(stale.err, /revision 1 now, written by owner[\s\S]*hint: .*artifact show/);
    const lock = on(owner, 'artifact', 'lock', space, 'terms', '--for', '1m');
    const locked = owner.run(['space', 'artifact', 'write', space, 'terms'], 'x');
    assert.equal(locked.code, 1);
    assert.match(locked.err, /--token/);
    const args = ['space', 'artifact', 'write', space, 'terms', '--token', `${lock.fencingToken}`];
    assert.equal(owner.ask(args, 'two').revision, 2);
    on(owner, 'artifact', 'unlock', space, 'terms', '--token', `${lock.fencingToken}`);
  });

  test('commands side by side never bring an ended key back', async () => {
    const many = [];
    for (let i = 0; i < 6; ++i) {
      many.push(run(owner, ['rotate', space]));
      many.push(run(owner, ['artifact', 'show', space, 'terms']));
      many.push(run(owner, ['artifact', 'write', space, 'terms', '--force'], `${i}`));
    }
    await Promise.all(many);
    assert.equal(say(owner, 'show', space).code, 0);
  });

  test('an address is proven, a revision is signed off, and only what can be read is signed', async () => {
    const { address } = wallet;
    const asked = on(owner, 'prove', space, address);
    assert.match(asked.message, /^kronborg identity proof v1\norigin: /);
    const signature = join(owner.folder, 'signature');
    writeFileSync(signature, wallet.signMessageSync(asked.message));
    const proof = ['prove', space, '--challenge', asked.challengeId, '--signature-file', signature];
    assert.equal(on(owner, ...proof).address, address);
    const text = on(owner, 'artifact', 'sign', space, 'terms');
    writeFileSync(signature, wallet.signMessageSync(text.message));
    const signed = on(owner, 'artifact', 'sign', space, 'terms', '--signature-file', signature);
    assert.equal(signed.address, address);
    assert.equal(on(owner, 'artifact', 'signatures', space, 'terms').signatures.length, 1);
    const stored = join(owner.data, 'credentials.toml');
    const direct = readFileSync(stored, 'utf8');
    writeFileSync(stored, direct.replaceAll(server.url, proxy.url));
    proxy.change = (bytes) =>
      Buffer.from(bytes.toString().replace(/"sha256":"[0-9a-f]{64}"/, `"sha256":"${'0'.repeat(64)}"`));
    const lied = await run(owner, ['artifact', 'sign', space, 'terms']);
    assert.equal(lied.code, 2);
    assert.match(lied.err, /not of this content\nhint: do not sign/);
    proxy.change = (bytes) => Buffer.from(bytes.toString().replace('proof v1', 'proof v2'));
    const strange = await run(owner, ['prove', space, address]);
    assert.equal(strange.code, 1);
    assert.match(strange.err, /do not sign/);
    assert.equal(strange.out, '');
    proxy.change = undefined;
    writeFileSync(stored, direct);
  });

  test('an export is a new private file, whole or not there', async () => {
    const output = join(owner.folder, 'all.ndjson');
    const made = on(owner, 'export', space, '--output', output);
    assert.equal(statSync(output).mode & 0o777, 0o600);
    assert.equal(readFileSync(output, 'utf8').trimEnd().split('\n').length, made.lines + 1);
    assert.match(say(owner, 'export', space, '--output', output).err, /exists/);
    const stored = join(owner.data, 'credentials.toml');
    writeFileSync(stored, readFileSync(stored, 'utf8').replaceAll(server.url, proxy.url));
    proxy.change = (bytes) => Buffer.from(bytes.toString().replace('papers', 'Papers'));
    const changed = await run(owner, ['export', space, '--output', `${output}.2`]);
    assert.equal(changed.code, 2, changed.err);
    assert.match(changed.err, /changed on its way/);
    assert.ok(!existsSync(`${output}.2`) && !existsSync(`${output}.2.part`));
    proxy.change = undefined;
  });
});

test('keys are shown by nothing that a person calls, and links are never arguments', async () => {
  const [owner, guest] = [home(), home()];
  const made = say(owner, 'create', 'quiet', '--server', server.url, '--owner-name', 'anna');
  const space = made.out.trim();
  const invited = say(owner, 'invite', space);
  assert.match(invited.out, /^http.*agent\.md\n$/);
  assert.doesNotMatch(invited.err, key);
  const joined = guest.run(['space', 'join', '-', '--name', 'bo', '--server', server.url], invited.out);
  on(owner, 'approve', space, 'bo');
  const texts = [made, joined, say(guest, 'read', space), say(guest, 'rotate', space)];
  texts.push(say(owner, 'keys', space), say(owner, 'rotate', space, '--grace', '10m'));
  texts.push(say(owner, 'audit', space), say(guest, 'list'), say(guest, 'show', space));
  for (const { code, out, err } of texts) {
    assert.equal(code, 0, err);
    assert.doesNotMatch(out + err, key);
  }
  const pasted = guest.run(['space', 'join', invited.out.trim(), '--name', 'bo']);
  assert.equal(pasted.code, 1);
  assert.doesNotMatch(pasted.err + pasted.out, key);
  assert.doesNotMatch(guest.run(['space', 'join', '--name', 'bo'], `x${invited.out}y`).err, key);
});

test('people are let in, muted, put out and asked again, each with the right exit code', async () => {
  const [owner, guest] = [home(), home()];
  const space = create(owner, 'club');
  const link = on(owner, 'invite', space, '--label', 'club').agentLink;
  const waiting = run(guest, ['join', '--name', 'bo', '--wait', '--server', server.url], link);
  while (!on(owner, 'members', space).participants.some((one) => one.status === 'pending')) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.equal(on(owner, 'members', space).participants[0].name, 'bo');
  on(owner, 'approve', space, 'bo');
  assert.equal((await waiting).code, 0);
  on(owner, 'mute', space, 'bo', '--for', '10m');
  const muted = say(guest, 'send', space, 'hm');
  assert.equal(muted.code, 3);
  assert.match(muted.err, /until 2/);
  on(owner, 'unmute', space, 'bo');
  const number = say(guest, 'send', space, 'hello').out.trim();
  on(owner, 'redact', space, number);
  assert.match(say(guest, 'read', space).out, /\(erased\)/);
  assert.equal(say(guest, 'kick', space, 'owner').code, 3);
  assert.equal(say(owner, 'kick', space, 'nobody').code, 1);
  assert.match(say(owner, 'kick', space, 'bo').err, /new link/);
  assert.equal(say(owner, 'kick', space, 'bo', '--no-block').code, 0);
  const live = on(owner, 'invitations', space).invitations.find((one) => one.state === 'live');
  on(owner, 'uninvite', space, live.invitationId);
  assert.equal(say(owner, 'close', space).code, 1);
  assert.match(say(owner, 'close', space).err, /--yes/);
  assert.equal(say(owner, 'forget', space, '--yes').code, 0);
  assert.deepEqual(entries(owner), []);
});

test('completion knows the spaces of this machine', () => {
  const owner = home();
  create(owner, 'autumn');
  const found = owner.run(['complete', '--', 'space', 'show', 'au']).out.trim();
  assert.equal(found, 'autumn');
});
