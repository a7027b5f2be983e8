// Twenty agents work in the spaces of one server, which is killed at random moments and started
// again on the same data. What they were told stays true (docs/protocol/spaces.md section 15).
// KRONBORG_ROUNDS chooses how many crashes, KRONBORG_SEED the choices of the agents.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import http from 'node:http';
import { mkdtempSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';

import { Home } from '../support/node/kronborg.mjs';
import * as agents from './crash_agents.mjs';
import { Trial, never, pause, sha256, shape } from './crash_support.mjs';
import { EventStream } from './lib/event_stream.mjs';
import { Host } from './lib/host.mjs';
import { randomKey } from './lib/space.mjs';

const { actions, alive, as, everybody, guests, keyOf, membersOf, openSpaces } = agents;
const seed = Number(process.env.KRONBORG_SEED ?? Math.floor(Math.random() * 2 ** 31));
const roundsOr = (usual) => Number(process.env.KRONBORG_ROUNDS ?? usual);
const script = fileURLToPath(new URL('../support/postgres.sh', import.meta.url));
const crowd = 20;
const readers = 8;
const patience = 20_000; // ms; a machine under load is slow, not wrong

/** A reader of an event stream who goes on where it was, whatever ended the connection. */
class Follower {
  last = undefined; // sequence number of the last message; undefined before the first snapshot
  isOver = false;

  constructor(trial, space, key, last) {
    Object.assign(this, { trial, space, key, last });
    this.#run();
  }

  async #run() {
    while (!this.isOver) {
      this.#enter('waiting for the server');
      await this.trial.up;
      await this.#connection().catch(() => undefined);
      await pause(2);
    }
  }

  stop() {
    this.isOver = true;
    this.stream?.close();
  }

  get state() {
    const { space, key, last, stream } = this;
    const life = key.isDead() ? 'dead' : 'live';
    const shown = stream?.names().slice(-5);
    const where = `${this.phase} since ${new Date(this.since).toISOString()}, ${shown}`;
    return `stream of ${space.path} with the ${life} key ${key.text} at ${last} (${where})`;
  }

  #enter(phase) {
    Object.assign(this, { phase, since: Date.now() });
  }

  async #connection() {
    const { trial, space, key, last } = this;
    this.#enter('connecting');
    const host = Object.assign(Object.create(Host.prototype), {
      port: trial.port,
      name: trial.name,
    });
    const fields = last === undefined ? {} : { 'Last-Event-ID': last };
    const wasDead = key.isDead();
    const options = { key: key.text, fields };
    this.stream = await EventStream.open(host, `${space.path}/messages/stream`, options);
    const { finding } = this.stream.answer;
    this.#enter(`answered ${finding}`);
    if (wasDead && !finding.startsWith('401')) this.#fail(`an ended key was answered ${finding}`);
    if (!this.stream.isOpen) return this.#ended(finding);
    trial.note('streams');
    const patience = trial.dice.between(3, 120); // messages, then it connects anew
    for (let i = 0; i < patience && !this.isOver;) {
      const event = await this.stream.next(() => true, 'event', 60_000);
      if (event.event === 'key_revoked') this.#ended(`401 ${event.json.code}`);
      if (event.json?.action === 'snapshot') this.last ??= event.json.lastSeq;
      if (event.event === 'message') this.#message(Number(event.id), event.json);
      if (event.event === 'message') i += 1;
    }
    return this.stream.close();
  }

  #fail(what) {
    this.trial.fail(`${this.state}: ${what}`, ...this.key.history);
    this.isOver = true;
  }

  #ended(finding) {
    const { key } = this;
    if (!finding.startsWith('401')) this.#fail(`answered ${finding}`);
    else if (!key.isDead() && !key.isUnsure()) this.#fail('a live key was said to be dead');
    this.isOver = true;
  }

  #message(seq, message) {
    if (seq !== this.last + 1 || message.seq !== seq)
      this.#fail(`message ${seq} (${message.seq}) followed ${this.last}`);
    this.last = seq;
    this.trial.saw(this.space, seq, shape(message), 'on a stream');
    this.trial.note('streamed messages');
  }
}

