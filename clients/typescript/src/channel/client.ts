import { utf8 } from '../base/bytes.js';
import { KronborgError, hasCode } from '../base/error.js';
import { EventStreamReader } from '../base/event_stream.js';
import { type Fetch, type WholeAnswer, errorOf, objectOf, sendWhole, urlAt } from '../base/http.js';
import {
  type Clock,
  type Random,
  systemClock,
  systemRandom,
  unixSeconds,
} from '../base/sources.js';
import { checksumAddress } from '../identity/address.js';
import { readWholeReply } from './answer.js';
import { innerRequest } from './request.js';
import { ChannelHandshake, type ClientSession, type SealedCall } from './session.js';

export interface ChannelOptions {
  /** Base URL of the host. */
  readonly host: string;
  /** The pinned address: from pairing, never from the first answer. */
  readonly agentAddress: string;
  readonly fetch?: Fetch;
  readonly clock?: Clock;
  readonly random?: Random;
  /**
   * Whether a call that meets an ended session is sent again, once, in a new one. On by default.
   * The refusal comes in clear: whoever can forge it can make a request that is not idempotent run
   * twice.
   */
  readonly repeatOnce?: boolean;
}

const HANDSHAKE_MS = 15_000;
const RENEW_BEFORE = 60;
const MARK = 'x-osaurus-secure-channel';

/**
 * A private, authenticated way to a host whose agent address is known
 * (docs/protocol/secure-channel.md). It grants nothing: send the access key as ever.
 */
export class SecureChannel {
  readonly #options: ChannelOptions;
  #session: Promise<ClientSession> | undefined;

  constructor(options: ChannelOptions) {
    checksumAddress(options.agentAddress);
    this.#options = options;
  }

