import { lower } from '../base/text.js';
import { checksumAddress } from '../identity/address.js';
import { readAccessKey } from './access_key.js';
import type { KeyPolicy } from './policy.js';
import { type KeyRefusal, keyRefusal } from './refusals.js';

/** A key that is accepted now. */
export interface ValidAccessKey {
  readonly outcome: 'valid';
  /** EIP-55. */
  readonly issuer: string;
  /** EIP-55: the master, or the one agent the key is good for. */
  readonly audience: string;
  readonly scope: 'master' | 'agent';
  readonly nonce: string;
  readonly counter: bigint;
  readonly expiresAt?: number | undefined;
  readonly label: string;
}

/**
 * Judges one access key for one authority: the first failing row of docs/protocol/identity.md
 * section 6 decides. `now` is Unix seconds; `exp` equal to it is expired.
 */
export function verifyAccessKey(
  token: string,
  policy: KeyPolicy,
  now: number,
): ValidAccessKey | KeyRefusal {
  const read = readAccessKey(token);
  if ('outcome' in read) return read;
  const { payload } = read;
  const issuer = lower(read.issuer);
  const audience = lower(payload.aud);
  const isMaster = policy.isMaster(audience);
  if (!isMaster && !policy.isAgent(audience)) return keyRefusal('audience_mismatch');
  const listing = policy.agentsListing(issuer).map(lower);
  const speaksForAll = policy.isMaster(issuer) || policy.masterLists(issuer);
  if (!speaksForAll && !policy.isAgent(issuer) && listing.length === 0) {
    return keyRefusal('issuer_not_whitelisted');
  }
  if (!speaksForAll && issuer !== audience && !listing.includes(audience)) {
    return keyRefusal('issuer_not_allowed');
  }
  const threshold = policy.threshold(issuer);
  const isBefore = threshold !== undefined && payload.cnt <= threshold;
  if (isBefore || policy.isRevoked(issuer, payload.nonce)) return keyRefusal('key_revoked');
  if (payload.exp !== undefined && now >= payload.exp) return keyRefusal('key_expired');
  return {
    outcome: 'valid',
    issuer: read.issuer,
    audience: checksumAddress(audience),
    scope: isMaster ? 'master' : 'agent',
    nonce: payload.nonce,
    counter: payload.cnt,
    expiresAt: payload.exp,
    label: payload.lbl,
  };
}