/** How often each action is chosen. */
const deck = Object.entries({
  ...{ create: 1, close: 1, settings: 4, look: 3, invite: 4, endInvitation: 2, join: 8, poll: 10 },
  ...{ approve: 4, kick: 2, leave: 1, rotate: 4, endKey: 1, send: 24 },
  ...{ read: 4, document: 2, write: 8, fencedWrite: 8, lock: 9, renew: 4, unlock: 6, ghost: 4 },
  ...{ again: 5 },
}).flatMap(([name, weight]) => Array(weight).fill(name));

async function work(trial) {
  const agent = new http.Agent({ keepAlive: true });
  while (!trial.isDown && trial.failures.length === 0) {
    const action = actions[trial.dice.of(deck)];
    await (action(trial, trial.dice.of(openSpaces(trial)), agent) ?? pause(1));
  }
  agent.destroy();
}

/** Starts again; what had ended is refused before all else, and what had no answer is repeated. */
async function recover(trial) {
  for (;;) {
    await trial.start();
    const ended = trial.spaces.flatMap((space) => keysOf(space).filter((key) => key.isDead()));
    const older = Array.from({ length: 40 }, () => trial.dice.of(trial.dead)).filter(Boolean);
    await Promise.all([...ended, ...older].map((key) => agents.probe(trial, key)));
    const repeats = trial.unfinished.splice(0).map((call) => trial.perform(call));
    const isLast = trial.dice.chance(0.7);
    if (!isLast) {
      await pause(trial.dice.between(0, 12));
      await trial.crash();
    }
    await Promise.all(repeats);
    if (isLast) return;
  }
}

const keysOf = (space) => [
  ...[...space.members.values()].flatMap(({ keys }) => keys),
  ...space.invitations.values(),
];

/** The rows of all pages of a list. */
async function pages(trial, key, path, name, visit = undefined) {
  const rows = [];
  for (let cursor = ''; ;) {
    const call = as(key, 'GET', `${path}${path.includes('?') ? '&' : '?'}limit=200${cursor}`);
    const { json, status } = await trial.perform(call);
    if (status !== 200) throw new Error(trial.failures.join('\n') || `${path}: ${status}`);
    visit?.(json, rows.length, call);
    rows.push(...json[name]);
    if (!json.hasMore) return rows;
    cursor = `&cursor=${json.cursor}`;
  }
}

/** While nobody works: everything acknowledged is there, and what was unknown is known now. */
async function settle(trial) {
  await Promise.all(trial.spaces.map((space) => settleSpace(trial, space)));
  trial.spaces = openSpaces(trial);
  trial.kept = trial.kept.slice(-400);
  trial.dead = trial.dead.slice(-4000);
}

/** A key that does not end by itself. */
const steadyKeyOf = (trial, space, types) => {
  const keys = membersOf(space, types).flatMap((member) => alive(member.keys));
  return trial.dice.of(keys.filter(({ until, isDoomed }) => until === never && !isDoomed));
};

async function settleSpace(trial, space) {
  await settleKeys(trial, space);
  const key = steadyKeyOf(trial, space, everybody);
  if (key) {
    await checkMessages(trial, space, key);
    await checkArtifacts(trial, space, key);
    const note = ({ json }, since) => trial.checkSpace(space, json, since, call);
    const call = as(key, 'GET', '', { note });
    const { json } = await trial.perform(call);
    for (const name of ['description', 'agenda']) space[name].settle(json[name], trial.tick);
  }
  if (!space.isDead() && !keyOf(trial, space, ['owner']))
    trial.fail(`the owner of ${space.path} is locked out`, ...space.owner.history);
  const owner = steadyKeyOf(trial, space, ['owner']);
  if (!owner) return;
  await checkMembers(trial, space, owner);
  await checkInvitations(trial, space, owner);
}

