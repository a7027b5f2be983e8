import { type Clock, type Random, unixSeconds } from '../base/sources.js';
import type { SigningKey } from '../identity/signing_key.js';
import { mintAccessKey } from '../keys/access_key.js';
import { nextCounter } from '../keys/counter.js';
import { type ExpiryChoice, expiryOf } from '../keys/expiry.js';
import { cutLabel } from '../keys/label.js';

/** An agent that others may pair with. */
export interface HostedAgent {
  /** UUID. */
  readonly id: string;
  readonly name: string;
  readonly description?: string | undefined;
  readonly signer: SigningKey;
  /** Whether it may be paired with by a prompt. */
  readonly isShared: boolean;
}

export type KeySource = 'pairing' | 'invite' | 'owner-redeem' | 'phone';

/** Record of a key that was minted; the key itself is not kept. */
export interface IssuedKey {
  readonly nonce: string;
  readonly issuer: string;
  readonly counter: bigint;
  readonly label: string;
  readonly source: KeySource;
  /** What a later key of the same device replaces. */
  readonly holder: string;
  readonly expiresAt?: number | undefined;
  revokedReason?: string;
}

export interface KeyOrder {
  readonly agent: HostedAgent;
  readonly choice: ExpiryChoice;
  readonly label: string;
  readonly source: KeySource;
  readonly holder: string;
}

/** Mints agent-scoped keys and remembers that it did. */
export class Keyring {
  readonly issued: IssuedKey[] = [];
  readonly #counters = new Map<string, bigint>();

  constructor(
    private readonly clock: Clock,
    private readonly random: Random,
  ) {}

  mint(order: KeyOrder): { readonly token: string; readonly record: IssuedKey } {
    const { signer } = order.agent;
    const issuedAt = unixSeconds(this.clock);
    const last = this.#counters.get(signer.address);
    const counter = nextCounter({ last }, BigInt(this.clock()));
    this.#counters.set(signer.address, counter);
    const expiresAt = expiryOf(issuedAt, order.choice);
    const label = cutLabel(order.label);
    const minted = mintAccessKey({ signer, counter, issuedAt, expiresAt, label }, this.random);
    const record: IssuedKey = {
      nonce: minted.payload.nonce,
      issuer: signer.address,
      counter,
      label,
      source: order.source,
      holder: order.holder,
      expiresAt,
    };
    this.issued.push(record);
    return { token: minted.token, record };
  }

  /** Ends the earlier keys of one holder from one source. */
  replace(source: KeySource, holder: string, kept: IssuedKey, reason: string): void {
    for (const key of this.issued) {
      if (key.source === source && key.holder === holder && key !== kept)
        key.revokedReason ??= reason;
    }
  }

  find(nonce: string): IssuedKey | undefined {
    return this.issued.find((key) => key.nonce === nonce);
  }
}
