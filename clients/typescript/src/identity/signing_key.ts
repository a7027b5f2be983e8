import { fromUtf8, utf8 } from '../base/bytes.js';
import { KronborgError } from '../base/error.js';
import { Secret } from '../base/secret.js';
import { addressOfPrivateKey } from './address.js';
import { PREFIX, type Payload, type Prefix, signEnvelope, signatureHex } from './envelope.js';

/** What a key is for (docs/protocol/identity.md section 4). */
export type KeyKind = 'master' | 'agent' | 'pairing' | 'connect';

/** Who may sign under which prefix (docs/protocol/identity.md section 3.1). */
const SIGNERS: Readonly<Record<Prefix, readonly KeyKind[]>> = {
  [PREFIX.access]: ['master', 'agent'],
  [PREFIX.message]: ['master', 'agent'],
  [PREFIX.pairing]: ['pairing'],
  [PREFIX.pairingServer]: ['agent'],
  [PREFIX.invite]: ['agent'],
  [PREFIX.inviteWhole]: ['agent'],
  [PREFIX.channel]: ['agent', 'connect'],
  [PREFIX.ethereum]: ['master', 'agent'],
};

const OWNER_REDEEM = 'osaurus-owner:redeem:';
const ETHEREUM_TEXTS = [
  OWNER_REDEEM,
  'kronborg identity proof v1\n',
  'kronborg artifact sign-off v1\n',
];

/** A private key that signs what its kind may sign, and nothing else. */
export class SigningKey {
  readonly #secret: Secret;
  readonly kind: KeyKind;
  /** EIP-55 address of the key. */
  readonly address: string;

  private constructor(kind: KeyKind, secret: Secret) {
    this.kind = kind;
    this.#secret = secret;
    this.address = secret.use(addressOfPrivateKey);
  }

  /** From 32 bytes, which are copied. `not_a_key` when they are not a private key. */
  static fromBytes(kind: KeyKind, bytes: Uint8Array): SigningKey {
    return new SigningKey(kind, Secret.copyOf(bytes));
  }

  /**
   * r ‖ s ‖ v under a prefix. `prefix_not_allowed` when section 3.1 does not give this kind of key
   * the prefix, or the text under EIP-191.
   */
  sign(prefix: Prefix, payload: Payload): Uint8Array {
    if (!SIGNERS[prefix].includes(this.kind) || !this.#mayBeEthereum(prefix, payload)) {
      throw new KronborgError('prefix_not_allowed', 'This key does not sign for that purpose.');
    }
    return this.#secret.use((secret) => signEnvelope(secret, prefix, payload));
  }

  /** The same as `0x` and 130 hex digits. */
  signHex(prefix: Prefix, payload: Payload): string {
    return signatureHex(this.sign(prefix, payload));
  }

  #mayBeEthereum(prefix: Prefix, payload: Payload): boolean {
    if (prefix !== PREFIX.ethereum) return true;
    const text = fromUtf8(typeof payload === 'string' ? utf8(payload) : payload) ?? '';
    const begins = ETHEREUM_TEXTS.find((beginning) => text.startsWith(beginning));
    return begins !== undefined && (begins !== OWNER_REDEEM || this.kind === 'master');
  }

  wipe(): void {
    this.#secret.wipe();
  }
}
