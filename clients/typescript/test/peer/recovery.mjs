import {
  SEAL_COST,
  Secret,
  deriveBundleKey,
  newRecoveryCode,
  openKeystore,
  openRecoveryBundle,
  readContents,
  recoveryCodeDigits,
  writeContents,
  writeKeystore,
  writeRecoveryBundle,
} from '@kronborg/client';
import { bytes, hex, masterOf, utf8 } from './values.mjs';

const costOf = ({ opslimit = SEAL_COST.opslimit, memlimit = SEAL_COST.memlimit }) => ({
  opslimit,
  memlimit,
});
const text = (data) => new TextDecoder().decode(data);

export const recovery = {
  new_code: () => ({ code: newRecoveryCode() }),
  read_code: ({ text: given }) => ({ digits: recoveryCodeDigits(given) }),
  async bundle_make(request) {
    const { master } = JSON.parse(request.contents);
    const contents = readContents(utf8(request.contents), masterOf(master).address);
    const { generation, created_at: createdAt, updated_at: updatedAt } = request;
    const bundleKey = await deriveBundleKey(request.code, { cost: costOf(request) });
    return { file: writeRecoveryBundle({ contents, generation, createdAt, updatedAt }, bundleKey) };
  },
  async bundle_open({ file, code }) {
    const { contents, generation } = await openRecoveryBundle(file, code);
    return {
      contents: text(writeContents(contents)),
      address: contents.master.address,
      generation,
    };
  },
  async keystore_make(request) {
    const { generation, key, salt, passphrase } = request;
    const contents = {
      master: masterOf(request.master),
      recovery: { generation, key: Secret.take(bytes(key)), salt: bytes(salt) },
    };
    const times = { createdAt: request.created_at, updatedAt: request.updated_at };
    return { file: await writeKeystore(contents, passphrase, times, { cost: costOf(request) }) };
  },
  async keystore_open({ file, passphrase }) {
    const { master, recovery: held } = await openKeystore(file, passphrase);
    return {
      master: master.use(hex),
      generation: held.generation,
      key: held.key.use(hex),
      salt: hex(held.salt),
    };
  },
};
