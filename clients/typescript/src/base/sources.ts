import { randomBytes } from '@noble/hashes/utils';

/** Gives `length` unpredictable bytes. Injected wherever something is drawn. */
export type Random = (length: number) => Uint8Array;

/** The system's random source. */
export const systemRandom: Random = (length) => randomBytes(length);

/** Wall clock in milliseconds since 1970. Injected wherever time decides. */
export type Clock = () => number;

export const systemClock: Clock = () => Date.now();

/** Whole seconds since 1970, the fraction cut off. */
export function unixSeconds(clock: Clock): number {
  return Math.floor(clock() / 1000);
}

/** A random UUID of version 4, lower case with hyphens. */
export function uuidV4(random: Random = systemRandom): string {
  const bytes = random(16);
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return [0, 8, 12, 16, 20].map((from, i, all) => hex.slice(from, all[i + 1])).join('-');
}
