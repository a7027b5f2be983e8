import { fromBase64Url, fromBase64UrlOf, toBase64Url } from '../base/base64url.js';
import { utf8 } from '../base/bytes.js';
import { type Canonical, canonicalJson } from '../base/canonical_json.js';
import { KronborgError } from '../base/error.js';
import { JsonObject, parseObject } from '../base/json.js';
import { type Members, U53_MAX, readMembers } from '../base/members.js';
import { type Random, systemRandom } from '../base/sources.js';
import { openExtended, sealExtended } from '../crypto/aead.js';
import type { StretchCost } from './stretch.js';

export type SealedFormat = 'kronborg-recovery' | 'kronborg-keystore';

/** What stands in clear in a sealed file (docs/protocol/identity.md section 14.2). */
export interface SealedHead {
  readonly format: SealedFormat;
  /** Master address, EIP-55. */
  readonly address: string;
  /** Bundle only: 1, raised with each new code. */
  readonly generation?: number | undefined;
  /** Unix seconds. */
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly cost: StretchCost;
  /** 16 bytes. */
  readonly salt: Uint8Array;
}

/** A sealed file that was read and not opened yet. */
export interface SealedFile extends SealedHead {
  readonly nonce: Uint8Array;
  readonly ciphertext: Uint8Array;
  /** Associated data: canonical JSON of all members except `ct`. */
  readonly aad: Uint8Array;
}

/** Cost of new files. */
export const SEAL_COST: StretchCost = { opslimit: 4, memlimit: 268_435_456 };

const ALG = 'argon2id13';
const AEAD = 'xchacha20poly1305';
const OPSLIMIT_MAX = 16;
const MEMLIMIT_MAX = 1_073_741_824;
const MEMLIMIT_MIN = 8192;

function unsupported(): KronborgError {
  return new KronborgError('bundle_unsupported', 'This file is not of a kind that can be opened.');
}

function readHead(members: Members): SealedFile | undefined {
  const kdf = members.nested('kdf');
  const cost = readMembers(kdf, (inner) => ({
    alg: inner.string('alg'),
    opslimit: Number(inner.unsigned('opslimit', U53_MAX)),
    memlimit: Number(inner.unsigned('memlimit', U53_MAX)),
    salt: fromBase64UrlOf(16, inner.string('salt')),
  }));
  const nonce = fromBase64UrlOf(24, members.string('nonce'));
  const ciphertext = fromBase64Url(members.string('ct'));
  if (cost?.salt === undefined || nonce === undefined || ciphertext === undefined) return undefined;
  const isKnown = members.unsigned('v', U53_MAX) === 1n && members.string('aead') === AEAD;
  const isAffordable = cost.opslimit >= 1 && cost.opslimit <= OPSLIMIT_MAX;
  const fits = cost.memlimit >= MEMLIMIT_MIN && cost.memlimit <= MEMLIMIT_MAX;
  if (!isKnown || cost.alg !== ALG || !isAffordable || !fits) return undefined;
  const generation = members.optionalUnsigned('generation', U53_MAX);
  const open = new JsonObject([...members.object].filter(([name]) => name !== 'ct'));
  return {
    format: members.string('format') as SealedFormat,
    address: members.string('address'),
    generation: generation === undefined ? undefined : Number(generation),
    createdAt: Number(members.unsigned('created_at', U53_MAX)),
    updatedAt: Number(members.unsigned('updated_at', U53_MAX)),
    cost: { opslimit: cost.opslimit, memlimit: cost.memlimit },
    salt: cost.salt,
    nonce,
    ciphertext,
    aad: utf8(canonicalJson(open)),
  };
}

/** Reads the JSON text of a sealed file. `bundle_unsupported` before any work is done on it. */
export function readSealedFile(text: string | Uint8Array, format: SealedFormat): SealedFile {
  const bytes = typeof text === 'string' ? utf8(text) : text;
  let file: SealedFile | undefined;
  try {
    file = readMembers(parseObject(bytes), readHead);
  } catch (error) {
    // An unknown member that canonical JSON cannot hold.
    if (!(error instanceof KronborgError)) throw error;
  }
  if (file?.format !== format) throw unsupported();
  return file;
}

/** The plaintext; undefined when the key does not open the file. */
export function openSealedFile(file: SealedFile, key: Uint8Array): Uint8Array | undefined {
  return openExtended({ key, nonce: file.nonce, aad: file.aad }, file.ciphertext);
}

/** The canonical JSON text of a new file. A nonce is drawn at every write. */
export function writeSealedFile(
  head: SealedHead,
  key: Uint8Array,
  plaintext: Uint8Array,
  random: Random = systemRandom,
): string {
  const nonce = random(24);
  const clear: Record<string, Canonical> = {
    v: 1,
    format: head.format,
    address: head.address,
    generation: head.generation,
    created_at: head.createdAt,
    updated_at: head.updatedAt,
    kdf: {
      alg: ALG,
      opslimit: head.cost.opslimit,
      memlimit: head.cost.memlimit,
      salt: toBase64Url(head.salt),
    },
    aead: AEAD,
    nonce: toBase64Url(nonce),
  };
  const sealed = sealExtended({ key, nonce, aad: utf8(canonicalJson(clear)) }, plaintext);
  return canonicalJson({ ...clear, ct: toBase64Url(sealed) });
}
