// Makes the exchanges of a walk with a running server and compares every answer as a whole.
import { createHash } from 'node:crypto';

import { signedMessage, Wallet } from './lib/ethereum.mjs';
import { EventStream } from './lib/event_stream.mjs';
import { Buckets } from './lib/rate_fields.mjs';
import { Bindings, Comparison, Moment, tokens } from './lib/unify.mjs';
import { fieldOf, isJson, isStream } from './lib/walk_file.mjs';

const sha256 = (text) => createHash('sha256').update(text).digest('hex');

/** The key of the seller, as testdata/walks was made with it. */
const seller = new Wallet(`0x${sha256('kronborg-example:seller-address-key')}`);

const ownCheck = new Set(['content-length', 'date', 'retry-after']);
const rateField = /^RateLimit/i;
const moreIsFine = new Set(['vary', 'connection', 'keep-alive', 'server']);

/** What a message that is signed in the walk can be. */
function messagesIn(steps) {
  const found = [];
  const look = (value) => {
    if (value === null || typeof value !== 'object') return;
    if (typeof value.message === 'string') found.push(value.message);
    Object.values(value).forEach(look);
  };
  for (const { answer } of steps) if (isJson(answer)) look(JSON.parse(answer.body));
  return found;
}

/** Texts that can be computed from what is sent: hashes of contents. */
function fixedIn(steps) {
  const contents = steps.filter(({ request }) => isJson(request));
  return contents
    .map(({ request }) => JSON.parse(request.body).content)
    .filter((content) => typeof content === 'string')
    .map(sha256);
}

/** The events of a printed stream, without comments. */
function eventsOf(body) {
  const blocks = body.split('\n\n').filter((block) => block && !block.startsWith(':'));
  return blocks.map((block) =>
    block
      .split('\n')
      .filter(Boolean)
      .map((line) => line.match(/^([a-z]+): (.*)$/).slice(1)),
  );
}

/** The caller of a request as the rate limits know it. */
function callerOf(request, path) {
  if (path.includes('/join/')) return path;
  const bearer = fieldOf(request, 'Authorization')?.replace('Bearer ', '');
  return fieldOf(request, 'X-Private-Key') ?? bearer ?? '';
}

export class Walk {
  #bindings = new Bindings();
  #buckets = new Buckets();
  #texts = new Map(); // messages of the example: those of the server
  #streams = [];

  /** `partial`: { step: [members compared] }; `due`: { step of a stream: step after which it is judged }. */
  constructor(host, steps, { partial = {}, due = {} } = {}) {
    Object.assign(this, { host, steps, partial, due });
    this.messages = messagesIn(steps);
    for (const hash of fixedIn(steps)) this.#bindings.fix(hash);
  }

  /** Makes one exchange; { differences, answer }. */
  async step(step) {
    this.#sign(step.request.body);
    const sent = Date.now();
    const connection = await this.host.connect();
    connection.write(this.#bytes(step));
    if (isStream(step.answer)) return this.#open(step, connection, sent);
    const answer = await connection.head();
    await connection.readBody(answer, step.method);
    connection.close();
    const received = Date.now();
    const at = performance.now();
    const comparison = this.#compare(step, answer, sent, received);
    this.#compareBody(comparison, step, answer);
    for (const [example, actual] of comparison.texts) this.#texts.set(example, actual);
    await this.#judgeStreams(step, comparison, at);
    return { differences: comparison.differences, answer };
  }

  #bytes({ request }) {
    const lines = [request.line, ...request.fields.map(([name, value]) => `${name}: ${value}`)];
    const text = `${lines.join('\r\n')}\r\n\r\n${request.body}`;
    const bytes = Buffer.from(this.#bindings.substitute(text));
    if (bytes.length !== Buffer.byteLength(text)) throw new Error('a value has another length');
    return bytes;
  }

  /** A signature of the request is made anew, over what the server has really said. */
  #sign(body) {
    for (const { kind, token } of tokens(body)) {
      if (kind !== 'signature' || this.#bindings.get(token)) continue;
      const example = signedMessage(this.messages, token, seller.address);
      if (example === undefined) throw new Error(`nothing in the walk is signed with ${token}`);
      const message = this.#texts.get(example) ?? this.#bindings.substitute(example);
      this.#bindings.set(token, seller.signMessageSync(message));
    }
  }

  async #open(step, connection, sent) {
    const stream = await EventStream.over(connection);
    const comparison = this.#compare(step, stream.answer, sent, Date.now());
    this.#streams.push({ step, stream, sent, due: this.due[step.number] });
    await this.#judgeStreams(step, comparison, performance.now());
    return { differences: comparison.differences, answer: stream.answer };
  }

