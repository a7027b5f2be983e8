import { KronborgError } from '../base/error.js';
import { EventStreamReader, type ServerEvent } from '../base/event_stream.js';
import { errorOf } from '../base/http.js';
import { type SpaceKey, type SpaceRequests, query } from './requests.js';
import type { ArtifactSummary, Message, Participant, SpaceEvent } from './types.js';

export interface WatchOptions {
  /** Sequence of the last message already seen: the stream begins after it. */
  readonly after?: number;
  /** A cursor of an earlier read; without either, the stream begins now. */
  readonly cursor?: string;
  readonly signal?: AbortSignal;
  /** Waits between two connections; may end early when the signal does. Default: real time. */
  readonly pause?: (ms: number) => Promise<void>;
}

const RETRY_MS = 3000;
const RETRY_MAX_MS = 60_000;
const QUIET_MS = 45_000;

/** Whether the next try may do better. */
function isPassing(error: unknown): boolean {
  if (!(error instanceof KronborgError)) return false;
  const { status, code } = error;
  if (status !== undefined) return status === 429 || status >= 500;
  return code === 'network_failed' || code === 'stream_silent';
}

/**
 * Follows a space (docs/protocol/spaces.md section 8.4). A connection that breaks is made anew
 * after the last message seen: every message comes once and in order. Each new connection begins
 * with a `space` snapshot, so that other state is not lost either.
 *
 * Ends by returning when the signal aborts; throws `key_revoked`, `key_expired` or `space_closed`
 * when the key dies, and the refusals of the route.
 */
export async function* watchSpace(
  requests: SpaceRequests,
  path: string,
  key: SpaceKey,
  options: WatchOptions = {},
): AsyncGenerator<SpaceEvent, void, undefined> {
  const state = { last: options.after, cursor: options.cursor, retryMs: RETRY_MS };
  const pause = options.pause ?? ((ms: number) => realPause(ms, options.signal));
  let failures = 0;
  const isOver = (): boolean => options.signal?.aborted ?? false;
  while (!isOver()) {
    try {
      for await (const event of connection(requests, path, key, state, options.signal)) {
        failures = 0;
        const shown = spaceEvent(event);
        if (shown?.event === 'message' && !isNews(shown.message, event, state)) continue;
        if (shown?.event === 'space') begin(shown.lastSeq, state);
        if (shown !== undefined) yield shown;
      }
    } catch (error) {
      if (isOver()) return;
      if (!isPassing(error)) throw error;
      failures += 1;
      const asked = error instanceof KronborgError ? (error.retryAfter ?? 0) * 1000 : 0;
      await pause(Math.max(asked, Math.min(state.retryMs * 2 ** (failures - 1), RETRY_MAX_MS)));
      continue;
    }
    await pause(state.retryMs);
  }
}

interface WatchState {
  last: number | undefined;
  cursor: string | undefined;
  retryMs: number;
}

/** A stream that begins now has seen what the first snapshot counts. */
function begin(lastSeq: number | undefined, state: WatchState): void {
  if (state.cursor === undefined) state.last ??= lastSeq;
}

/** Redactions come again without an id; new messages with the next sequence. */
function isNews(message: Message, event: ServerEvent, state: WatchState): boolean {
  if (event.id === undefined) return true;
  if (state.last !== undefined && message.seq <= state.last) return false;
  state.last = message.seq;
  return true;
}

function realPause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener('abort', done, { once: true });
  });
}

/** The events of one connection. */
async function* connection(
  requests: SpaceRequests,
  path: string,
  key: SpaceKey,
  state: WatchState,
  signal: AbortSignal | undefined,
): AsyncGenerator<ServerEvent, void, undefined> {
  const link = new AbortController();
  const stop = (): void => link.abort();
  signal?.addEventListener('abort', stop, { once: true });
  const headers = {
    ...requests.fields({ key }),
    accept: 'text/event-stream',
    ...(state.last === undefined ? {} : { 'last-event-id': String(state.last) }),
  };
  const cursor = state.last === undefined ? state.cursor : undefined;
  try {
    const url = requests.url(path + query({ cursor }));
    const init = { headers, signal: link.signal, redirect: 'manual' } as const;
    const answer = await requests.fetch(url, init).catch(broken);
    if (answer.status !== 200) {
      const body = new Uint8Array(await answer.arrayBuffer().catch(broken));
      throw errorOf({ status: answer.status, headers: answer.headers, body });
    }
    yield* events(answer, link, state);
  } finally {
    signal?.removeEventListener('abort', stop);
    link.abort();
  }
}

/** Reads on until the end; a host that is silent for three heartbeats counts as gone. */
async function* events(
  answer: Response,
  link: AbortController,
  state: WatchState,
): AsyncGenerator<ServerEvent, void, undefined> {
  const reader = answer.body?.getReader() as ReadableStreamDefaultReader<Uint8Array> | undefined;
  const parser = new EventStreamReader();
  for (;;) {
    let isSilent = false;
    const timer = setTimeout(() => {
      isSilent = true;
      link.abort();
    }, QUIET_MS);
    let part: Awaited<ReturnType<ReadableStreamDefaultReader<Uint8Array>['read']>> | undefined;
    try {
      part = await reader?.read();
    } catch (cause) {
      if (!isSilent) broken(cause);
      throw new KronborgError('stream_silent', 'The stream went silent.', { cause });
    } finally {
      clearTimeout(timer);
    }
    if (part?.value === undefined) return;
    for (const event of parser.push(part.value)) {
      if (event.retry !== undefined) state.retryMs = Math.min(event.retry, RETRY_MAX_MS);
      if (event.event === 'key_revoked') throw keyEnd(event.data);
      if (event.data !== '') yield event;
    }
  }
}

function broken(cause: unknown): never {
  throw new KronborgError('network_failed', 'The stream broke off.', { cause });
}

function parse(data: string): unknown {
  try {
    return JSON.parse(data);
  } catch (cause) {
    throw new KronborgError('answer_malformed', 'An event of the stream is not JSON.', { cause });
  }
}

function keyEnd(data: string): KronborgError {
  const { code, ...details } = parse(data) as { readonly code?: string };
  return new KronborgError(code ?? 'key_revoked', 'The key of this stream has ended.', { details });
}

/** The typed event; undefined for names this side does not know. */
function spaceEvent({ event, data }: ServerEvent): SpaceEvent | undefined {
  const value = parse(data);
  switch (event) {
    case 'message':
      return { event, message: value as Message };
    case 'space':
      return { event, ...(value as Omit<Extract<SpaceEvent, { event: 'space' }>, 'event'>) };
    case 'participant':
      return { event, ...(value as { action: string; participant: Participant }) };
    case 'artifact':
      return { event, ...(value as { action: string; artifact: ArtifactSummary }) };
    default:
      return undefined;
  }
}
