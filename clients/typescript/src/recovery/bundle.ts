import { utf8, wipe } from '../base/bytes.js';
import { KronborgError } from '../base/error.js';
import { Secret } from '../base/secret.js';
import { type Random, systemRandom } from '../base/sources.js';
import { recoveryCodeDigits } from './code.js';
import { type BundleContents, readContents, writeContents } from './contents.js';
import {
  SEAL_COST,
  type SealedHead,
  openSealedFile,
  readSealedFile,
  writeSealedFile,
} from './sealed_file.js';
import { type Stretch, type StretchCost, argon2id } from './stretch.js';

/** The derived key of a bundle with its salt: a bundle is rewritten with it, without the code. */
export interface BundleKey {
  readonly key: Secret;
  /** 16 bytes. */
  readonly salt: Uint8Array;
  readonly cost: StretchCost;
}

export interface OpenedBundle {
  readonly contents: BundleContents;
  readonly generation: number;
  /** Unix seconds; what was revoked later is not in the bundle. */
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly bundleKey: BundleKey;
}

export interface BundleOrder {
  readonly contents: BundleContents;
  readonly generation: number;
  /** Unix seconds. */
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** Derives the key of a code: for a new bundle with a new salt. `recovery_code_format`. */
export async function deriveBundleKey(
  code: string,
  options: {
    readonly salt?: Uint8Array;
    readonly cost?: StretchCost;
    readonly stretch?: Stretch;
    readonly random?: Random;
  } = {},
): Promise<BundleKey> {
  const salt = options.salt ?? (options.random ?? systemRandom)(16);
  const cost = options.cost ?? SEAL_COST;
  const password = utf8(recoveryCodeDigits(code));
  const key = await (options.stretch ?? argon2id)(password, salt, cost);
  wipe(password);
  return { key: Secret.take(key), salt, cost };
}

/**
 * Opens a bundle with its code (docs/protocol/identity.md section 14). `recovery_code_format`,
 * `bundle_unsupported`, `recovery_code_wrong` when the code does not open it, `bundle_mismatch`
 * when what is inside does not give the addresses that it names.
 */
export async function openRecoveryBundle(
  text: string | Uint8Array,
  code: string,
  stretch: Stretch = argon2id,
): Promise<OpenedBundle> {
  const digits = recoveryCodeDigits(code);
  const file = readSealedFile(text, 'kronborg-recovery');
  const bundleKey = await deriveBundleKey(digits, { salt: file.salt, cost: file.cost, stretch });
  const plaintext = bundleKey.key.use((key) => openSealedFile(file, key));
  if (plaintext === undefined) {
    bundleKey.key.wipe();
    throw new KronborgError('recovery_code_wrong', 'That recovery code does not open this bundle.');
  }
  try {
    const contents = readContents(plaintext, file.address);
    const { createdAt, updatedAt } = file;
    return { contents, generation: file.generation ?? 1, createdAt, updatedAt, bundleKey };
  } finally {
    wipe(plaintext);
  }
}

/** The text of `recovery.json` for these contents. */
export function writeRecoveryBundle(
  order: BundleOrder,
  bundleKey: BundleKey,
  random: Random = systemRandom,
): string {
  const head: SealedHead = {
    format: 'kronborg-recovery',
    address: order.contents.master.address,
    generation: order.generation,
    createdAt: order.createdAt,
    updatedAt: order.updatedAt,
    cost: bundleKey.cost,
    salt: bundleKey.salt,
  };
  const plaintext = writeContents(order.contents);
  const text = bundleKey.key.use((key) => writeSealedFile(head, key, plaintext, random));
  wipe(plaintext);
  return text;
}
