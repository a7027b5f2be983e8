// What clients of a server that crashes may rely on: the requests they made, what was answered,
// and what follows from that (docs/protocol/spaces.md section 15, http.md sections 4 and 11).
import http from 'node:http';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';

import { Server } from '../support/node/kronborg.mjs';
import { roomy } from './lib/host.mjs';

export const never = Infinity;
export const sha256 = (text) => createHash('sha256').update(text).digest('hex');
export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const patience = 30_000; // ms; a machine under load is slow, not wrong

/** Draws that follow from the seed (mulberry32). */
export class Dice {
  constructor(seed) {
    this.state = seed;
  }

  real() {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  }

  chance(share) {
    return this.real() < share;
  }

  between(low, high) {
    return low + Math.floor(this.real() * (high - low + 1));
  }

  of(list) {
    return list[Math.floor(this.real() * list.length)];
  }
}

/** What can end, and then never lives again: a space, a member of it, a key of the member. */
export class Life {
  ended = never; // when the end was acknowledged, on the clock of the trial
  until = never; // ms; ends by itself then
  unsure = 0; // ends that were asked for and neither acknowledged nor refused
  isDoomed = false; // may end by itself at a time that was not told
  frees = []; // { begin, end }: when requests ran that may release its locks
  calls = []; // that may have ended it

  constructor(parent, facts) {
    this.parent = parent;
    Object.assign(this, facts);
  }

  get space() {
    return this.path ? this : this.parent?.space;
  }

  get history() {
    return [...(this.parent?.history ?? []), ...this.calls];
  }

  get endedAt() {
    return Math.min(this.ended, this.parent?.endedAt ?? never);
  }

  isDead(at = Date.now()) {
    return this.endedAt < never || this.until < at || (this.parent?.isDead(at) ?? false);
  }

  isUnsure() {
    const isUnsure = this.unsure > 0 || this.isDoomed || this.until < Date.now();
    return isUnsure || (this.parent?.isUnsure() ?? false);
  }

  end(tick) {
    this.ended = Math.min(this.ended, tick);
  }
}

export class Space extends Life {
  members = new Map();
  invitations = new Map();
  artifacts = new Map();
  seen = new Map(); // seq: what a sender was told, a reader was streamed, or a list showed
  top = 0; // highest seq that was acknowledged to a sender
  description = new Register();
  agenda = new Register();
}

export class Member extends Life {
  keys = [];
  rotations = [];
  fates = new Map(); // keyId: when it ends (ms), 0 for at once
  approval = { begun: 0, acknowledged: never };
  leaving = new Set(); // statuses that were asked for: kicked, left
  delivered = undefined; // the first poll or join that gave a key
  lostPolls = 0; // polls that may have been given the key without an answer

  /** Adds a key that `since` (an attempt) asked for; rotations at that time may have ended it. */
  add(text, id, since, tick) {
    const key = new Life(this, { text, id, added: tick });
    const fate = this.fates.get(id);
    if (fate === 0) key.end(tick);
    else if (fate !== undefined) key.until = fate;
    const rivals = this.rotations.filter(({ end, made }) => made !== id && end > since.begin);
    if (rivals.length > 0) key.unsure = 1;
    key.isDoomed = rivals.some(({ isLost }) => isLost);
    this.keys.push(key);
    return key;
  }
}

export class Invitation extends Life {
  begun = 0; // joins that were asked for and not refused
  joined = 0;

  isUnsure() {
    return this.uses + this.begun >= this.maxUses || super.isUnsure();
  }
}

/** A value that is set by many: the last one set is seen. */
export class Register {
  #writes = [];

  begin(value, tick) {
    const write = { value, begin: tick, end: never, state: 'unknown' };
    this.#writes.push(write);
    return write;
  }

  /** Whether a reader may see `value` when it asked at `tick`. */
  may(value, tick) {
    const shown = this.#writes.find((write) => write.value === value);
    const isOld = ({ begin, end, state }) =>
      state === 'acknowledged' && begin > shown.end && end < tick;
    return shown !== undefined && shown.state !== 'refused' && !this.#writes.some(isOld);
  }

  /** While nothing was being written, `value` was seen. */
  settle(value, tick) {
    this.#writes = [{ value, begin: 0, end: tick, state: 'acknowledged' }];
  }
}

const freed = (frees, from, to) => frees.some(({ begin, end }) => begin < to && end > from);

/** A document with its locks. */
export class Artifact {
  locks = new Map(); // token: lock
  token = 0; // newest one that was acknowledged
  frees = [];
  revision = 0; // highest one that was acknowledged
  revisions = new Map(); // number: the hash that was acknowledged
  verified = new Set(); // revisions whose content was compared
  contents = new Map(); // hash: content, of all that was ever sent