  /**
   * `fetch` through the channel. The URL's path and query count; its host is that of the channel.
   *
   * A refusal of the channel itself throws: `secure_…`, `channel_unavailable`,
   * `channel_hello_invalid`, `channel_answer_invalid`. A streamed answer has status 200; its body
   * errors with `channel_frame_invalid` or `channel_truncated`.
   */
  readonly fetch: Fetch = async (input, init = {}) => {
    const url = new URL(input, urlAt(this.#options.host, '/'));
    const request = JSON.stringify(await innerRequest(url, init));
    const signal = init.signal ?? undefined;
    try {
      return await this.#call(request, signal);
    } catch (error) {
      const isUnknown = hasCode(error, 'secure_session_unknown') && error.status === 401;
      // The session ended for another call while this one was about to use it.
      const isWiped = hasCode(error, 'secret_wiped');
      if (!isUnknown && !isWiped) throw error;
      if (isUnknown) await this.close();
      if (isUnknown && this.#options.repeatOnce === false) throw error;
      return this.#call(request, signal);
    }
  };

  /** Ends the session. The next call makes a new one. */
  async close(): Promise<void> {
    const held = this.#session;
    this.#session = undefined;
    await held?.then((session) => session.wipe()).catch(() => undefined);
  }

  /** The live session: made when there is none, or when less than 60 s of it are left. */
  async session(): Promise<ClientSession> {
    const held = this.#session;
    const session = await held?.catch(() => undefined);
    const now = unixSeconds(this.#options.clock ?? systemClock);
    if (session !== undefined && now < session.expiresAt - RENEW_BEFORE) return session;
    // Of several calls that find the session ended, the first one makes the next.
    if (this.#session === held || this.#session === undefined) this.#session = this.#handshake();
    return this.#session;
  }

  async #handshake(): Promise<ClientSession> {
    const { host, agentAddress, random } = this.#options;
    const handshake = new ChannelHandshake(agentAddress, random ?? systemRandom);
    const headers = { 'content-type': 'application/json' };
    const init = { method: 'POST', headers, body: JSON.stringify(handshake.hello) };
    const options = { fetch: this.#options.fetch, timeoutMs: HANDSHAKE_MS };
    const answer = await sendWhole(urlAt(host, '/secure/session'), init, options);
    return handshake.accept(helloOf(answer));
  }

  async #call(request: string, signal: AbortSignal | undefined): Promise<Response> {
    const call = (await this.session()).seal(request);
    const send = this.#options.fetch ?? fetch;
    const answer = await send(urlAt(this.#options.host, '/secure/call'), {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
      },
      body: utf8(call.body),
      redirect: 'manual',
      ...(signal === undefined ? {} : { signal }),
    });
    const isOurs = answer.status === 200 && answer.headers.get(MARK) === '1';
    const type = answer.headers.get('content-type') ?? '';
    if (isOurs && type.startsWith('text/event-stream')) return streamed(answer, call);
    const body = new Uint8Array(await answer.arrayBuffer());
    if (!isOurs) throw refusal({ status: answer.status, headers: answer.headers, body });
    try {
      return wholeResponse(call, body);
    } finally {
      call.responseKey.wipe();
    }
  }
}

/** A host without a channel answers 404 with another body than ours. */
function helloOf(answer: WholeAnswer): ReturnType<typeof objectOf> {
  try {
    return objectOf(answer);
  } catch (error) {
    const isForeign = answer.status === 404 && !hasCode(error, 'agent_unknown');
    if (!isForeign) throw error;
    throw new KronborgError('channel_unavailable', 'This host has no Secure Channel.', {
      status: 404,
    });
  }
}

function refusal(answer: WholeAnswer): KronborgError {
  if (answer.status !== 200) return errorOf(answer);
  return new KronborgError(
    'channel_answer_invalid',
    'The answer did not come through the channel.',
  );
}

function wholeResponse(call: SealedCall, body: Uint8Array): Response {
  const reply = readWholeReply(call.frames, body);
  const headers = new Headers();
  if (reply.contentType !== undefined) headers.set('content-type', reply.contentType);
  const hasBody = ![204, 205, 304].includes(reply.status);
  return new Response(hasBody ? reply.body : null, { status: reply.status, headers });
}

/**
 * The inner stream. Its own media type is not sent; an event stream is what it nearly always is.
 */
function streamed(answer: Response, call: SealedCall): Response {
  const source = new FrameSource(answer, call);
  const pull = async (controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> => {
    try {
      const plaintext = await source.next();
      if (plaintext === undefined) controller.close();
      else controller.enqueue(plaintext);
    } catch (error) {
      controller.error(error);
    }
  };
  // Nothing is read ahead: an error must not drop what was readable before it.
  const body = new ReadableStream<Uint8Array>(
    { pull, cancel: () => source.stop() },
    { highWaterMark: 0 },
  );
  return new Response(body, { status: 200, headers: { 'content-type': 'text/event-stream' } });
}

/** Opens the frames of a streamed answer one by one. */
class FrameSource {
  readonly #outer: ReadableStreamDefaultReader<Uint8Array> | undefined;
  readonly #events = new EventStreamReader();
  readonly #waiting: string[] = [];

  constructor(
    answer: Response,
    private readonly call: SealedCall,
  ) {
    this.#outer = answer.body?.getReader() as ReadableStreamDefaultReader<Uint8Array> | undefined;
  }

  /** The next bytes of the inner stream; undefined after its proper end. */
  async next(): Promise<Uint8Array | undefined> {
    try {
      while (!this.call.frames.isComplete) {
        const frame = this.#waiting.shift() ?? (await this.#more());
        const plaintext = frame === undefined ? undefined : this.call.frames.read(utf8(frame));
        if (plaintext !== undefined && plaintext.length > 0) return plaintext;
      }
    } catch (error) {
      await this.stop();
      const isAbort = error instanceof Error && error.name === 'AbortError';
      if (isAbort || error instanceof KronborgError) throw error;
      throw new KronborgError('channel_truncated', 'The answer broke off.', { cause: error });
    }
    await this.stop();
    return undefined;
  }

  /** Reads on until a frame is there; undefined when only comments came. */
  async #more(): Promise<string | undefined> {
    const part = await this.#outer?.read();
    if (part?.value === undefined) this.call.frames.end();
    else this.#waiting.push(...this.#events.push(part.value).map(({ data }) => data));
    return this.#waiting.shift();
  }

  async stop(): Promise<void> {
    this.call.responseKey.wipe();
    await this.#outer?.cancel().catch(() => undefined);
  }
}
