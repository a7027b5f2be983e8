// Device ids and device evidence (docs/protocol/identity.md section 12).
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe as suite, test } from 'node:test';

import { SoftwareDevice, deviceIdOf, keyIdOf } from '@kronborg/client';
import {
  verifyAppAttestAssertion,
  verifyAppAttestation,
  verifySoftwareRegistration,
  verifyTpmRegistration,
} from '@kronborg/client/host';
import { bytes, codeOf, fromBase64Url, hex, vectors } from './support.mjs';

const rows = vectors('devices');
const der = (pem) => Uint8Array.from(Buffer.from(pem.replace(/-----[^-]+-----/g, ''), 'base64'));

test('the built-in root of the vectors is the one the page names', async () => {
  const digest = await import('node:crypto').then(({ createHash }) =>
    createHash('sha256').update(der(rows.roots.apple)).digest('hex'),
  );
  assert.equal(digest, '1cb9823ba28ba6ad2d33a006941de2ae4f513ef1d4e831b9f7e0fa7b6242c932');
});

suite('device ids', () => {
  for (const { key_id, dev } of rows.device_ids) {
    test(JSON.stringify(key_id), () => assert.equal(deviceIdOf(key_id), dev));
  }
});

suite('App Attest attestations', () => {
  for (const row of rows.app_attest) {
    test(`${row.id} ${row.name}`, () => {
      const input = {
        attestation: fromBase64Url(row.attestation_b64u),
        keyId: row.key_id,
        clientDataHash: bytes(row.client_data_hash_hex),
        root: der(rows.roots[row.root]),
        appIds: row.app_ids,
        environments: row.environments,
        at: row.at,
      };
      if (!row.expect.ok) {
        assert.equal(
          codeOf(() => verifyAppAttestation(input)),
          row.expect.code,
        );
        return;
      }
      const { id, publicKey, appId, environment } = verifyAppAttestation(input);
      const { dev, public_key_hex, app_id, environment: wanted } = row.expect;
      assert.deepEqual(
        [id, hex(publicKey), appId, environment],
        [dev, public_key_hex, app_id, wanted],
      );
    });
  }
});

suite('App Attest assertions', () => {
  for (const row of rows.assertions) {
    test(row.name, () => {
      const count = verifyAppAttestAssertion({
        assertion: fromBase64Url(row.assertion_b64u),
        appId: row.app_id,
        publicKey: bytes(row.public_key_hex),
        clientDataHash: bytes(row.client_data_hash_hex),
        lastCount: row.last_count,
      });
      assert.equal(count, row.expect.ok ? row.expect.count : undefined);
    });
  }
});

suite('TPM registrations', () => {
  for (const row of rows.tpm) {
    test(row.name, () => {
      const input = {
        challenge: fromBase64Url(row.challenge_b64u),
        devicePublic: bytes(row.device_public_hex),
        akPublic: bytes(row.ak_public_hex),
        certify: bytes(row.attest_hex),
        signature: bytes(row.signature_hex),
        proof: row.proof_b64u,
      };
      if (!row.expect.ok) {
        assert.equal(
          codeOf(() => verifyTpmRegistration(input)),
          row.expect.code,
        );
        return;
      }
      const { id, keyId, publicKey } = verifyTpmRegistration(input);
      const { dev, key_id, public_key_hex } = row.expect;
      assert.deepEqual([id, keyId, hex(publicKey)], [dev, key_id, public_key_hex]);
    });
  }
});

suite('software registrations', () => {
  for (const row of rows.software) {
    test(row.name, () => {
      const register = () =>
        verifySoftwareRegistration(
          bytes(row.public_key_hex),
          fromBase64Url(row.challenge_b64u),
          row.proof_b64u,
        );
      if (!row.expect.ok) {
        assert.equal(codeOf(register), row.expect.code);
        return;
      }
      const { id, keyId } = register();
      assert.deepEqual([id, keyId], [row.expect.dev, row.expect.key_id]);
    });
  }
  test('a device made here registers', () => {
    const device = SoftwareDevice.create();
    const challenge = new Uint8Array(32).fill(9);
    const proof = Buffer.from(device.prove(challenge)).toString('base64url');
    const registered = verifySoftwareRegistration(device.publicKey, challenge, proof);
    assert.deepEqual([registered.id, registered.keyId], [device.id, keyIdOf(device.publicKey)]);
  });
});

test('the genuine sample is whole in the repository', () => {
  const path = new URL('../../../testdata/vectors/sources/app_attest_sample.json', import.meta.url);
  assert.ok(Object.keys(JSON.parse(readFileSync(path, 'utf8'))).length > 0);
});
