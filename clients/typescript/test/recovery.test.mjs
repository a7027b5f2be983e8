// Recovery codes, bundles and keystores (docs/protocol/identity.md section 14).
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe as suite, test } from 'node:test';

import {
  MasterKey,
  Secret,
  argon2id,
  deriveBundleKey,
  newRecoveryCode,
  openKeystore,
  openRecoveryBundle,
  openSealedFile,
  readContents,
  readSealedFile,
  recoveryCodeDigits,
  writeContents,
  writeKeystore,
  writeRecoveryBundle,
} from '@kronborg/client';
import { bytes, codeOf, codeOfAsync, hex, inThread, scripted, text, vectors } from './support.mjs';

const rows = vectors('recovery');

const isFull = process.env.KRONBORG_FULL_COST === '1';

/** Keys that the vectors give, by password and salt. */
const known = new Map(
  [...rows.bundles, ...rows.keystores].map(({ code, passphrase, file, key_hex }) => {
    const password = code === undefined ? passphrase : recoveryCodeDigits(code);
    return [`${password} ${file.kdf.salt}`, bytes(key_hex)];
  }),
);

/**
 * The derivations of the vectors. One takes many seconds, so that all but that of the first
 * bundle come from the vectors themselves, and a password they do not know gives some other key.
 * KRONBORG_FULL_COST=1 computes every one.
 */
function fromVectors(password, salt, cost) {
  assert.deepEqual(cost, { opslimit: 4, memlimit: 268_435_456 });
  if (isFull) return inThread(password, salt, cost);
  const key = known.get(`${text(password)} ${Buffer.from(salt).toString('base64url')}`);
  const other = createHash('sha256').update(password).update(salt).digest();
  return Uint8Array.from(key ?? other);
}

/** A cost at which a derivation takes no time: for files that are made and opened here. */
const cheap = { opslimit: 1, memlimit: 8192 };

suite('codes', () => {
  for (const { input, code } of rows.codes) {
    test(JSON.stringify(input), () => {
      if (code === null)
        assert.equal(
          codeOf(() => recoveryCodeDigits(input)),
          'recovery_code_format',
        );
      else assert.equal(recoveryCodeDigits(input), code);
    });
  }
  test('a new code', () => {
    const code = newRecoveryCode(() => bytes('0123456789abcdef'));
    assert.equal(code, 'OSAURUS-0123-4567-89AB-CDEF');
    assert.notEqual(newRecoveryCode(), newRecoveryCode());
  });
});

suite('files of the vectors', { concurrency: 2 }, () => {
  for (const [i, row] of rows.bundles.entries()) {
    const stretch = i === 0 ? inThread : fromVectors;
    test(row.name, async () => {
      const file = readSealedFile(JSON.stringify(row.file), 'kronborg-recovery');
      assert.equal(text(file.aad), row.aad);
      const opened = await openRecoveryBundle(JSON.stringify(row.file), row.code, stretch);
      opened.bundleKey.key.use((key) => assert.equal(hex(key), row.key_hex));
      assert.equal(text(writeContents(opened.contents)), row.plaintext);
      assert.equal(opened.generation, row.file.generation);
      assert.equal(opened.updatedAt, row.file.updated_at);
    });
    test(`${row.name}: the same file is written`, async () => {
      const opened = await openRecoveryBundle(JSON.stringify(row.file), row.code, stretch);
      const { bundleKey, ...order } = opened;
      const nonce = Buffer.from(row.file.nonce, 'base64url');
      const written = writeRecoveryBundle(order, bundleKey, scripted(nonce));
      assert.deepEqual(JSON.parse(written), row.file);
    });
  }
  for (const { name, code, file } of rows.must_not_open) {
    test(`must not open: ${name}`, async () => {
      const refused = await codeOfAsync(() =>
        openRecoveryBundle(JSON.stringify(file), code, fromVectors),
      );
      assert.equal(refused, 'recovery_code_wrong');
    });
  }
  for (const row of rows.keystores) {
    test('keystore', async () => {
      const opened = await openKeystore(JSON.stringify(row.file), row.passphrase, fromVectors);
      const plain = JSON.parse(row.plaintext);
      assert.equal(opened.master.address, row.file.address);
      assert.equal(opened.master.use(hex), plain.master);
      assert.equal(opened.recovery.key.use(hex), plain.recovery.key);
      assert.equal(opened.recovery.generation, plain.recovery.generation);
      const file = readSealedFile(JSON.stringify(row.file), 'kronborg-keystore');
      assert.equal(text(file.aad), row.aad);
      assert.equal(text(openSealedFile(file, bytes(row.key_hex))), row.plaintext);
    });
  }
});

