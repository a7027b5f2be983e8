import { lower } from '../base/text.js';
import { sha256 } from '../crypto/hash.js';
import { p256Verify } from '../crypto/p256.js';
import { verifyAppAttestAssertion } from '../devices/app_attest_assertion.js';
import type { KeyPolicy } from '../keys/policy.js';
import { checksumAddress, sameAddress } from '../identity/address.js';
import {
  type RequestTokenCode,
  type RequestTokenRefusal,
  requestTokenRefusal,
} from './refusals.js';
import {
  type AssertionAlgorithm,
  type ReadRequestToken,
  readRequestToken,
} from './request_token.js';

export type DeviceKind = 'apple-attest' | 'tpm2' | 'software';

/** What a host remembers of a device (docs/protocol/identity.md section 12.1). */
export interface DeviceRecord {
  readonly kind: DeviceKind;
  /** Uncompressed P-256 point; absent only for a software device without a key. */
  readonly publicKey?: Uint8Array | undefined;
  readonly revoked: boolean;
  /** App Attest only. */
  readonly appId?: string | undefined;
  readonly signCount?: number | undefined;
}

/** A counter to be taken: the step that makes a token good for one request. */
export interface CounterUse {
  /** Lower. */
  readonly issuer: string;
  readonly device: string;
  readonly counter: bigint;
  /** App Attest only: the new `sign_count` of the device. */
  readonly signCount?: number | undefined;
}

/** State of the host that judges request tokens. */
export interface RequestTokenHost {
  readonly policy: Pick<KeyPolicy, 'isMaster' | 'isAgent' | 'masterLists' | 'agentsListing'>;
  readonly master: string;
  /** Index of an agent of this authority; the address is lower. */
  agentIndex(address: string): number | undefined;
  /** Unix seconds. */
  readonly now: number;
  /** Unix seconds, with a fraction where it is known. */
  readonly processStart: number;
  /** Names and ports the host answers to. */
  readonly hostNames: readonly string[];
  readonly allowUnattested: boolean;
  /** The record of a device that speaks for `issuer`, lower. */
  device(id: string, issuer: string): DeviceRecord | undefined;
  /** Takes the counter if it is above the last one accepted for (issuer, device): one step. */
  take(use: CounterUse): boolean;
}

/** The request that came with the token: the path as received, without its query. */
export interface SignedRequest {
  readonly method: string;
  readonly path: string;
}

export interface AcceptedRequest {
  readonly outcome: 'accepted';
  /** EIP-55. */
  readonly issuer: string;
  readonly device: string;
  readonly counter: bigint;
  /** The whole authority, or these agents (EIP-55). */
  readonly scope:
    | { readonly kind: 'master' }
    | { readonly kind: 'agents'; readonly agents: readonly string[] };
  readonly signCount?: number | undefined;
}

const KINDS: Readonly<Record<AssertionAlgorithm, DeviceKind>> = {
  'es256k+apple-attest': 'apple-attest',
  'es256k+tpm2': 'tpm2',
  'es256k+p256': 'software',
};
const LIFETIME_MAX = 60;
const AHEAD_MAX = 30;

/**
 * Judges one token for one request: the first failing row of docs/protocol/identity.md section 11
 * decides. Nothing is changed unless every row holds; then `host.take` has taken the counter.
 */
export function verifyRequestToken(
  token: string,
  request: SignedRequest,
  host: RequestTokenHost,
): AcceptedRequest | RequestTokenRefusal {
  const read = readRequestToken(token);
  if ('outcome' in read) return read;
  const early = issuerFault(read, host) ?? claimFault(read, request, host);
  if (early !== undefined) return requestTokenRefusal(early);
  const evidence = deviceEvidence(read, host);
  if (typeof evidence === 'string') return requestTokenRefusal(evidence);
  const { issuer, claims } = read;
  const use = { issuer: lower(issuer), device: claims.dev, counter: claims.cnt, ...evidence };
  if (!host.take(use)) return requestTokenRefusal('request_token_replayed');
  const scope = scopeOf(lower(issuer), host.policy);
  return {
    outcome: 'accepted',
    issuer,
    device: claims.dev,
    counter: claims.cnt,
    scope,
    ...evidence,
  };
}

/** Rows 9 and 10. */
function issuerFault(read: ReadRequestToken, host: RequestTokenHost): RequestTokenCode | undefined {
  const issuer = lower(read.issuer);
  const { par, idx } = read.claims;
  const { policy } = host;
  const isListed = policy.masterLists(issuer) || policy.agentsListing(issuer).length > 0;
  if (policy.isMaster(issuer)) {
    return par === undefined && idx === undefined ? undefined : 'request_token_parent';
  }
  if (policy.isAgent(issuer)) {
    const fits = par !== undefined && sameAddress(par, host.master);
    return fits && idx === host.agentIndex(issuer) ? undefined : 'request_token_parent';
  }
  return isListed ? undefined : 'issuer_not_whitelisted';
}

/** Rows 11 to 16. */
function claimFault(
  { claims }: ReadRequestToken,
  request: SignedRequest,
  host: RequestTokenHost,
): RequestTokenCode | undefined {
  const lifetime = claims.exp - claims.iat;
  if (lifetime <= 0 || lifetime > LIFETIME_MAX) return 'request_token_lifetime';
  if (claims.iat > host.now + AHEAD_MAX) return 'request_token_not_yet_valid';
  if (host.now >= claims.exp) return 'request_token_expired';
  if (claims.iat < Math.ceil(host.processStart)) return 'request_token_before_start';
  const audience = lower(claims.aud);
  if (!host.hostNames.some((name) => lower(name) === audience)) return 'request_token_audience';
  if (claims.act !== `${request.method} ${request.path}`) return 'request_token_action';
  return undefined;
}

/** Rows 17 to 21; the new sign count where there is one. */
function deviceEvidence(
  read: ReadRequestToken,
  host: RequestTokenHost,
): RequestTokenCode | { readonly signCount?: number } {
  const issuer = lower(read.issuer);
  const isOurs = host.policy.isMaster(issuer) || host.policy.isAgent(issuer);
  const device = host.device(read.claims.dev, isOurs ? lower(host.master) : issuer);
  if (device === undefined) return 'device_unknown';
  if (device.revoked) return 'device_revoked';
  if (read.assertion.length === 0) {
    const isAllowed = host.allowUnattested && device.publicKey === undefined;
    return isAllowed ? {} : 'device_assertion_missing';
  }
  if (KINDS[read.algorithm] !== device.kind || device.publicKey === undefined) {
    return 'device_kind_mismatch';
  }
  if (device.kind !== 'apple-attest') {
    const isGood = p256Verify(device.publicKey, read.payload, read.assertion);
    return isGood ? {} : 'device_assertion_invalid';
  }
  const signCount = verifyAppAttestAssertion({
    assertion: read.assertion,
    appId: device.appId ?? '',
    publicKey: device.publicKey,
    clientDataHash: sha256(read.payload),
    lastCount: device.signCount ?? 0,
  });
  return signCount === undefined ? 'device_assertion_invalid' : { signCount };
}

function scopeOf(issuer: string, policy: RequestTokenHost['policy']): AcceptedRequest['scope'] {
  if (policy.isMaster(issuer) || policy.masterLists(issuer)) return { kind: 'master' };
  const agents = policy.isAgent(issuer) ? [checksumAddress(issuer)] : policy.agentsListing(issuer);
  return { kind: 'agents', agents: agents.map(checksumAddress) };
}
