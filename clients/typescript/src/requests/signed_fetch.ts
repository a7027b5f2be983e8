import { KronborgError } from '../base/error.js';
import { type Clock, systemClock } from '../base/sources.js';
import type { Fetch } from '../base/http.js';
import type { SoftwareDevice } from '../devices/software.js';
import type { SigningKey } from '../identity/signing_key.js';
import { nextCounter } from '../keys/counter.js';
import { type RequestTokenOrder, signRequestToken } from './request_token.js';

export interface SignedFetchOptions {
  readonly signer: SigningKey;
  readonly device: SoftwareDevice;
  readonly parent?: RequestTokenOrder['parent'];
  /** Greatest counter used so far; the clock alone is enough unless it may run backwards. */
  readonly lastCounter?: bigint | undefined;
  readonly clock?: Clock;
  readonly fetch?: Fetch;
}

/**
 * A `fetch` that signs each request with a token of its own (docs/protocol/identity.md section 11).
 *
 * A token is good for one request, so redirects are not followed unless `redirect` says so, and
 * an `Authorization` given by the caller is refused with `authorization_given`.
 */
export function signedFetch(options: SignedFetchOptions): Fetch {
  const clock = options.clock ?? systemClock;
  const send = options.fetch ?? fetch;
  let last = options.lastCounter;
  return async (input, init = {}) => {
    const url = new URL(input);
    const headers = new Headers(init.headers);
    if (headers.has('authorization')) {
      throw new KronborgError('authorization_given', 'The request token is the authorization.');
    }
    const nowMs = clock();
    last = nextCounter({ last }, BigInt(nowMs));
    const method = (init.method ?? 'GET').toUpperCase();
    const token = signRequestToken({
      signer: options.signer,
      device: options.device,
      parent: options.parent,
      counter: last,
      issuedAt: Math.floor(nowMs / 1000),
      audience: url.host,
      method,
      path: url.pathname,
    });
    headers.set('authorization', `Bearer ${token}`);
    return send(url, { redirect: 'manual', ...init, method, headers });
  };
}
