// Sealing (docs/protocol/pairing.md section 4).
import assert from 'node:assert/strict';
import { describe as suite, test } from 'node:test';

import {
  ExchangeKey,
  hpkeKeySchedule,
  hpkeOpen,
  hpkeSeal,
  hpkeSharedSecret,
  sealInfo,
  systemRandom,
  usableEncPub,
} from '@kronborg/client';
import { bytes, codeOf, fromBase64Url, hex, text, utf8, vectors } from './support.mjs';

const rows = vectors('hpke');

suite('cases', () => {
  for (const row of rows.cases) {
    test(row.name, () => {
      if (row.agent_address) assert.equal(sealInfo(row.agent_address, row.nonce), row.info);
      const recipient = ExchangeKey.fromBytes(bytes(row.recipient_private_hex));
      const ephemeral = ExchangeKey.fromBytes(bytes(row.ephemeral_private_hex));
      assert.equal(recipient.encPub, row.recipient_public_b64u);
      const dh = ephemeral.sharedWith(recipient.publicKey);
      const shared = hpkeSharedSecret(dh, ephemeral.publicKey, recipient.publicKey);
      assert.equal(hex(shared), row.shared_secret_hex);
      const { key, nonce } = hpkeKeySchedule(shared, utf8(row.info));
      assert.deepEqual([hex(key), hex(nonce)], [row.key_hex, row.base_nonce_hex]);
      const sealed = hpkeSeal(
        recipient.publicKey,
        row.info,
        utf8(row.plaintext),
        systemRandom,
        ephemeral,
      );
      assert.deepEqual(sealed, { enc: row.enc, ct: row.ct });
      assert.equal(text(hpkeOpen(recipient, row.info, sealed)), row.plaintext);
    });
  }
});

suite('must not open', () => {
  for (const { name, recipient_private_hex, info, enc, ct } of rows.must_not_open) {
    test(name, () => {
      const recipient = ExchangeKey.fromBytes(bytes(recipient_private_hex));
      assert.equal(hpkeOpen(recipient, info, { enc, ct }), undefined);
    });
  }
});

suite('keys that are refused', () => {
  for (const key of rows.refused_public_keys) {
    test(key, () => {
      assert.equal(usableEncPub(key), undefined);
      const raw = fromBase64Url(key);
      if (raw.length === 32 && !key.includes('=')) {
        assert.equal(
          codeOf(() => hpkeSeal(raw, 'info', utf8('x'))),
          'encryption_key_invalid',
        );
      }
    });
  }
});

test('a message sealed with a drawn key opens for its recipient only', () => {
  const recipient = ExchangeKey.create();
  const one = hpkeSeal(recipient.publicKey, 'info', utf8('osk-v1.a.b'));
  const other = hpkeSeal(recipient.publicKey, 'info', utf8('osk-v1.a.b'));
  assert.notEqual(one.enc, other.enc);
  assert.equal(text(hpkeOpen(recipient, 'info', one)), 'osk-v1.a.b');
  assert.equal(hpkeOpen(ExchangeKey.create(), 'info', one), undefined);
  assert.equal(hpkeOpen(recipient, 'other', one), undefined);
});