  constructor(facts) {
    Object.assign(this, facts);
  }

  /** Whether nobody can have released the lock from its grant until `tick`. */
  isKept(lock, tick) {
    const lives = [this, lock, lock.holder, lock.holder.parent];
    return !lives.some(({ frees }) => freed(frees, lock.begin, tick));
  }

  /** The newest acknowledged lock, when it certainly was held from before `since` until now. */
  heldSince(since, tick, now) {
    const lock = this.locks.get(this.token);
    const isHeld = lock && lock.answered < since.begin && now < lock.expiry;
    return isHeld && this.isKept(lock, tick) ? lock : undefined;
  }

  /** The next lock in the order of tokens, when it was given while `lock` was held. */
  usurper(lock) {
    const [next] = [...this.locks.values()]
      .filter(({ token }) => token > lock.token)
      .sort((a, b) => a.token - b.token);
    const isEarly = next && next.answeredAt < lock.expiry && this.isKept(lock, next.answered);
    return isEarly ? next : undefined;
  }

  /** Every pair that the lock of `token` makes with its neighbours. */
  usurped(token) {
    const before = [...this.locks.values()].filter((lock) => lock.token < token);
    const last = before.sort((a, b) => b.token - a.token)[0];
    return [last, this.locks.get(token)].filter((lock) => lock && this.usurper(lock));
  }
}

/** Configuration: no rate limit is met; the store is the one at `store`, or a file. */
function configuration(store) {
  const settings = { ...roomy, ...(store ? { 'store.url': store } : {}) };
  return Object.entries(settings)
    .map(([name, value]) => `${name} = ${JSON.stringify(value)}\n`)
    .join('');
}

const childrenOf = (pid) =>
  spawnSync('ps', ['--ppid', String(pid), '-o', 'pid='], { encoding: 'utf8' })
    .stdout.split(/\s+/)
    .filter(Boolean)
    .map(Number);

function killed(pid) {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}

const touched = ({ ends = [], shakes = [] }) => [...ends, ...shakes];

/** One server, its crashes, everything that was asked of it, and what of that was wrong. */
export class Trial {
  tick = 0; // counts beginnings and ends of requests
  failures = [];
  unfinished = []; // requests without an answer that will be made again
  kept = []; // { call, text }: answers that must stay the same for 24 hours
  spaces = [];
  dead = []; // keys that ended, for ever
  marks = new Map(); // text: { kind, state }: what was sent once, to be found at most once
  counts = {};
  #count = 0;

  constructor(home, seed, store = undefined) {
    this.home = home;
    this.seed = seed;
    this.dice = new Dice(seed);
    home.configure(configuration(store));
    this.#fall();
  }

