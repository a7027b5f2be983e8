import { fromBase64UrlOf } from '../base/base64url.js';
import { toHex } from '../base/hex.js';
import { type HostAnswer, type HostRequest, flatError, jsonAnswer } from './exchange.js';
import { limitKey } from './rate_limit.js';
import type { PairingState } from './state.js';

const LIFE_MS = 120_000;
const TOTAL_MAX = 256;
const PER_SOURCE_MAX = 8;

/** An outstanding nonce. */
export interface Challenge {
  readonly nonce: string;
  /** Commitment that was handed in with it. */
  readonly commit: string | undefined;
  readonly source: string;
  /** Milliseconds. */
  readonly endsAt: number;
}

/** The `commit` of a query: undefined without one, false when it is repeated or no commitment. */
export function commitOf(query: string | undefined): string | undefined | false {
  const given = (query ?? '').split('&').filter((part) => /^commit(?:=|$)/.test(part));
  if (given.length === 0) return undefined;
  const text = given[0]!.slice('commit='.length);
  return given.length === 1 && fromBase64UrlOf(32, text) !== undefined ? text : false;
}

/** `GET /pair/challenge` (docs/protocol/pairing.md section 2.1). */
export class Challenges {
  readonly #outstanding = new Map<string, Challenge>();

  constructor(private readonly state: PairingState) {}

  answer(request: HostRequest): HostAnswer {
    const commit = commitOf(request.query);
    if (commit === false) return flatError(400, 'pairing_malformed', 'Invalid pairing request');
    const nonce = toHex(this.state.random(32));
    const source = limitKey(request.source);
    this.#add({ nonce, commit, source, endsAt: this.state.clock() + LIFE_MS });
    return jsonAnswer(200, { nonce, commit: commit === undefined ? undefined : true });
  }

  /** Uses a nonce up; undefined when it is not outstanding. */
  take(nonce: string): Challenge | undefined {
    const challenge = this.#outstanding.get(nonce);
    this.#outstanding.delete(nonce);
    return challenge !== undefined && this.state.clock() < challenge.endsAt ? challenge : undefined;
  }

  #add(challenge: Challenge): void {
    const now = this.state.clock();
    for (const [nonce, { endsAt }] of this.#outstanding) {
      if (endsAt <= now) this.#outstanding.delete(nonce);
    }
    // A map keeps the order of insertion, which is the order in which challenges end.
    const own = [...this.#outstanding.values()].filter(({ source }) => source === challenge.source);
    if (own.length >= PER_SOURCE_MAX) this.#outstanding.delete(own[0]!.nonce);
    if (this.#outstanding.size >= TOTAL_MAX) {
      this.#outstanding.delete(this.#outstanding.keys().next().value!);
    }
    this.#outstanding.set(challenge.nonce, challenge);
  }
}