  #compare(step, answer, sent, received) {
    const moment = new Moment(sent, received, fieldOf(step.answer, 'Date'));
    const comparison = new Comparison(this.#bindings, moment);
    const { status, reason } = step.answer;
    if (`${answer.status} ${answer.reason}` !== `${status} ${reason}`)
      comparison.differ('status', `is ${answer.status} ${answer.reason}, not ${status} ${reason}`);
    this.#compareFields(comparison, step, answer);
    return comparison;
  }

  #compareFields(comparison, { request, path, answer: example }, answer) {
    for (const [name, value] of example.fields) {
      const actual = answer.field(name);
      if (actual === undefined) comparison.differ(name, `is missing, and should be ${value}`);
      else if (!ownCheck.has(name.toLowerCase()) && !rateField.test(name))
        comparison.text(name, value, actual);
    }
    const known = new Set(example.fields.map(([name]) => name.toLowerCase()));
    for (const [name, value] of answer.fields)
      if (!known.has(name.toLowerCase()) && !moreIsFine.has(name.toLowerCase()))
        comparison.differ(name, `is there, with ${value}`);
    if (!/^[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$/.test(answer.field('Date')))
      comparison.differ('Date', `is ${answer.field('Date')}`);
    const wanted = fieldOf(example, 'RateLimit-Policy');
    for (const wrong of this.#buckets.check(answer, wanted, callerOf(request, path)))
      comparison.differ('RateLimit', wrong);
  }

  #compareBody(comparison, { number, answer: example }, answer) {
    if (!isJson(example)) {
      if (!(number in this.partial)) comparison.text('body', example.body, answer.text);
      return;
    }
    const only = this.partial[number];
    const pick = (body) =>
      only ? Object.fromEntries(only.map((name) => [name, body[name]])) : body;
    comparison.json('', pick(JSON.parse(example.body)), pick(answer.json));
    this.#compareWait(comparison, answer);
  }

  /** Retry-After is the time until then, and the body repeats it. */
  #compareWait(comparison, answer) {
    const stated = answer.field('Retry-After');
    if (stated === undefined) return;
    const left = (Date.parse(answer.json.lockExpiresAt) - comparison.moment.received) / 1000;
    if (answer.json.retryAfter !== Number(stated) || Math.abs(left - Number(stated)) > 1.5)
      comparison.differ('Retry-After', `is ${stated}, and ${left} s are left`);
  }

  async #judgeStreams({ number }, comparison, at) {
    for (const entry of this.#streams.filter(({ due }) => due === number)) {
      const wanted = eventsOf(entry.step.answer.body);
      const came = await entry.stream.first(wanted.length);
      came.forEach((event, index) => this.#compareEvent(comparison, wanted[index], event));
      const ends = wanted.at(-1)[0][1] === 'key_revoked';
      if (ends && (await entry.stream.end()) - at > 1000)
        comparison.differ('stream', `ended ${entry.stream.endedAt - at} ms after the answer`);
      const more = entry.stream.events.length - wanted.length;
      if (more > 0) comparison.differ('stream', `has ${more} events more: ${entry.stream.names()}`);
      entry.stream.close();
    }
  }

  #compareEvent(comparison, wanted, event) {
    const names = wanted.map(([name]) => name).join();
    if (event.names.join() !== names) comparison.differ('event', `${event.raw}: not ${names}`);
    for (const [name, value] of wanted) {
      if (name === 'data') comparison.json('/data', JSON.parse(value), event.json);
      else if (event[name] !== value) comparison.differ(name, `is ${event[name]}, not ${value}`);
    }
  }

  close() {
    for (const { stream } of this.#streams) stream.close();
  }
}