  #fall() {
    this.isDown = true;
    this.up = new Promise((resolve) => {
      this.rise = resolve;
    });
  }

  async start() {
    this.server = await Server.start(this.home, [], this.port);
    this.port = this.server.port;
    this.name = `127.0.0.1:${this.port}`;
    this.children = childrenOf(this.server.process.pid);
    this.agent = new http.Agent({ keepAlive: true, maxSockets: 64 });
    this.isDown = false;
    this.rise();
  }

  /** Nothing of the program runs on: in the middle of anything, mostly while it works. */
  async crash() {
    const turns = this.dice.of([0, 1, 2, 3]); // in which answers are read and agents go on
    for (let turn = 0; turn < turns; turn += 1) await new Promise(setImmediate);
    const moment = performance.now() + this.dice.real() * 4;
    while (performance.now() < moment); // no answer is read meanwhile
    this.#fall();
    killed(this.server.process.pid);
    for (const child of this.children) killed(child);
    await this.server.exited;
    this.agent.destroy();
    this.note('crashes');
  }

  note(what, count = 1) {
    this.counts[what] = (this.counts[what] ?? 0) + count;
  }

  fail(what, ...calls) {
    this.failures.push([what, ...calls.filter(Boolean).map(evidence)].join('\n'));
  }

  fresh(kind) {
    this.#count += 1;
    return `${kind}-${this.seed}-${this.#count}`;
  }

  /** A text that one request sends, and that shows whether the request had an effect. */
  mark(kind) {
    const mark = { text: this.fresh(kind), state: 'begun' };
    this.marks.set(mark.text, mark);
    return mark;
  }

  /** Text that only a request with an effect can have left behind, and only once. */
  found(text, already, where) {
    const mark = this.marks.get(text);
    if (mark === undefined) this.fail(`${where}: nobody sent ${text}`);
    else if (mark.state === 'refused') this.fail(`${where}: ${text} was refused`, mark.call);
    if (already.has(text)) this.fail(`${where}: ${text} is there twice`, mark?.call);
    already.add(text);
  }

  /** A message has one place and one content, for everybody, for ever. */
  saw(space, seq, message, where, call = undefined) {
    const known = space.seen.get(seq);
    const shown = JSON.stringify(message);
    if (known === undefined) space.seen.set(seq, { shown, where, call });
    else if (known.shown !== shown)
      this.fail(
        `message ${seq}: ${known.shown} ${known.where}, ${shown} ${where}`,
        known.call,
        call,
      );
  }

  /** Messages as a list shows them: nothing is missing between them, each is as it was seen. */
  checkPage(space, { messages }, before, call) {
    messages.forEach((message, i) => {
      if (message.seq !== before + i + 1) this.fail(`${message.seq} after ${before + i}`, call);
      this.saw(space, message.seq, shape(message), 'in a list', call);
    });
  }

  checkSpace(space, json, since, call) {
    if (json.lastSeq < since.seqs) this.fail(`a space without message ${since.seqs}`, call);
    if (json.name !== space.name) this.fail(`it was ${space.name}`, call);
    for (const name of ['description', 'agenda'])
      if (!space[name].may(json[name], since.begin)) this.fail(`an older ${name}`, call);
  }

  /**
   * Makes a request and judges the answer. `call`: method, path, key (text), life (what must live
   * for it), body, type, fields, idem (Idempotency-Key), ends (lives that it ends), shakes (lives
   * that it may end), isLast(json) and isRepeatable(): a repeat may, and must, be answered though
   * it ended its key, frees (whose locks it may release), may (refusals that are right), mark,
   * note(answer, since): records a success; lose(): the outcome will never be known. Gives the
   * answer, or undefined when the server crashed before it.
   */
  async perform(call, agent = undefined) {
    const attempt = this.#begin(call);
    const sent = await this.#exchange(call, agent).catch((error) => ({ error }));
    if (sent.error) return this.#broken(call, attempt, sent.error);
    this.#judge(call, attempt, sent);
    return sent;
  }

  /** The very same request once more: it has no effect, and gives the answer that was kept. */
  repeat(kept, agent) {
    const { method, path, key, life, body, type, fields, idem, isLast } = kept.call;
    const asked = { method, path, key, life, body, type, fields, idem, isLast };
    const note = ({ json, text, replayed }) => {
      const { secretsWithheld, hint, ...rest } = json;
      const isKept = ([name, value]) => JSON.stringify(value) === JSON.stringify(kept.json[name]);
      const isSame = secretsWithheld ? Object.entries(rest).every(isKept) : text === kept.text;
      if (!isSame || !replayed) this.fail('a repeat was answered anew', kept.call, call);
    };
    const call = { ...asked, isShared: true, may: ['409 idempotency_in_flight'], note };
    return this.perform(call, agent);
  }

  #begin(call) {
    this.tick += 1;
    const at = Date.now();
    const isDead = call.life?.isDead(at) ?? false;
    const seqs = call.space?.top ?? 0;
    const { token = 0, revision = 0 } = call.artifact ?? {};
    const attempt = { begin: this.tick, end: never, at, isDead, seqs, token, revision };
    call.attempts ??= [];
    call.attempts.push(attempt);
    if (call.mark) call.mark.call = call;
    for (const life of call.attempts.length === 1 ? touched(call) : []) {
      life.unsure += 1;
      life.calls.push(call);
    }
    for (const { frees } of call.frees ?? []) frees.push(attempt);
    return attempt;
  }

  #exchange({ method, path, key, body, type, fields, idem }, agent = this.agent) {
    const headers = { ...fields };
    if (key) headers['X-Private-Key'] = key;
    if (idem) headers['Idempotency-Key'] = idem;
    const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
    if (text !== undefined) headers['Content-Type'] = type ?? 'application/json';
    if (method !== 'GET') headers['Content-Length'] = Buffer.byteLength(text ?? '');
    const options = { host: '127.0.0.1', port: this.port, method, path, headers, agent };
    return new Promise((resolve, reject) => {
      const request = http.request(options, (answer) => {
        let all = '';
        answer.setEncoding('utf8');
        answer.on('data', (part) => (all += part));
        answer.on('end', () => (answer.complete ? resolve(answered(answer, all)) : undefined));
        answer.on('close', () => reject(new Error('cut off')));
        answer.on('error', reject);
      });
      request.setTimeout(patience, () => request.destroy(new Error(`silent for ${patience} ms`)));
      request.on('error', reject);
      request.end(text);
    });
  }

  #broken(call, attempt, error) {
    this.tick += 1;
    attempt.end = this.tick;
    attempt.outcome = `no answer: ${error.message}, ${Date.now() - attempt.at} ms`;
    const { exitCode, signalCode } = this.server.process;
    const end = exitCode ?? signalCode ?? 'it runs';
    if (!this.isDown)
      this.fail(
        `no answer though nothing was killed (${end}) ${this.server.log.slice(-400)}`,
        call,
      );
    const isUnsent = error.code === 'ECONNREFUSED';
    if (isUnsent) call.attempts.pop();
    else this.note('unknown outcomes');
    if (isUnsent || call.idem) this.unfinished.push(call);
    else this.#lose(call);
  }

  #lose(call) {
    if (call.mark) call.mark.state = 'lost';
    call.lose?.();
  }

  #judge(call, attempt, answer) {
    this.tick += 1;
    attempt.end = this.tick;
    attempt.outcome = `${answer.status} ${answer.replayed ? '(replayed) ' : ''}${answer.text}`;
    if (call.attempts.length > 1)
      this.note(`repeats ${answer.replayed ? 'of an effect' : 'of what had none'}`);
    answer.tick = this.tick;
    answer.at = Date.now();
    const first = call.attempts[0];
    const { status } = answer;
    const isDone = status === 200 || status === 202;
    this.note(isDone ? (answer.replayed ? 'replays' : 'successes') : `refusals ${answer.finding}`);
    if (attempt.isDead && status !== 401 && !(answer.replayed && call.isLast?.(answer.json)))
      this.fail('an ended key was not refused', call);
    if (status === 401 && !attempt.isDead && !call.life?.isDead() && !call.life?.isUnsure())
      this.fail('a live key was refused', call, ...(call.life?.history ?? []));
    if (status === 401 && answer.json.code === 'key_unknown') this.fail('a key is unknown', call);
    if (answer.replayed && call.attempts.length === 1 && !call.isShared)
      this.fail('a first request was answered as a repeat', call);
    const may = typeof call.may === 'function' ? call.may() : (call.may ?? []);
    if (!isDone && status !== 401 && !may.includes(answer.finding))
      this.fail('an answer that nothing explains', call);
    const isAlone = call.idem && call.life?.history.every((other) => other === call);
    if (status === 401 && call.attempts.length > 1 && call.isRepeatable?.() && isAlone)
      this.fail('what ended its own key was not repeated', call);
    const isClosed = status === 401 && answer.json.code === 'space_closed';
    if (status === 401) (isClosed ? call.life?.space : call.life)?.end(this.tick);
    // A repeat with a key that died meanwhile tells nothing about the first attempt.
    if (status === 401 && call.attempts.length > 1) this.#lose(call);
    else if (isDone) this.#done(call, answer, answer.replayed ? first : attempt);
    else this.#refused(call);
  }

  #done(call, answer, since) {
    for (const life of call.ends ?? []) life.end(this.tick);
    for (const life of call.shakes ?? []) life.unsure -= 1;
    if (call.mark) call.mark.state = 'acknowledged';
    call.note?.(answer, since);
    const isKept = call.idem && !call.isShared && (call.keeps?.(answer.json) ?? true);
    if (isKept && this.dice.chance(0.2))
      this.kept.push({ call, text: answer.text, json: answer.json });
  }

  #refused(call) {
    for (const life of touched(call)) life.unsure -= 1;
    if (call.mark) call.mark.state = 'refused';
    call.refuse?.();
  }
}

