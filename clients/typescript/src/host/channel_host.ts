import { parseObject } from '../base/json.js';
import { U64_MAX, readMembers } from '../base/members.js';
import {
  type Clock,
  type Random,
  systemClock,
  systemRandom,
  unixSeconds,
} from '../base/sources.js';
import { usableEncPub } from '../crypto/x25519.js';
import { sameAddress } from '../identity/address.js';
import type { SigningKey } from '../identity/signing_key.js';
import { type ClientHello, isChannelNonce } from '../channel/transcript.js';
import {
  type Answering,
  type HostAnswer,
  type HostRequest,
  flatError,
  jsonAnswer,
} from './exchange.js';
import { HANDSHAKE_RULE, RateLimit, limitKey } from './rate_limit.js';
import {
  type OpenedCall,
  SESSION_LIFE,
  type ServerSession,
  drawHandshake,
  openSession,
} from './server_session.js';

const SESSIONS_MAX = 256;
const PER_SOURCE_MAX = 32;
const MARK = { 'x-osaurus-secure-channel': '1' };

/** What a served inner request is answered with: whole, or as the chunks of a stream. */
export type InnerAnswer =
  | { readonly status: number; readonly contentType?: string; readonly body: Uint8Array }
  | {
      readonly chunks: readonly Uint8Array[];
      /** Left without its end. */ readonly isCut?: boolean;
    };

export interface ChannelHostOptions {
  /** Agents and connect identities that a client may pin. */
  readonly signers: readonly SigningKey[];
  readonly serve: (call: OpenedCall['request'], source: string) => Promise<InnerAnswer>;
  readonly isLocked?: () => boolean;
  readonly clock?: Clock;
  readonly random?: Random;
}

interface Held {
  readonly session: ServerSession;
  readonly source: string;
}

const REFUSALS = {
  secure_malformed: [400, 'Malformed secure call'],
  secure_session_unknown: [401, 'Unknown or expired secure session'],
  secure_decrypt_failed: [400, 'Decryption failed'],
  secure_replay: [409, 'Replayed secure call rejected'],
} as const;

function refuse(code: keyof typeof REFUSALS, message: string = REFUSALS[code][1]): HostAnswer {
  return jsonAnswer(REFUSALS[code][0], { error: { message, type: 'secure_channel_error', code } });
}

/** A host of the Secure Channel in memory (docs/protocol/secure-channel.md). */
export class ChannelHost implements Answering {
  readonly #options: ChannelHostOptions;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #limit: RateLimit;
  readonly #sessions = new Map<string, Held>();

  constructor(options: ChannelHostOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? systemRandom;
    this.#limit = new RateLimit(HANDSHAKE_RULE, this.#clock);
  }

  async answer(request: HostRequest): Promise<HostAnswer | undefined> {
    if (request.method !== 'POST') return undefined;
    if (request.path === '/secure/session') return this.#handshake(request);
    if (request.path === '/secure/call') return this.#call(request);
    return undefined;
  }

  /** Holds a session, in the place of the one that ends first when there are too many. */
  hold(session: ServerSession, source: string): void {
    const key = limitKey(source);
    const now = unixSeconds(this.#clock);
    for (const [sid, held] of this.#sessions) if (held.session.expiresAt <= now) this.end(sid);
    const all = [...this.#sessions.values()];
    const own = all.filter((held) => held.source === key);
    if (own.length >= PER_SOURCE_MAX) this.end(first(own));
    else if (all.length >= SESSIONS_MAX) this.end(first(all));
    this.#sessions.set(session.sid, { session, source: key });
  }

  /** Ends a session at once, as a restart or the end of its agent does. */
  end(sid: string): void {
    this.#sessions.get(sid)?.session.wipe();
    this.#sessions.delete(sid);
  }

  endAll(): void {
    for (const sid of [...this.#sessions.keys()]) this.end(sid);
  }

  /** Rows of section 1. */
  #handshake(request: HostRequest): HostAnswer {
    const wait = this.#limit.take(request.source);
    if (wait !== undefined) {
      const error = 'Too many pairing attempts. Try again shortly.';
      const headers = { 'retry-after': String(wait) };
      return jsonAnswer(429, { error, code: 'channel_rate_limited' }, headers);
    }
    const hello: ClientHello | undefined = readMembers(parseObject(request.body), (members) => ({
      v: members.integer('v'),
      agentAddress: members.string('agentAddress'),
      encPub: members.string('encPub'),
      nonce: members.string('nonce'),
    }));
    if (hello === undefined)
      return flatError(400, 'handshake_malformed', 'Invalid handshake request');
    if (hello.v !== 1)
      return flatError(400, 'handshake_version', 'Unsupported secure channel version');
    const theirs = usableEncPub(hello.encPub, this.#random);
    if (theirs === undefined || !isChannelNonce(hello.nonce)) {
      return flatError(400, 'handshake_malformed', 'Malformed handshake');
    }
    const signer = this.#options.signers.find((one) =>
      sameAddress(one.address, hello.agentAddress),
    );
    if (signer === undefined) return flatError(404, 'agent_unknown', 'Unknown agent address');
    if (this.#options.isLocked?.() === true) {
      const sentence = 'Secure channel identity unavailable, try again';
      return flatError(503, 'identity_locked', sentence, "Unlock it with 'kronborg unlock'.");
    }
    const expiresAt = unixSeconds(this.#clock) + SESSION_LIFE;
    const opened = openSession(hello, theirs, signer, expiresAt, drawHandshake(this.#random));
    if (opened === undefined) {
      return flatError(500, 'handshake_failed', 'Failed to establish secure session');
    }
    this.hold(opened.session, request.source);
    return jsonAnswer(200, { ...opened.hello });
  }

  /** Rows 2 to 6 of section 2, then the request inside. */
  async #call(request: HostRequest): Promise<HostAnswer> {
    const call = readMembers(parseObject(request.body), (members) => ({
      v: members.integer('v'),
      sid: members.string('sid'),
      seq: members.unsigned('seq', U64_MAX),
      ct: members.string('ct'),
    }));
    if (call === undefined) return refuse('secure_malformed');
    const session = this.#sessions.get(call.sid)?.session;
    if (session === undefined || unixSeconds(this.#clock) >= session.expiresAt) {
      this.end(call.sid);
      return refuse('secure_session_unknown');
    }
    const opened = session.open(call.v, call.seq, call.ct);
    if (opened === 'secure_malformed') return refuse(opened, 'Malformed inner request');
    if (typeof opened === 'string') return refuse(opened);
    return sealedAnswer(opened, await this.#options.serve(opened.request, request.source));
  }
}

function first(held: readonly Held[]): string {
  return held.reduce((a, b) => (b.session.expiresAt < a.session.expiresAt ? b : a)).session.sid;
}

function sealedAnswer({ reply }: OpenedCall, inner: InnerAnswer): HostAnswer {
  if ('status' in inner) {
    const body = reply.whole(inner.status, inner.contentType, inner.body);
    return { status: 200, headers: { 'content-type': 'application/json', ...MARK }, body };
  }
  const frames = inner.chunks.map((chunk) => reply.chunk(chunk));
  if (inner.isCut !== true) frames.push(reply.end());
  return {
    status: 200,
    headers: { 'content-type': 'text/event-stream', ...MARK },
    body: frames.join(''),
  };
}
