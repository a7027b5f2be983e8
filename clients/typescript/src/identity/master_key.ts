import { KronborgError } from '../base/error.js';
import { Secret } from '../base/secret.js';
import { type Random, systemRandom } from '../base/sources.js';
import { isPrivateKey } from '../crypto/secp256k1.js';
import { addressOfPrivateKey } from './address.js';
import { agentMessage, connectMessage, deriveKey, pairingMessage } from './derivation.js';
import { masterOfWords, wordsOfMaster } from './mnemonic.js';
import { type KeyKind, SigningKey } from './signing_key.js';

/**
 * The master key of an authority, and the keys that come from it (docs/protocol/identity.md section
 * 4).
 */
export class MasterKey {
  readonly #secret: Secret;
  /** EIP-55 address of the master. */
  readonly address: string;

  private constructor(secret: Secret) {
    this.#secret = secret;
    this.address = secret.use(addressOfPrivateKey);
  }

  /** A new one: 32 random bytes, drawn again until they are a private key. */
  static create(random: Random = systemRandom): MasterKey {
    let bytes = random(32);
    while (!isPrivateKey(bytes)) bytes = random(32);
    return new MasterKey(Secret.take(bytes));
  }

  /** From 32 bytes, which are copied. `not_a_key` when they are not a private key. */
  static fromBytes(bytes: Uint8Array): MasterKey {
    if (!isPrivateKey(bytes)) {
      throw new KronborgError('not_a_key', 'These bytes are not a private key.');
    }
    return new MasterKey(Secret.copyOf(bytes));
  }

  /** From 24 words. `word_count`, `unknown_word`, `checksum` or `not_a_key`. */
  static fromWords(words: string): MasterKey {
    return new MasterKey(Secret.take(masterOfWords(words)));
  }

  /** The 24 words. They are the key: show them once, to its owner. */
  toWords(): string {
    return this.#secret.use(wordsOfMaster);
  }

  /** Lends the 32 bytes to `task`, which does not keep them. */
  use<T>(task: (bytes: Uint8Array) => T): T {
    return this.#secret.use(task);
  }

  /** The master as a signer. */
  signer(): SigningKey {
    return this.#secret.use((bytes) => SigningKey.fromBytes('master', bytes));
  }

  /** Key of an agent. An empty scope means version 1; else scope is the id of its host device. */
  agentKey(scope: string, index: number): SigningKey {
    return this.#derived('agent', agentMessage(scope, index));
  }

  /** Key that signs the connector's proof, the same on every machine that shares the master. */
  pairingKey(): SigningKey {
    return this.#derived('pairing', pairingMessage());
  }

  /** Host-level identity of the Secure Channel. */
  connectKey(deviceId: string): SigningKey {
    return this.#derived('connect', connectMessage(deviceId));
  }

  #derived(kind: KeyKind, message: Uint8Array): SigningKey {
    const key = this.#secret.use((master) => deriveKey(master, message));
    const signer = SigningKey.fromBytes(kind, key);
    key.fill(0);
    return signer;
  }

  wipe(): void {
    this.#secret.wipe();
  }
}