/** Every key lives, unless its end was asked for; then it is seen now whether it ended. */
async function settleKeys(trial, space) {
  for (const key of keysOf(space).filter((life) => !life.isDead())) {
    const note = ({ json }) => {
      const isSame = [json.keyId, json.invitationId].includes(key.id);
      if (!isSame || json.spaceId !== space.id) trial.fail('another key', call);
      for (let life = key; life; life = life.parent) life.unsure = 0;
    };
    const call = { ...as(key, 'GET', '', { note }), path: '/oresundspace/whoami' };
    await trial.perform(call);
  }
  trial.dead.push(...keysOf(space).filter((key) => key.isDead()));
  for (const member of space.members.values()) {
    member.keys = alive(member.keys);
    member.rotations = [];
  }
}

async function checkMessages(trial, space, key) {
  const already = new Set();
  const visit = (json, before, call) => trial.checkPage(space, json, before, call);
  const messages = await pages(trial, key, '/messages', 'messages', visit);
  messages.forEach(({ type, content, timestamp, seq }, i) => {
    if (type !== 'system') trial.found(content.split(' ')[0], already, `message ${seq}`);
    if (i > 0 && timestamp <= messages[i - 1].timestamp) trial.fail(`${seq} is not later`);
  });
  for (const [seq, { shown, where, call }] of space.seen)
    if (seq > messages.length) trial.fail(`message ${seq} is lost: ${shown} ${where}`, call);
}

/** The statuses that a member may be shown with. */
function statusesOf({ isImmediate, type, approval, leaving, ended, unsure }) {
  if (ended < never) return [...leaving];
  const isActive = isImmediate || type === 'owner' || approval.acknowledged < never;
  const here = isActive ? ['active'] : approval.begun ? ['pending', 'active'] : ['pending'];
  return unsure > 0 ? [...here, ...leaving] : here;
}

async function checkMembers(trial, space, owner) {
  const shown = new Map();
  const already = new Set();
  for (const status of ['active', 'pending', 'left', 'kicked', 'denied', 'expired']) {
    const rows = await pages(trial, owner, `/participants?status=${status}`, 'participants');
    for (const { participantId, name } of rows) {
      shown.set(participantId, { status, name });
      if (participantId !== space.owner.id) trial.found(name, already, `member ${participantId}`);
    }
  }
  for (const member of space.members.values()) {
    const { status, name } = shown.get(member.id) ?? {};
    if (!statusesOf(member).includes(status) || (member.name && member.name !== name))
      trial.fail(`${member.name} (${statusesOf(member)}) is shown as ${name} (${status})`);
    member.unsure = 0;
    if (status === 'active')
      member.approval.acknowledged = Math.min(trial.tick, member.approval.acknowledged);
    else if (status === 'pending') member.approval.begun = 0;
    else member.end(trial.tick);
    if (member.collected && !member.delivered && member.lostPolls === 0)
      trial.fail(`the key of ${member.name} was given to nobody`, member.collected);
  }
}

async function checkInvitations(trial, space, owner) {
  const rows = await pages(trial, owner, '/invitations', 'invitations');
  const successors = new Set(rows.map(({ successorId }) => successorId));
  const already = new Set();
  for (const { invitationId, label } of rows)
    if (!successors.has(invitationId)) trial.found(label, already, `invitation ${invitationId}`);
  for (const invitation of space.invitations.values()) {
    const { id, uses, joined, begun, label } = invitation;
    const row = rows.find(({ invitationId }) => invitationId === id) ?? {};
    const isLive = row.state === 'live';
    if (isLive === invitation.isDead() || row.label !== label)
      trial.fail(`invitation ${id} (${label}): ${JSON.stringify(row)}`);
    if (row.uses < uses + joined || row.uses > uses + begun || row.uses > row.maxUses)
      trial.fail(`${uses} + ${joined}..${begun} uses: ${JSON.stringify(row)}`);
    Object.assign(invitation, { uses: row.uses, joined: 0, begun: 0 });
  }
}

