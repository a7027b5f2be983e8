import { concat } from './bytes.js';
import { type ErrorFacts, KronborgError } from './error.js';
import { JsonObject, parseObject } from './json.js';

/** The part of `fetch` that is used; a replacement may add a proxy, a channel or a test host. */
export type Fetch = (input: string | URL, init?: RequestInit) => Promise<Response>;

/** How a request is sent. */
export interface SendOptions {
  readonly fetch?: Fetch | undefined;
  /** Milliseconds until the whole answer must be there. */
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** An answer that was read to its end. */
export interface WholeAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Uint8Array;
}

const ANSWER_MAX = 1_048_576;

/**
 * Absolute URL of a path at a host given as `http://…` or `https://…`; `host_malformed` otherwise.
 */
export function urlAt(host: string, path: string): URL {
  let url: URL;
  try {
    url = new URL(host);
  } catch (cause) {
    throw new KronborgError('host_malformed', 'The host is not a URL.', { cause });
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new KronborgError('host_malformed', 'The host is not an http or https URL.');
  }
  return new URL(url.href.replace(/[?#].*$/, '').replace(/\/+$/, '') + path);
}

/**
 * Sends a request and reads the answer, at most 1 MiB of it. Redirects are not followed.
 * `network_failed`, `timeout`, `aborted` or `answer_too_large`.
 */
export async function sendWhole(
  url: URL,
  init: RequestInit,
  options: SendOptions,
): Promise<WholeAnswer> {
  const limit = new AbortController();
  const stop = (): void => limit.abort();
  options.signal?.addEventListener('abort', stop, { once: true });
  if (options.signal?.aborted) stop();
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    stop();
  }, options.timeoutMs ?? 30_000);
  try {
    const ask = options.fetch ?? fetch;
    const answer = await ask(url, { redirect: 'manual', ...init, signal: limit.signal });
    return { status: answer.status, headers: answer.headers, body: await readBody(answer) };
  } catch (cause) {
    if (cause instanceof KronborgError) throw cause;
    if (isLate) throw new KronborgError('timeout', 'The host did not answer in time.', { cause });
    if (limit.signal.aborted)
      throw new KronborgError('aborted', 'The request was given up.', { cause });
    throw new KronborgError('network_failed', 'The host could not be reached.', { cause });
  } finally {
    clearTimeout(timer);
    options.signal?.removeEventListener('abort', stop);
  }
}

async function readBody(answer: Response): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let size = 0;
  const reader = answer.body?.getReader();
  for (let part = await reader?.read(); part?.value !== undefined; part = await reader?.read()) {
    parts.push(part.value as Uint8Array);
    size += (part.value as Uint8Array).length;
    if (size > ANSWER_MAX) {
      await reader?.cancel();
      throw new KronborgError('answer_too_large', 'The answer is larger than 1 MiB.');
    }
  }
  return concat(...parts);
}

/** The JSON object of an answer 200; else the error it stands for, `answer_malformed` included. */
export function objectOf(answer: WholeAnswer): JsonObject {
  if (answer.status !== 200) throw errorOf(answer);
  const object = parseObject(answer.body);
  if (object === undefined) {
    throw new KronborgError('answer_malformed', 'The answer is not a JSON object.');
  }
  return object;
}

/** The error of an answer, whichever of the shapes of the protocol pages its body has. */
export function errorOf(answer: WholeAnswer): KronborgError {
  const body = plain(parseObject(answer.body) ?? new JsonObject());
  const nested = body['error'];
  const error = isRecord(nested) ? { ...body, ...nested } : body;
  const code = text(error['code']) ?? `http_${answer.status}`;
  const said = [error['message'], error['detail'], nested].map(text);
  const message = said.find((one) => one !== undefined) ?? `The host answered ${answer.status}.`;
  const after = Number(answer.headers.get('retry-after') ?? 'none');
  const facts: ErrorFacts = {
    status: answer.status,
    ...(text(error['hint']) === undefined ? {} : { hint: text(error['hint'])! }),
    ...(Number.isFinite(after) ? { retryAfter: after } : {}),
    details: withoutKeys(error, ['code', 'message', 'hint', 'error']),
  };
  return new KronborgError(code, message, facts);
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function withoutKeys(
  value: Record<string, unknown>,
  names: readonly string[],
): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).filter(([name]) => !names.includes(name)));
}

function plain(object: JsonObject): Record<string, unknown> {
  const value: unknown = JSON.parse(JSON.stringify(toPlain(object)));
  return isRecord(value) ? value : {};
}

function toPlain(value: unknown): unknown {
  if (value instanceof Map) return Object.fromEntries([...value].map(([k, v]) => [k, toPlain(v)]));
  if (Array.isArray(value)) return value.map(toPlain);
  if (isRecord(value) && typeof value['text'] === 'string') return Number(value['text']);
  return value;
}