suite('what is made here opens here', () => {
  const master = MasterKey.fromBytes(bytes('77'.repeat(32)));
  const agent = { id: 'a', name: 'ø "x"', index: 5, scope: 'a1b2c3d4' };
  const contents = {
    master,
    agents: [{ ...agent, address: master.agentKey(agent.scope, agent.index).address }],
    whitelist: { master: ['0x01'], agents: new Map([['0x02', ['0x03']]]) },
    revocations: [
      { iss: '0x04', nonce: 'n' },
      { iss: '0x05', nonce: 'm', exp: 7 },
    ],
    thresholds: new Map([['0x06', 2n ** 64n - 1n]]),
    counters: new Map(),
    indices: new Map([
      ['', 1],
      ['a1b2c3d4', 6],
    ]),
  };
  const order = { contents, generation: 3, createdAt: 10, updatedAt: 20 };
  const code = 'OSAURUS-0123-4567-89AB-CDEF';

  test('a bundle', async () => {
    const bundleKey = await deriveBundleKey(code, { cost: cheap });
    const file = writeRecoveryBundle(order, bundleKey);
    const opened = await openRecoveryBundle(file, code);
    assert.equal(opened.contents.master.address, master.address);
    assert.deepEqual(opened.contents.thresholds, contents.thresholds);
    assert.deepEqual(opened.contents.agents, contents.agents);
    assert.equal(opened.generation, 3);
    const other = newRecoveryCode();
    assert.equal(await codeOfAsync(() => openRecoveryBundle(file, other)), 'recovery_code_wrong');
    assert.notEqual(writeRecoveryBundle(order, bundleKey), file);
  });

  test('contents that do not fit are refused', () => {
    const plain = text(writeContents(contents));
    const read = (changed, address = master.address) =>
      codeOf(() => readContents(new TextEncoder().encode(changed), address));
    assert.equal(read(plain), undefined);
    assert.equal(read(plain, `0x${'1'.repeat(40)}`), 'bundle_mismatch');
    for (const [from, to] of [
      ['"index":5', '"index":6'],
      ['"v":1', '"v":2'],
      ['77777777', '7777777'],
      ['"18446744073709551615"', '"18446744073709551616"'],
      ['"18446744073709551615"', '1'],
      ['"0x03"', '3'],
    ]) {
      assert.ok(plain.includes(from), from);
      assert.equal(read(plain.replace(from, to)), 'bundle_mismatch', to);
    }
  });

  test('files of another kind are refused before any work', async () => {
    const file = JSON.parse(
      writeRecoveryBundle(order, await deriveBundleKey(code, { cost: cheap })),
    );
    const never = () => assert.fail('a key was derived');
    const refuse = async (changes) => {
      const changed = JSON.stringify({ ...file, ...changes });
      return codeOfAsync(() => openRecoveryBundle(changed, code, never));
    };
    const { kdf } = file;
    for (const changes of [
      { v: 2 },
      { format: 'kronborg-keystore' },
      { aead: 'aes256gcm' },
      { kdf: { ...kdf, alg: 'argon2i13' } },
      { kdf: { ...kdf, opslimit: 17 } },
      { kdf: { ...kdf, opslimit: 0 } },
      { kdf: { ...kdf, memlimit: 1_073_741_825 } },
      { kdf: { ...kdf, salt: 'AAAA' } },
      { nonce: 'AAAA' },
      { ct: 'AA==' },
      { extra: 1.5 },
    ]) {
      assert.equal(await refuse(changes), 'bundle_unsupported', JSON.stringify(changes));
    }
    assert.equal(
      await codeOfAsync(() => openRecoveryBundle('[]', code, never)),
      'bundle_unsupported',
    );
    const typo = 'OSAURUS-0123-4567-89AB-CDE';
    assert.equal(
      await codeOfAsync(() => openRecoveryBundle('', typo, never)),
      'recovery_code_format',
    );
  });

  test('a keystore', async () => {
    const salt = new Uint8Array(16).fill(3);
    const recovery = { generation: 2, key: Secret.take(new Uint8Array(32).fill(8)), salt };
    const times = { createdAt: 1, updatedAt: 2 };
    const file = await writeKeystore({ master, recovery }, 'pass\u0065\u0301phrase', times, {
      cost: cheap,
    });
    // The same passphrase with the accent as one character: NFC makes them one.
    const opened = await openKeystore(file, 'pass\u00e9phrase', argon2id);
    assert.equal(opened.master.address, master.address);
    assert.equal(opened.recovery.generation, 2);
    assert.equal(await codeOfAsync(() => openKeystore(file, 'passephrase')), 'wrong_passphrase');
    assert.equal(await codeOfAsync(() => openKeystore(file, 'seven77')), 'passphrase_too_short');
  });
});