async function checkArtifacts(trial, space, key) {
  const rows = await pages(trial, key, '/artifacts', 'artifacts');
  const already = new Set();
  for (const { name, artifactId } of rows) trial.found(name, already, `artifact ${artifactId}`);
  for (const artifact of space.artifacts.values()) {
    const row = rows.find(({ artifactId }) => artifactId === artifact.id);
    if (row?.name !== artifact.name || row.revision < artifact.revision) {
      trial.fail(`${artifact.name} (${artifact.revision}) is ${JSON.stringify(row)}`);
      continue;
    }
    checkLock(trial, artifact, row.lock);
    await checkRevisions(trial, key, artifact, row);
  }
}

/** A lock that nobody released is held until its end, as it was told to the holder. */
function checkLock(trial, artifact, shown) {
  const newest = artifact.locks.get(artifact.token);
  const isHeld = newest && Date.now() < newest.expiry && artifact.isKept(newest, trial.tick);
  const until = Date.parse(shown?.lockExpiresAt);
  const isSame = until === newest?.expiry || (newest?.renewing > 0 && until > newest.expiry);
  if (isHeld && !(shown?.lockedBy === newest.holder.id && isSame))
    trial.fail(`${new Date(newest.expiry).toISOString()}: ${JSON.stringify(shown)}`, newest.call);
  if (isHeld) trial.note('locks that went through a crash');
  const tokens = [...artifact.locks.keys()].sort((a, b) => b - a);
  for (const token of tokens.slice(20)) artifact.locks.delete(token);
}

async function checkRevisions(trial, key, artifact, { revision, sha256: current }) {
  const path = `/artifacts/${artifact.id}/revisions`;
  const rows = await pages(trial, key, path, 'revisions');
  const numbers = rows.map((row) => row.revision).sort((a, b) => a - b);
  if (numbers.some((number, i) => number !== i + 1) || numbers.length !== revision)
    trial.fail(`${artifact.name}: revisions ${numbers}, now ${revision}`);
  const already = new Set();
  for (const { revision: number, sha256: hash } of rows) {
    const told = artifact.revisions.get(number) ?? hash;
    if (told !== hash) trial.fail(`${artifact.name}: revision ${number} was ${told}, is ${hash}`);
    trial.found(artifact.contents.get(hash), already, `${artifact.name}, revision ${number}`);
    artifact.revisions.set(number, hash);
    if (artifact.verified.has(number) && !trial.dice.chance(0.05)) continue;
    const { json } = await trial.perform(as(key, 'GET', `${path}/${number}`));
    if (sha256(json.content) !== hash) trial.fail(`${artifact.name}: ${JSON.stringify(json)}`);
    artifact.verified.add(number);
  }
  Object.assign(artifact, { revision, etag: `"${revision}-${current.slice(0, 16)}"` });
}

/** Every reader has what there is; those whose key ended make room for others. */
async function checkReaders(trial, followers) {
  for (const follower of followers) {
    const { space } = follower;
    const deadline = Date.now() + patience;
    const isThere = () =>
      follower.isOver || (follower.last === space.seen.size && !follower.key.isDead());
    while (!isThere() && Date.now() < deadline) await pause(5);
    if (!isThere()) trial.fail(`${follower.state} of ${space.seen.size}`, ...follower.key.history);
  }
  const running = followers.filter(({ isOver }) => !isOver);
  while (running.length < readers) {
    const space = trial.dice.of(openSpaces(trial));
    const key = keyOf(trial, space, everybody);
    running.push(new Follower(trial, space, key, trial.dice.chance(0.5) ? 0 : undefined));
  }
  return running;
}

