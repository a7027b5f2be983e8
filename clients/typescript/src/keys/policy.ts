import { lower } from '../base/text.js';

/**
 * What an authority knows when it judges a credential (docs/protocol/identity.md sections 7 and 8).
 * Addresses are handed over lower.
 */
export interface KeyPolicy {
  isMaster(address: string): boolean;
  isAgent(address: string): boolean;
  /** Whether the master whitelist lists the issuer. */
  masterLists(issuer: string): boolean;
  /** Agents of this authority whose whitelist lists the issuer, EIP-55. */
  agentsListing(issuer: string): readonly string[];
  isRevoked(issuer: string, nonce: string): boolean;
  /** Counters up to it are revoked; undefined where there is no threshold, which is not 0. */
  threshold(issuer: string): bigint | undefined;
}

/** The same as data. Addresses in any case. */
export interface KeyPolicyData {
  readonly master: string;
  readonly agents: readonly string[];
  readonly whitelist: {
    readonly master: readonly string[];
    readonly agents: Readonly<Record<string, readonly string[]>>;
  };
  readonly revoked: readonly { readonly iss: string; readonly nonce: string }[];
  readonly thresholds: Readonly<Record<string, bigint>>;
}

/** A policy held in memory. Revoking is final; thresholds only rise. */
export class MemoryPolicy implements KeyPolicy {
  readonly #master: string;
  readonly #agents: ReadonlyMap<string, string>;
  readonly #masterList: ReadonlySet<string>;
  readonly #agentLists: ReadonlyMap<string, ReadonlySet<string>>;
  readonly #revoked: Set<string>;
  readonly #thresholds: Map<string, bigint>;

  constructor(data: KeyPolicyData) {
    this.#master = lower(data.master);
    this.#agents = new Map(data.agents.map((agent) => [lower(agent), agent]));
    this.#masterList = new Set(data.whitelist.master.map(lower));
    const lists = Object.entries(data.whitelist.agents);
    this.#agentLists = new Map(
      lists.map(([agent, list]) => [lower(agent), new Set(list.map(lower))]),
    );
    this.#revoked = new Set(data.revoked.map(({ iss, nonce }) => pair(lower(iss), nonce)));
    const thresholds = Object.entries(data.thresholds);
    this.#thresholds = new Map(thresholds.map(([issuer, counter]) => [lower(issuer), counter]));
  }

  isMaster(address: string): boolean {
    return address === this.#master;
  }

  isAgent(address: string): boolean {
    return this.#agents.has(address);
  }

  masterLists(issuer: string): boolean {
    return this.#masterList.has(issuer);
  }

  agentsListing(issuer: string): readonly string[] {
    const listing = [...this.#agents].filter(([agent]) => this.#agentLists.get(agent)?.has(issuer));
    return listing.map(([, shown]) => shown);
  }

  isRevoked(issuer: string, nonce: string): boolean {
    return this.#revoked.has(pair(issuer, nonce));
  }

  threshold(issuer: string): bigint | undefined {
    return this.#thresholds.get(issuer);
  }

  revoke(issuer: string, nonce: string): void {
    this.#revoked.add(pair(lower(issuer), nonce));
  }

  raiseThreshold(issuer: string, counter: bigint): void {
    const held = this.#thresholds.get(lower(issuer));
    if (held === undefined || counter > held) this.#thresholds.set(lower(issuer), counter);
  }
}

function pair(issuer: string, nonce: string): string {
  return `${issuer} ${nonce}`;
}
