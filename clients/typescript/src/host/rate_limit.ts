import type { Clock } from '../base/sources.js';

const SOURCES_MAX = 4096;

export interface RateLimitRule {
  /** Requests per sliding window. */
  readonly attempts: number;
  readonly windowMs: number;
  /** How long every request of a source is refused after `cool`. */
  readonly cooldownMs: number;
  /** Whether a refusal for too many attempts begins a cooldown by itself. */
  readonly coolsWhenOver?: boolean;
}

/** Pairing: docs/protocol/pairing.md section 1. */
export const PAIRING_RULE: RateLimitRule = { attempts: 5, windowMs: 60_000, cooldownMs: 30_000 };

/** Handshakes: docs/protocol/secure-channel.md section 1. */
export const HANDSHAKE_RULE: RateLimitRule = {
  attempts: 30,
  windowMs: 60_000,
  cooldownMs: 10_000,
  coolsWhenOver: true,
};

interface SourceState {
  /** When each counted attempt was made, in milliseconds. */
  times: number[];
  coolUntil: number;
}

/** IPv4 as it is, IPv6 by its /64. */
export function limitKey(source: string): string {
  if (!source.includes(':')) return source;
  const [head = '', tail] = source.split('%')[0]!.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - left.length - right.length);
  const groups = [...left, ...Array<string>(zeros).fill('0'), ...right].slice(0, 4);
  return groups.map((group) => group.toLowerCase().replace(/^0+(?=.)/, '')).join(':');
}

/** Attempts per source, bounded in memory. */
export class RateLimit {
  readonly #sources = new Map<string, SourceState>();

  constructor(
    private readonly rule: RateLimitRule,
    private readonly clock: Clock,
  ) {}

  /** Counts one attempt; the seconds to wait when it is refused, which then does not count. */
  take(source: string): number | undefined {
    const now = this.clock();
    const state = this.#state(limitKey(source), now);
    if (state === undefined) return Math.ceil(this.rule.windowMs / 1000);
    state.times = state.times.filter((time) => time > now - this.rule.windowMs);
    if (now < state.coolUntil) return Math.ceil((state.coolUntil - now) / 1000);
    if (state.times.length < this.rule.attempts) {
      state.times.push(now);
      return undefined;
    }
    if (this.rule.coolsWhenOver === true) this.cool(source);
    return Math.max(1, Math.ceil((state.times[0]! + this.rule.windowMs - now) / 1000));
  }

  /** Refuses every request of the source for the time of the rule. */
  cool(source: string): void {
    const now = this.clock();
    const state = this.#state(limitKey(source), now);
    if (state !== undefined) state.coolUntil = now + this.rule.cooldownMs;
  }

  /**
   * When full, the longest idle source without cooldown makes room; undefined when there is none.
   */
  #state(key: string, now: number): SourceState | undefined {
    const known = this.#sources.get(key);
    if (known !== undefined) return known;
    if (this.#sources.size >= SOURCES_MAX) {
      const idle = [...this.#sources].filter(([, state]) => state.coolUntil <= now);
      idle.sort(([, a], [, b]) => (a.times.at(-1) ?? 0) - (b.times.at(-1) ?? 0));
      if (idle[0] === undefined) return undefined;
      this.#sources.delete(idle[0][0]);
    }
    const fresh = { times: [], coolUntil: 0 };
    this.#sources.set(key, fresh);
    return fresh;
  }
}
