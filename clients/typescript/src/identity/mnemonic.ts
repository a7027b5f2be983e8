import { concat } from '../base/bytes.js';
import { KronborgError } from '../base/error.js';
import { lower, wordsOf } from '../base/text.js';
import { sha256 } from '../crypto/hash.js';
import { isPrivateKey } from '../crypto/secp256k1.js';
import { WORDS } from './word_list.js';

const COUNT = 24;
const BITS = 11;

/** 24 words that hold the 32 bytes themselves (docs/protocol/identity.md section 4). */
export function wordsOfMaster(master: Uint8Array): string {
  const bytes = concat(master, sha256(master).slice(0, 1));
  const words: string[] = [];
  let held = 0;
  let bits = 0;
  for (const byte of bytes) {
    held = ((held << 8) | byte) & 0xfffff;
    bits += 8;
    if (bits < BITS) continue;
    bits -= BITS;
    words.push(WORDS[(held >> bits) & 0x7ff]!);
  }
  bytes.fill(0);
  return words.join(' ');
}

/**
 * The 32 bytes in 24 words of any ASCII case, split at white space. Errors in this order:
 * `word_count`, `unknown_word` (its `details.word` names it), `checksum`, `not_a_key`.
 */
export function masterOfWords(text: string): Uint8Array {
  const words = wordsOf(lower(text));
  if (words.length !== COUNT) {
    throw new KronborgError('word_count', `${COUNT} words are needed, these are ${words.length}.`);
  }
  const bytes = bytesOf(words);
  const master = bytes.slice(0, 32);
  const checksum = bytes[32];
  bytes.fill(0);
  if (sha256(master)[0] !== checksum) {
    throw new KronborgError('checksum', 'One of the words is wrong, or their order is.');
  }
  if (!isPrivateKey(master)) {
    throw new KronborgError('not_a_key', 'These words hold no private key.');
  }
  return master;
}

function bytesOf(words: readonly string[]): Uint8Array {
  const bytes = new Uint8Array(33);
  let held = 0;
  let bits = 0;
  let at = 0;
  for (const word of words) {
    const index = WORDS.indexOf(word);
    if (index < 0) {
      throw new KronborgError('unknown_word', `"${word}" is not in the list.`, {
        details: { word },
      });
    }
    held = ((held << BITS) | index) & 0xfffff;
    bits += BITS;
    for (; bits >= 8; at += 1) {
      bits -= 8;
      bytes[at] = (held >> bits) & 0xff;
    }
  }
  return bytes;
}
