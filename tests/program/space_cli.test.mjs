// `kronborg space` on two machines that meet on a third: each has a data folder of its own.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { binary, Home, Server } from '../support/node/kronborg.mjs';

const [host, buyer, seller] = [new Home(), new Home(), new Home()];
let server;
let space;
before(async () => {
  host.ask(['init', '--keystore', 'file']);
  server = await Server.start(host);
  host.configure('');
});
after(async () => {
  await server?.stop();
  for (const home of [host, buyer, seller]) home.remove();
});

const on = (home, ...args) => home.ask(['space', ...args]);

/** `space watch` of a home: its lines as they come. */
function watch(home, ...args) {
  const watching = spawn(binary, ['space', 'watch', ...args], { env: home.environment });
  const seen = { out: '', err: '' };
  const waiting = [];
  const check = () =>
    waiting.filter(({ pattern }) => pattern.test(seen.out)).forEach(({ resolve }) => resolve());
  watching.stdout.on('data', (text) => {
    seen.out += text;
    check();
  });
  watching.stderr.on('data', (text) => (seen.err += text));
  return {
    seen,
    process: watching,
    exited: new Promise((resolve) => watching.on('close', resolve)),
    until: (pattern) =>
      new Promise((resolve) => {
        waiting.push({ pattern, resolve });
        check();
      }),
  };
}

test('a space is made, and its key is kept for nobody else', () => {
  const made = on(buyer, 'create', 'Licence renewal', '--server', server.url, '--ttl', '7d');
  space = made.spaceId;
  assert.equal(statSync(join(buyer.data, 'credentials.toml')).mode & 0o777, 0o600);
  assert.equal(on(buyer, 'list').spaces[0].keyType, 'owner');
  assert.equal(on(buyer, 'show', 'Licence renewal').you.participantId, made.ownerId);
});

test('another machine joins by a link that is no argument, and waits for approval', () => {
  const invited = on(buyer, 'invite', 'Licence renewal', '--uses', '2');
  const refused = seller.run(['space', 'join', '--name', 'seller', invited.agentLink]);
  assert.equal(refused.code, 1);
  assert.match(refused.err, /standard input/);
  const asked = seller.ask(['space', 'join', '--name', 'seller'], `${invited.humanLink}\n`);
  assert.equal(asked.status, 'pending');
  assert.equal(asked.joinToken, undefined);
  assert.equal(seller.run(['space', 'show', space]).code, 1);
  assert.equal(on(buyer, 'approve', 'Licence renewal', 'seller').status, 'active');
  assert.equal(on(seller, 'show', space).you.keyType, 'participant');
});

test('they talk, and one follows live until it is removed', async () => {
  const following = watch(seller, space, '--from-start');
  await following.until(/seller joined\./);
  on(buyer, 'send', space, 'Our opening offer is 38,000.');
  seller.ask(['space', 'send', space], 'We can do 41,000.\n');
  await following.until(/38,000[\s\S]*41,000/);
  const { messages } = on(buyer, 'read', space, '--tail', '1');
  assert.equal(messages[0].content, 'We can do 41,000.');
  const kicked = on(buyer, 'kick', space, 'seller', '--reason', 'leaked the draft');
  assert.equal(kicked.status, 'kicked');
  assert.equal(await following.exited, 3);
  assert.match(following.seen.err, /you were kicked\nhint: /);
  const late = seller.run(['space', 'send', space, 'hello?']);
  assert.equal(late.code, 3);
  assert.match(late.err, /revoked/);
});

test('a document is written on top of what was read, and never over what was not', () => {
  const link = on(buyer, 'invite', space, '--approval', 'off').agentLink;
  seller.ask(['space', 'join', '--name', 'second seller'], link);
  const own = on(seller, 'list').spaces.find((one) => one.as === 'second seller');
  const as = ['--as', own.participantId];
  const file = join(buyer.folder, 'agreement.md');
  writeFileSync(file, '# Agreement\n');
  on(buyer, 'artifact', 'create', space, 'agreement.md', '--file', file);
  const unseen = seller.run(['space', 'artifact', 'write', space, 'agreement.md', ...as], 'x');
  assert.equal(unseen.code, 1);
  assert.match(unseen.err, /read it first/);
  on(seller, 'artifact', 'show', space, 'agreement.md', ...as);
  const args = ['space', 'artifact', 'write', space, 'agreement.md', ...as];
  assert.equal(seller.ask(args, '# Agreement\n\n39,500\n').revision, 2);
  const stale = buyer.run(['space', 'artifact', 'write', space, 'agreement.md', '--file', file]);
  assert.equal(stale.code, 1);
  assert.match(stale.err, /changed since/);
  const lock = on(buyer, 'artifact', 'lock', space, 'agreement.md', '--lease', '1m');
  assert.equal(lock.fencingToken, 1);
  on(buyer, 'artifact', 'unlock', space, 'agreement.md', '--token', '1');
  assert.equal(on(buyer, 'artifact', 'history', space, 'agreement.md').revisions.length, 2);
});

test('keys are rotated, everything is exported, and the space is closed', () => {
  on(buyer, 'rotate', space);
  const exported = buyer.run(['space', 'export', space]);
  assert.equal(exported.code, 0);
  const lines = exported.out.trimEnd().split('\n').map((line) => JSON.parse(line));
  assert.equal(lines.at(-1).type, 'end');
  assert.equal(lines.at(-1).lines, lines.length - 1);
  assert.ok(lines.some((line) => line.type === 'message' && /38,000/.test(line.content)));
  assert.equal(on(buyer, 'close', space, '--yes').status, 'closed');
  assert.deepEqual(on(buyer, 'list').spaces, []);
});
