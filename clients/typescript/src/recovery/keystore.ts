import { fromBase64UrlOf, toBase64Url } from '../base/base64url.js';
import { utf8, wipe } from '../base/bytes.js';
import { canonicalJson } from '../base/canonical_json.js';
import { KronborgError } from '../base/error.js';
import { fromStrictHex, toHex } from '../base/hex.js';
import { parseObject } from '../base/json.js';
import { Members, U53_MAX, WrongMember, readMembers } from '../base/members.js';
import { Secret } from '../base/secret.js';
import { type Random, systemRandom } from '../base/sources.js';
import { scalarCount } from '../base/text.js';
import { sameAddress } from '../identity/address.js';
import { MasterKey } from '../identity/master_key.js';
import { SEAL_COST, openSealedFile, readSealedFile, writeSealedFile } from './sealed_file.js';
import { type Stretch, type StretchCost, argon2id } from './stretch.js';

const PASSPHRASE_MIN = 8;

/** What a keystore holds besides the master: the key of the bundle, for rewriting it. */
export interface KeystoreContents {
  readonly master: MasterKey;
  readonly recovery: {
    readonly generation: number;
    readonly key: Secret;
    readonly salt: Uint8Array;
  };
}

function passwordOf(passphrase: string): Uint8Array {
  const text = passphrase.normalize('NFC');
  if (scalarCount(text) < PASSPHRASE_MIN) {
    throw new KronborgError('passphrase_too_short', 'A passphrase has at least 8 characters.');
  }
  return utf8(text);
}

/**
 * Opens a passphrase keystore (docs/protocol/identity.md sections 13 and 14.2).
 * `bundle_unsupported`, `wrong_passphrase`, `bundle_mismatch`, `passphrase_too_short`.
 */
export async function openKeystore(
  text: string | Uint8Array,
  passphrase: string,
  stretch: Stretch = argon2id,
): Promise<KeystoreContents> {
  const file = readSealedFile(text, 'kronborg-keystore');
  const password = passwordOf(passphrase);
  const key = await stretch(password, file.salt, file.cost);
  const plaintext = openSealedFile(file, key);
  wipe(password, key);
  if (plaintext === undefined) {
    throw new KronborgError('wrong_passphrase', 'That passphrase does not open this keystore.');
  }
  const contents = readMembers(parseObject(plaintext), readAll);
  wipe(plaintext);
  if (contents === undefined || !sameAddress(contents.master.address, file.address)) {
    throw new KronborgError('bundle_mismatch', 'The keystore opens, but its contents do not fit.');
  }
  return contents;
}

/** The text of a new keystore file. Times are Unix seconds. */
export async function writeKeystore(
  contents: KeystoreContents,
  passphrase: string,
  times: { readonly createdAt: number; readonly updatedAt: number },
  options: {
    readonly stretch?: Stretch;
    readonly random?: Random;
    readonly cost?: StretchCost;
  } = {},
): Promise<string> {
  const random = options.random ?? systemRandom;
  const salt = random(16);
  const cost = options.cost ?? SEAL_COST;
  const password = passwordOf(passphrase);
  const key = await (options.stretch ?? argon2id)(password, salt, cost);
  const { generation, key: bundleKey, salt: bundleSalt } = contents.recovery;
  const plaintext = utf8(
    canonicalJson({
      v: 1,
      master: contents.master.use(toHex),
      recovery: { generation, key: bundleKey.use(toHex), salt: toBase64Url(bundleSalt) },
    }),
  );
  const { address } = contents.master;
  const head = { format: 'kronborg-keystore', address, ...times, cost, salt } as const;
  const text = writeSealedFile(head, key, plaintext, random);
  wipe(password, key, plaintext);
  return text;
}

function bytes32(digits: string): Uint8Array {
  const bytes = fromStrictHex(digits);
  if (bytes?.length !== 32) throw new WrongMember();
  return bytes;
}

function readAll(members: Members): KeystoreContents {
  const recovery = new Members(members.nested('recovery'));
  const salt = fromBase64UrlOf(16, recovery.string('salt'));
  if (members.unsigned('v', U53_MAX) !== 1n || salt === undefined) throw new WrongMember();
  const master = bytes32(members.string('master'));
  const contents = {
    master: MasterKey.fromBytes(master),
    recovery: {
      generation: Number(recovery.unsigned('generation', U53_MAX)),
      key: Secret.take(bytes32(recovery.string('key'))),
      salt,
    },
  };
  wipe(master);
  return contents;
}
