import { fromBase64Url, fromBase64UrlOf, toBase64Url } from '../base/base64url.js';
import { be32, concat, utf8, wipe } from '../base/bytes.js';
import { KronborgError } from '../base/error.js';
import { type Random, systemRandom } from '../base/sources.js';
import { open, seal } from './aead.js';
import { hkdfExpand, hkdfExtract } from './hash.js';
import { ExchangeKey } from './x25519.js';

// RFC 9180, base mode: KEM X25519 with HKDF-SHA256, KDF HKDF-SHA256, AEAD ChaCha20-Poly1305.
const KEM_SUITE = concat(utf8('KEM'), new Uint8Array([0x00, 0x20]));
const SUITE = concat(utf8('HPKE'), new Uint8Array([0x00, 0x20, 0x00, 0x01, 0x00, 0x03]));
const VERSION = utf8('HPKE-v1');
const NOTHING = new Uint8Array(0);

/** A sealed message as it travels: both base64url. */
export interface Sealed {
  readonly enc: string;
  readonly ct: string;
}

interface Context {
  readonly key: Uint8Array;
  readonly nonce: Uint8Array;
}

/** LabeledExtract of RFC 9180 section 4. */
function labeledExtract(
  suite: Uint8Array,
  salt: Uint8Array,
  label: string,
  input: Uint8Array,
): Uint8Array {
  return hkdfExtract(salt, concat(VERSION, suite, utf8(label), input));
}

/** LabeledExpand of RFC 9180 section 4. */
function labeledExpand(
  suite: Uint8Array,
  key: Uint8Array,
  label: string,
  info: Uint8Array,
  length: number,
): Uint8Array {
  const size = be32(length).slice(2);
  return hkdfExpand(key, concat(size, VERSION, suite, utf8(label), info), length);
}

/** KEM shared secret of RFC 9180 section 4.1. Wipes `dh`. */
export function hpkeSharedSecret(
  dh: Uint8Array,
  enc: Uint8Array,
  recipient: Uint8Array,
): Uint8Array {
  const extracted = labeledExtract(KEM_SUITE, NOTHING, 'eae_prk', dh);
  const shared = labeledExpand(KEM_SUITE, extracted, 'shared_secret', concat(enc, recipient), 32);
  wipe(dh, extracted);
  return shared;
}

/** Key and base nonce of RFC 9180 section 5.1, mode 0. Does not wipe `shared`. */
export function hpkeKeySchedule(shared: Uint8Array, info: Uint8Array): Context {
  const pskId = labeledExtract(SUITE, NOTHING, 'psk_id_hash', NOTHING);
  const infoHash = labeledExtract(SUITE, NOTHING, 'info_hash', info);
  const context = concat(new Uint8Array([0]), pskId, infoHash);
  const secret = labeledExtract(SUITE, shared, 'secret', NOTHING);
  const key = labeledExpand(SUITE, secret, 'key', context, 32);
  const nonce = labeledExpand(SUITE, secret, 'base_nonce', context, 12);
  wipe(secret);
  return { key, nonce };
}

function scheduled(dh: Uint8Array, enc: Uint8Array, recipient: Uint8Array, info: string): Context {
  const shared = hpkeSharedSecret(dh, enc, recipient);
  const context = hpkeKeySchedule(shared, utf8(info));
  wipe(shared);
  return context;
}

/**
 * Seals one message to an X25519 key (docs/protocol/pairing.md section 4): base mode, sequence 0,
 * no associated data. `encryption_key_invalid` when the exchange gives zero. The ephemeral key is
 * new for every message; one is handed in only to reproduce a known answer.
 */
export function hpkeSeal(
  recipient: Uint8Array,
  info: string,
  plaintext: Uint8Array,
  random: Random = systemRandom,
  ephemeral: ExchangeKey = ExchangeKey.create(random),
): Sealed {
  const dh = ephemeral.sharedWith(recipient);
  if (dh === undefined) {
    throw new KronborgError('encryption_key_invalid', 'Nothing can be sealed to this key.');
  }
  const { key, nonce } = scheduled(dh, ephemeral.publicKey, recipient, info);
  const ct = toBase64Url(seal({ key, nonce, aad: NOTHING }, plaintext));
  wipe(key, nonce);
  ephemeral.wipe();
  return { enc: toBase64Url(ephemeral.publicKey), ct };
}

/** The plaintext; undefined when it does not open. Wiping it is up to the caller. */
export function hpkeOpen(
  recipient: ExchangeKey,
  info: string,
  sealed: Sealed,
): Uint8Array | undefined {
  const enc = fromBase64UrlOf(32, sealed.enc);
  const ct = fromBase64Url(sealed.ct);
  const dh = enc === undefined ? undefined : recipient.sharedWith(enc);
  if (enc === undefined || ct === undefined || dh === undefined) return undefined;
  const { key, nonce } = scheduled(dh, enc, recipient.publicKey, info);
  const plaintext = open({ key, nonce, aad: NOTHING }, ct);
  wipe(key, nonce);
  return plaintext;
}