/** At the end everybody who waits is admitted, gets one key, and every lock is given once more. */
async function conclude(trial, space) {
  const owner = steadyKeyOf(trial, space, ['owner']);
  if (!owner) return;
  for (const member of membersOf(space, guests)) {
    if (!member.isImmediate) await agents.approve(trial, member, owner);
    if (!member.joinToken) continue;
    for (const idem of [randomUUID(), randomUUID()])
      await agents.poll(trial, member, undefined, idem);
    if (!member.delivered && member.lostPolls === 0)
      trial.fail(`${member.name} got no key`, member.collected);
  }
  const events = await pages(trial, owner, '/audit', 'events');
  events.forEach(({ seq }, i) => {
    if (i > 0 && seq <= events[i - 1].seq) trial.fail(`audit ${seq} after ${events[i - 1].seq}`);
  });
  for (const artifact of space.artifacts.values()) {
    const force = as(owner, 'POST', `/artifacts/${artifact.id}/unlock`, { body: { force: true } });
    await trial.perform(force);
    const lock = as(owner, 'POST', `/artifacts/${artifact.id}/lock`);
    const { fencingToken } = (await trial.perform(lock)).json;
    const taken = events.filter(
      ({ event, subject }) => event === 'lock.taken' && subject === artifact.id,
    );
    if (fencingToken !== taken.length + 1 || fencingToken <= artifact.token)
      trial.fail(`${taken.length} locks were taken, ${artifact.token} was told`, lock);
  }
}

const sound = (trial) =>
  assert.equal(trial.failures.length, 0, trial.failures.slice(0, 3).join('\n\n'));

async function crashes(t, home, rounds, store = undefined) {
  t.diagnostic(`seed ${seed}`);
  const trial = new Trial(home, seed, store);
  let followers = [];
  await trial.start();
  try {
    while (trial.spaces.length < agents.places) await actions.create(trial);
    for (let round = 0; round < rounds; round += 1) {
      followers = await checkReaders(trial, followers);
      const working = Array.from({ length: crowd }, () => work(trial));
      await pause(trial.dice.between(50, 1000));
      await trial.crash();
      await Promise.all(working);
      sound(trial);
      await recover(trial);
      await settle(trial);
      sound(trial);
    }
    followers = await checkReaders(trial, followers);
    for (const space of trial.spaces) await conclude(trial, space);
    await Promise.all(trial.dead.map((key) => agents.probe(trial, key)));
    for (const kept of trial.kept) await trial.repeat(kept);
    sound(trial);
  } catch (error) {
    sound(trial); // what the agents noticed comes before what followed from it
    throw error;
  } finally {
    for (const [what, count] of Object.entries(trial.counts)) t.diagnostic(`${count} ${what}`);
    for (const follower of followers) follower.stop();
    trial.agent?.destroy();
    await trial.server.kill('SIGKILL');
  }
}

test(`crashes on a file, seed ${seed}`, async (t) => {
  const home = new Home();
  t.after(() => home.remove());
  await crashes(t, home, roundsOr(8));
  assert.equal(home.run(['store', 'check']).code, 0);
});

test(`crashes on PostgreSQL, seed ${seed}`, async (t) => {
  const folder = mkdtempSync('/tmp/kronborg-pg-');
  const started = spawnSync(script, ['start', folder, String(process.pid)], { encoding: 'utf8' });
  const home = new Home();
  t.after(() => {
    home.remove();
    if (started.status === 0) spawnSync(script, ['stop', folder]);
    rmSync(folder, { recursive: true, force: true });
  });
  if (started.status === 2) return t.skip(started.stderr);
  assert.equal(started.status, 0, started.stderr);
  return crashes(t, home, roundsOr(4), started.stdout.trim());
});

test('a join that took the last use of its invitation is repeated after a crash', async (t) => {
  const home = new Home();
  const trial = new Trial(home, seed);
  await trial.start();
  t.after(async () => {
    await trial.server.kill('SIGKILL');
    home.remove();
  });
  await actions.create(trial);
  const [space] = trial.spaces;
  for (const requiresApproval of [false, true]) {
    const body = { maxUses: 1, requiresApproval };
    const invite = as(keyOf(trial, space, ['owner']), 'POST', '/invite', { body });
    const { publicInvitationKey: key } = (await trial.perform(invite)).json;
    const fields = { 'X-Join-Token': randomKey() };
    const join = { method: 'POST', path: `${space.path}/join`, key, fields, idem: randomKey() };
    const first = await trial.perform({ ...join, body: { name: 'the last' } });
    await trial.crash();
    await trial.start();
    const again = await trial.perform({ ...join, body: { name: 'the last' }, isShared: true });
    assert.deepEqual([again.text, again.replayed], [first.text, true]);
  }
});
