import { utf8 } from '../base/bytes.js';
import { type Canonical, canonicalJson } from '../base/canonical_json.js';
import type { Fetch } from '../base/http.js';

/** A request as the judges of this folder see it. */
export interface HostRequest {
  readonly method: string;
  readonly path: string;
  /** What follows `?`, as it stands; undefined without one. */
  readonly query?: string | undefined;
  readonly body: Uint8Array;
  /** Source address as text. */
  readonly source: string;
  /** Whether `X-Osaurus-Relay-Origin` was there. */
  readonly isRelayed?: boolean;
  /** Bearer credential. */
  readonly bearer?: string | undefined;
}

export interface HostAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Something that answers requests; undefined for a route that is not its own. */
export interface Answering {
  answer(request: HostRequest): Promise<HostAnswer | undefined>;
}

/** Answers of pairing: members sorted, `/` not escaped (docs/protocol/pairing.md section 1). */
export function jsonAnswer(
  status: number,
  value: Canonical,
  headers: Readonly<Record<string, string>> = {},
): HostAnswer {
  const fields = { 'content-type': 'application/json', 'cache-control': 'no-store', ...headers };
  return { status, headers: fields, body: canonicalJson(value).replaceAll('\\/', '/') };
}

/** `{"error":"<sentence>","code":"<code>"}`. */
export function flatError(status: number, code: string, error: string, hint?: string): HostAnswer {
  return jsonAnswer(status, { error, code, hint });
}

/** `{"error":"<code>","message":"<sentence>","code":"<code>"}`: the routes of phones. */
export function phoneError(
  status: number,
  code: string,
  message: string,
  hint?: string,
): HostAnswer {
  return jsonAnswer(status, { error: code, message, code, hint });
}

/** A `fetch` that asks `host` without a socket, as a client at `source`. */
export function fetchFrom(host: Answering, source = '127.0.0.1'): Fetch {
  return async (input, init = {}) => {
    init.signal?.throwIfAborted();
    const url = new URL(input);
    const headers = new Headers(init.headers);
    const bearer = /^bearer (.+)$/i.exec(headers.get('authorization') ?? '')?.[1];
    const asked: HostRequest = {
      method: (init.method ?? 'GET').toUpperCase(),
      path: url.pathname,
      query: url.search === '' ? undefined : url.search.slice(1),
      body: new Uint8Array(await new Response(init.body ?? null).arrayBuffer()),
      source,
      isRelayed: headers.has('x-osaurus-relay-origin'),
      bearer,
    };
    const answer =
      (await host.answer(asked)) ?? flatError(404, 'route_not_found', 'No such route.');
    return new Response(utf8(answer.body), { status: answer.status, headers: answer.headers });
  };
}