function answered(answer, text) {
  const json = text ? JSON.parse(text) : undefined;
  const { statusCode: status, headers } = answer;
  const finding = json?.code ? `${status} ${json.code}` : String(status);
  const replayed = headers['idempotency-replayed'] === 'true';
  return { status, text, json, finding, replayed, etag: headers.etag };
}

/** A request with all its answers, as a person can make it again. */
function evidence({ method, path, key, fields, idem, body, attempts }) {
  const cut = (text) => (text.length > 600 ? `${text.slice(0, 600)}...` : text);
  const head = { ...(key ? { 'X-Private-Key': key } : {}), ...fields };
  if (idem) head['Idempotency-Key'] = idem;
  const lines = attempts.map(
    ({ begin, end, at, outcome }) =>
      `    ${begin}..${end} from ${new Date(at).toISOString()}: ${cut(outcome ?? 'running')}`,
  );
  const sent = `  ${method} ${path} ${JSON.stringify(head)} ${cut(JSON.stringify(body) ?? '')}`;
  return [sent, ...lines].join('\n');
}

/** What of a message is known to its sender, too. */
export const shape = ({ id, type, content, timestamp, sender }) => ({
  id,
  type,
  content: type === 'system' || content.length < 200 ? content : sha256(content),
  timestamp,
  sender: sender.participantId,
});
