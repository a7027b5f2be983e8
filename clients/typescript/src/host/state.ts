import { type Clock, type Random, systemClock, systemRandom } from '../base/sources.js';
import { sameAddress } from '../identity/address.js';
import { Keyring, type HostedAgent } from './keyring.js';
import { PAIRING_RULE, RateLimit } from './rate_limit.js';

/** A request that waits for the owner (docs/protocol/pairing.md section 2.3). */
export interface ApprovalRequest {
  readonly connectorAddress: string;
  readonly connectorWords: string;
  readonly agent: { readonly id: string; readonly name: string; readonly address: string };
  readonly source: string;
  /** The three short words; undefined when there is nothing to compare but the address. */
  readonly words: string | undefined;
  readonly isSealed: boolean;
}

/** The owner's decision; `none` when it did not come within 120 s. */
export type Approval = 'denied' | 'none' | { readonly remember: boolean };

export interface PairingHostOptions {
  readonly masterAddress: string;
  readonly agents: readonly HostedAgent[];
  readonly hostName: string;
  /** Own origin, sent as `relayBaseURL`. */
  readonly origin: string;
  /** Asks the owner. */
  readonly approve: (request: ApprovalRequest) => Promise<Approval>;
  readonly isLocked?: () => boolean;
  readonly clock?: Clock;
  readonly random?: Random;
}

/** What the routes of pairing share. */
export class PairingState {
  readonly clock: Clock;
  readonly random: Random;
  readonly keyring: Keyring;
  readonly limit: RateLimit;

  constructor(readonly options: PairingHostOptions) {
    this.clock = options.clock ?? systemClock;
    this.random = options.random ?? systemRandom;
    this.keyring = new Keyring(this.clock, this.random);
    this.limit = new RateLimit(PAIRING_RULE, this.clock);
  }

  get isLocked(): boolean {
    return this.options.isLocked?.() ?? false;
  }

  agentById(id: string): HostedAgent | undefined {
    return this.options.agents.find((agent) => agent.id.toLowerCase() === id.toLowerCase());
  }

  agentByAddress(address: string): HostedAgent | undefined {
    return this.options.agents.find((agent) => sameAddress(agent.signer.address, address));
  }
}
