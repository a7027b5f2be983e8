import { toBase64Url } from '../base/base64url.js';
import { utf8, wipe } from '../base/bytes.js';
import { KronborgError } from '../base/error.js';
import { type SendOptions, objectOf, sendWhole, urlAt } from '../base/http.js';
import type { JsonObject } from '../base/json.js';
import { type Random, systemRandom } from '../base/sources.js';
import { ExchangeKey } from '../crypto/x25519.js';
import { checksumAddress } from '../identity/address.js';
import { PREFIX } from '../identity/envelope.js';
import type { SigningKey } from '../identity/signing_key.js';
import { type PairedKey, openAnswer } from './answer.js';
import { connectorText, pairServerText } from './texts.js';
import { addressWords, commitment, shortWords } from './words.js';

/** What is known before the first request. */
export interface PairingOrder {
  /** Base URL of the host. */
  readonly host: string;
  /** The pinned address: from the TXT record, the invite or the user, never from an answer. */
  readonly agentAddress: string;
  readonly agentId: string;
  /** `masterKey.pairingKey()` of this machine. */
  readonly pairingKey: SigningKey;
  /** Takes a host that does not commit, as genuine Osaurus; then there are no short words. */
  readonly noCompare?: boolean;
  readonly random?: Random;
}

export interface PairedWithPrompt extends PairedKey {
  /** Whether the key never expires. */
  readonly isPermanent: boolean;
}

const CHALLENGE_MS = 30_000;
const PAIR_MS = 125_000;

/** The challenge that a host answered with. */
export interface ChallengeAnswer {
  readonly nonce: string;
  readonly isCommitted: boolean;
}

/**
 * Reads the answer of `/pair/challenge`: `challenge_answer_invalid` for a nonce that is not 64
 * lower-case hex digits, `commitment_missing` when the host keeps none and words are wanted.
 */
export function readChallenge(answer: JsonObject, noCompare: boolean): ChallengeAnswer {
  const nonce = answer.get('nonce');
  if (typeof nonce !== 'string' || !/^[0-9a-f]{64}$/.test(nonce)) {
    throw new KronborgError('challenge_answer_invalid', 'The host sent no usable challenge.');
  }
  const isCommitted = answer.get('commit') === true;
  if (!isCommitted && !noCompare) {
    throw new KronborgError('commitment_missing', 'This host shows no words to compare.', {
      hint: 'Pair with a six-digit code, or go on without words (noCompare).',
    });
  }
  return { nonce, isCommitted };
}

/**
 * One attempt to pair with a prompt (docs/protocol/pairing.md sections 2, 3 and 9).
 *
 * `begin` asks for the challenge. Then the words are shown, and `complete` waits for the owner.
 * An attempt is used once.
 */
export class PairingAttempt {
  /** Three words that the host's screen must show too; undefined without a commitment. */
  readonly words: string | undefined;
  readonly connectorAddress: string;
  /** Four words of the connector's address. */
  readonly connectorWords: string;
  readonly #order: PairingOrder;
  readonly #send: SendOptions;
  readonly #key: ExchangeKey;
  readonly #reveal: Uint8Array;
  readonly #challenge: ChallengeAnswer;

  private constructor(
    order: PairingOrder,
    send: SendOptions,
    key: ExchangeKey,
    reveal: Uint8Array,
    challenge: ChallengeAnswer,
  ) {
    this.#order = order;
    this.#send = send;
    this.#key = key;
    this.#reveal = reveal;
    this.#challenge = challenge;
    this.connectorAddress = order.pairingKey.address;
    this.connectorWords = addressWords(this.connectorAddress);
    const { nonce, isCommitted } = challenge;
    const { connectorAddress } = this;
    const { agentAddress } = order;
    this.words = isCommitted
      ? shortWords({ nonce, connectorAddress, agentAddress, encPub: key.encPub })
      : undefined;
  }

  /** Commits to a new key and takes the host's challenge. */
  static async begin(order: PairingOrder, send: SendOptions = {}): Promise<PairingAttempt> {
    checksumAddress(order.agentAddress);
    const random = order.random ?? systemRandom;
    const key = ExchangeKey.create(random);
    const reveal = random(32);
    const commit = commitment(reveal, order.pairingKey.address, key.publicKey);
    const url = urlAt(order.host, `/pair/challenge?commit=${commit}`);
    const answer = await sendWhole(url, {}, { timeoutMs: CHALLENGE_MS, ...send });
    const challenge = readChallenge(objectOf(answer), order.noCompare ?? false);
    return new PairingAttempt(order, send, key, reveal, challenge);
  }

  /** The body of `POST /pair`. */
  request(): string {
    const { nonce, isCommitted } = this.#challenge;
    const { encPub } = this.#key;
    const { pairingKey, agentId } = this.#order;
    return JSON.stringify({
      connectorAddress: this.connectorAddress,
      agentId,
      nonce,
      encPub,
      signature: pairingKey.signHex(PREFIX.pairing, connectorText(nonce, encPub)),
      ...(isCommitted ? { reveal: toBase64Url(this.#reveal) } : {}),
    });
  }

  /**
   * Asks the owner, waits for the decision, and takes the key. Codes of section 2.2, of
   * `openAnswer`, and `words_differ` when the host's words are missing or others.
   */
  async complete(): Promise<PairedWithPrompt> {
    const url = urlAt(this.#order.host, '/pair');
    const headers = { 'content-type': 'application/json' };
    const init = { method: 'POST', headers, body: utf8(this.request()) };
    try {
      const answer = await sendWhole(url, init, { timeoutMs: PAIR_MS, ...this.#send });
      return this.#accept(objectOf(answer));
    } finally {
      this.#key.wipe();
      wipe(this.#reveal);
    }
  }

  #accept(answer: JsonObject): PairedWithPrompt {
    const { agentAddress } = this.#order;
    const { nonce, isCommitted } = this.#challenge;
    const paired = openAnswer(answer, {
      agentAddress,
      nonce,
      key: this.#key,
      serverText: pairServerText(agentAddress, nonce),
      acceptUnsigned: false,
    });
    if (isCommitted && answer.get('sas') !== this.words) {
      throw new KronborgError(
        'words_differ',
        'The words of the host are others: do not use the key.',
        {
          hint: 'Someone may stand in between: ask the owner to revoke the newest key.',
        },
      );
    }
    return { ...paired, isPermanent: answer.get('isPermanent') === true };
  }
}
