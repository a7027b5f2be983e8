import { KronborgError } from '../base/error.js';
import { U64_MAX } from '../base/members.js';

/** What is known of an issuer's counters. */
export interface CounterState {
  /** Greatest counter allocated so far. */
  readonly last?: bigint | undefined;
  readonly threshold?: bigint | undefined;
}

/**
 * The next counter: max(greatest known + 1, now in milliseconds)
 * (docs/protocol/identity.md section 5.5). `counter_exhausted` above 2^64-1.
 */
export function nextCounter(state: CounterState, nowMs: bigint): bigint {
  const last = state.last ?? 0n;
  const threshold = state.threshold ?? 0n;
  const after = (last > threshold ? last : threshold) + 1n;
  const next = after > nowMs ? after : nowMs;
  if (next > U64_MAX) {
    throw new KronborgError('counter_exhausted', 'This issuer has used up its counters.');
  }
  return next;
}

/**
 * The threshold after "revoke all before this key", the key included or not
 * (docs/protocol/identity.md section 8). It never falls; undefined while there is none.
 */
export function thresholdAfter(
  before: bigint | undefined,
  keyCounter: bigint,
  includeKey: boolean,
): bigint | undefined {
  if (keyCounter === 0n && !includeKey) return before;
  const wanted = includeKey ? keyCounter : keyCounter - 1n;
  return before !== undefined && before > wanted ? before : wanted;
}
