import { fromBase64UrlOf, toBase64Url } from '../base/base64url.js';
import { concat, equalBytes, utf8 } from '../base/bytes.js';
import { lower } from '../base/text.js';
import { sha256 } from '../crypto/hash.js';
import { addressBytes } from '../identity/address.js';
import { WORDS } from '../identity/word_list.js';

/** The 256 words of docs/protocol/pairing.md section 3: every eighth of the BIP-39 list. */
export const PAIRING_WORDS: readonly string[] = WORDS.filter((_, i) => i % 8 === 0);

function wordsOfBytes(digest: Uint8Array, count: number): string {
  return [...digest.slice(0, count)].map((byte) => PAIRING_WORDS[byte]!).join('-');
}

/** What the short words are made of: the texts as they are sent. */
export interface WordsInput {
  readonly nonce: string;
  readonly connectorAddress: string;
  readonly agentAddress: string;
  readonly encPub: string;
}

/**
 * The three short words that both screens of a committed exchange show; undefined without `encPub`,
 * where there is nothing to commit to.
 */
export function shortWords(input: WordsInput): string | undefined {
  const { nonce, connectorAddress, agentAddress, encPub } = input;
  if (encPub === '') return undefined;
  const texts = [nonce, lower(connectorAddress), lower(agentAddress), encPub];
  const text = `kronborg-pair-sas-v1${texts.join('')}`;
  return wordsOfBytes(sha256(utf8(text)), 3);
}

/** The four words of an address. */
export function addressWords(address: string): string {
  return wordsOfBytes(sha256(utf8(`kronborg-address-words-v1${lower(address)}`)), 4);
}

/**
 * `commit`: what fixes the connector's key before the host draws its nonce. `reveal` has 32 bytes.
 */
export function commitment(
  reveal: Uint8Array,
  connectorAddress: string,
  publicKey: Uint8Array,
): string {
  const tag = utf8('kronborg-pair-commit-v1');
  return toBase64Url(sha256(concat(tag, reveal, addressBytes(connectorAddress), publicKey)));
}

/** Whether `reveal` (base64url of 32 bytes) is what `commit` was made of. */
export function opensCommitment(
  commit: string,
  reveal: string | undefined,
  connectorAddress: string,
  publicKey: Uint8Array,
): boolean {
  const bytes = fromBase64UrlOf(32, reveal ?? '');
  if (bytes === undefined) return false;
  return equalBytes(utf8(commitment(bytes, connectorAddress, publicKey)), utf8(commit));
}
