import { KronborgError, hasCode } from '../base/error.js';
import { type Fetch, errorOf, sendWhole, urlAt } from '../base/http.js';
import { type Random, systemRandom, uuidV4 } from '../base/sources.js';

/** Where and how requests are sent. */
export interface SpacesOptions {
  /** Own origin of the host, such as `http://localhost:1337`. */
  readonly origin: string;
  readonly fetch?: Fetch;
  readonly random?: Random;
  /** `osp_` token: links what is created or joined to a human's account. */
  readonly userToken?: string;
  /** Milliseconds for one answer; default 30000. Waiting reads get their wait on top. */
  readonly timeoutMs?: number;
}

/** One request to a route of spaces. */
export interface Ask {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** With its query. */
  readonly path: string;
  readonly key?: SpaceKey | undefined;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /**
   * Makes the request repeatable (docs/protocol/http.md section 11): sent as Idempotency-Key, and
   * after a lost answer the request is sent once more. `fresh` draws one.
   */
  readonly repeat?: 'fresh' | string | undefined;
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** An answer with its fields. */
export interface Told<T> {
  readonly status: number;
  readonly headers: Headers;
  readonly value: T;
}

const KEY = /^[0-9a-f]{64}$/;

/** A key of a space: 64 hex digits that nothing prints. */
export class SpaceKey {
  readonly #text: string;

  /** `key_malformed` for anything but 64 hex digits. */
  constructor(text: string) {
    const digits = text.toLowerCase();
    if (!KEY.test(digits))
      throw new KronborgError('key_malformed', 'A space key has 64 hex digits.');
    this.#text = digits;
  }

  /** The digits: for a header, or for storing the key where secrets are kept. */
  reveal(): string {
    return this.#text;
  }

  toString(): string {
    return '[secret]';
  }

  toJSON(): string {
    return '[secret]';
  }
}

/** Sends requests of spaces and reads their answers. */
export class SpaceRequests {
  readonly #options: SpacesOptions;
  readonly random: Random;

  constructor(options: SpacesOptions) {
    this.#options = options;
    this.random = options.random ?? systemRandom;
  }

  get fetch(): Fetch {
    return this.#options.fetch ?? fetch;
  }

  url(path: string): URL {
    return urlAt(this.#options.origin, path);
  }

  /** Request fields for a key, JSON accepted. */
  fields(ask: Pick<Ask, 'key' | 'headers'>): Record<string, string> {
    return {
      accept: 'application/json',
      ...(ask.key === undefined ? {} : { 'x-private-key': ask.key.reveal() }),
      ...ask.headers,
    };
  }

  /** The human's token, for create and join. */
  userFields(): Record<string, string> {
    const { userToken } = this.#options;
    return userToken === undefined ? {} : { 'x-user-token': userToken };
  }

  /** The answer 200 or 202; any other status throws its error. */
  async ask<T>(ask: Ask): Promise<Told<T>> {
    const repeat = ask.repeat === 'fresh' ? uuidV4(this.random) : ask.repeat;
    const headers = {
      ...this.fields(ask),
      ...(ask.body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(repeat === undefined ? {} : { 'idempotency-key': repeat }),
    };
    const body = ask.body === undefined ? undefined : JSON.stringify(ask.body);
    const init = { method: ask.method ?? 'GET', headers, ...(body === undefined ? {} : { body }) };
    const options = {
      fetch: this.#options.fetch,
      timeoutMs: ask.timeoutMs ?? this.#options.timeoutMs,
      signal: ask.signal,
    };
    const once = (): ReturnType<typeof sendWhole> => sendWhole(this.url(ask.path), init, options);
    const answer = await once().catch((error: unknown) => {
      if (repeat !== undefined && hasCode(error, 'network_failed')) return once();
      throw error;
    });
    if (answer.status !== 200 && answer.status !== 202) throw errorOf(answer);
    const text = new TextDecoder().decode(answer.body);
    return { status: answer.status, headers: answer.headers, value: parse<T>(text) };
  }
}

function parse<T>(text: string): T {
  try {
    return JSON.parse(text) as T;
  } catch (cause) {
    throw new KronborgError('answer_malformed', 'The answer is not JSON.', { cause });
  }
}

/** `?a=1&b=2` of the members that are set; empty when none is. */
export function query(
  members: Readonly<Record<string, string | number | boolean | undefined>>,
): string {
  const set = Object.entries(members).filter(([, value]) => value !== undefined);
  if (set.length === 0) return '';
  const texts = set.map(([name, value]): [string, string] => [name, String(value)]);
  return `?${new URLSearchParams(texts)}`;
}
