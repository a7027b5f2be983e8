// Addresses, envelopes, derived keys and words (docs/protocol/identity.md sections 1 to 4).
import assert from 'node:assert/strict';
import { describe as suite, test } from 'node:test';

import {
  MasterKey,
  PREFIX,
  Secret,
  SigningKey,
  addressOfPrivateKey,
  addressOfPublicKey,
  agentMessage,
  canonicalJson,
  checksumAddress,
  connectMessage,
  deriveKey,
  envelope,
  envelopeDigest,
  fromBase64Url,
  fromHex,
  fromStrictHex,
  keccak256,
  masterOfWords,
  pairingMessage,
  recoverSigner,
  sameAddress,
  signEnvelope,
  toBase64Url,
  toHex,
  wordsOfMaster,
} from '@kronborg/client';
import { bytes, codeOf, hex, vectors } from './support.mjs';

suite('keccak.json', () => {
  for (const { name, input_hex, digest_hex } of vectors('keccak').cases) {
    test(name, () => assert.equal(hex(keccak256(bytes(input_hex))), digest_hex));
  }
});

suite('addresses.json', () => {
  const { keys, checksums, invalid_private_keys, equal_addresses } = vectors('addresses');
  for (const { name, private_key_hex, public_key_hex, address } of keys) {
    test(name, () => {
      assert.equal(addressOfPrivateKey(bytes(private_key_hex)), address);
      assert.equal(addressOfPublicKey(bytes(public_key_hex)), address);
      assert.equal(SigningKey.fromBytes('agent', bytes(private_key_hex)).address, address);
    });
  }
  for (const { input, address } of checksums) {
    test(`casing of ${input}`, () => assert.equal(checksumAddress(input), address));
  }
  for (const digits of invalid_private_keys) {
    test(`no private key: ${digits}`, () => {
      assert.equal(
        codeOf(() => addressOfPrivateKey(bytes(digits))),
        'not_a_key',
      );
      assert.equal(
        codeOf(() => MasterKey.fromBytes(bytes(digits))),
        'not_a_key',
      );
      assert.equal(
        codeOf(() => signEnvelope(bytes(digits), PREFIX.access, '')),
        'not_a_key',
      );
    });
  }
  for (const { a, b, equal } of equal_addresses) {
    test(`${a} and ${b}`, () => assert.equal(sameAddress(a, b), equal));
  }
  test('what is no address', () => {
    for (const bad of ['', '0x', '0x00', `0x${'g'.repeat(40)}`, '0'.repeat(41)]) {
      assert.equal(
        codeOf(() => checksumAddress(bad)),
        'address_malformed',
      );
    }
  });
});

suite('agent_keys.json', () => {
  const messageOf = (row) => {
    if (row.kind === 'pairing') return pairingMessage();
    return row.kind === 'connect'
      ? connectMessage(row.device_id)
      : agentMessage(row.scope, row.index);
  };
  const signerOf = (master, row) => {
    if (row.kind === 'pairing') return master.pairingKey();
    return row.kind === 'connect'
      ? master.connectKey(row.device_id)
      : master.agentKey(row.scope, row.index);
  };
  for (const [i, row] of vectors('agent_keys').cases.entries()) {
    test(`${i}: ${row.kind} ${row.scope ?? row.device_id ?? ''} ${row.index ?? ''}`, () => {
      const message = messageOf(row);
      assert.equal(hex(message), row.message_hex);
      assert.equal(hex(deriveKey(bytes(row.master_hex), message)), row.private_key_hex);
      assert.equal(signerOf(MasterKey.fromBytes(bytes(row.master_hex)), row).address, row.address);
    });
  }
  test('an index has 32 bits', () => {
    for (const bad of [-1, 2 ** 32, 1.5]) {
      assert.equal(
        codeOf(() => agentMessage('', bad)),
        'index_out_of_range',
      );
    }
  });
});

suite('mnemonic.json', () => {
  const { cases, accepted_spellings, invalid } = vectors('mnemonic');
  for (const { name, entropy_hex, words, address } of cases) {
    test(name, () => {
      assert.equal(wordsOfMaster(bytes(entropy_hex)), words);
      const master = MasterKey.fromWords(words);
      assert.equal(master.address, address);
      assert.equal(master.toWords(), words);
    });
  }
  for (const { input, entropy_hex } of accepted_spellings) {
    test(JSON.stringify(input.slice(0, 40)), () =>
      assert.equal(hex(masterOfWords(input)), entropy_hex),
    );
  }
  for (const [i, { input, error, word }] of invalid.entries()) {
    test(`${i}: ${error} ${word ?? ''}`, () => {
      assert.equal(
        codeOf(() => masterOfWords(input)),
        error,
      );
      if (word !== undefined) assert.throws(() => masterOfWords(input), { details: { word } });
    });
  }
});

suite('envelope.json', () => {
  const { sign, recover, strict_hex, base64url } = vectors('envelope');
  for (const [i, row] of sign.entries()) {
    test(`signed ${i}: ${row.prefix}`, () => {
      const payload = bytes(row.payload_hex);
      assert.equal(hex(envelope(row.prefix, payload)), row.preimage_hex);
      assert.equal(hex(envelopeDigest(row.prefix, payload)), row.digest_hex);
      assert.equal(
        hex(signEnvelope(bytes(row.private_key_hex), row.prefix, payload)),
        row.signature_hex,
      );
      assert.equal(recoverSigner(row.prefix, payload, bytes(row.signature_hex)), row.address);
    });
  }
  for (const { name, prefix, payload_hex, signature_hex, expect } of recover) {
    test(`recovered: ${name}`, () => {
      const signer = recoverSigner(prefix, bytes(payload_hex), bytes(signature_hex));
      assert.equal(signer, expect.address);
      assert.equal(signer === undefined, expect.error === 'Signature recovery failed');
    });
  }
  for (const { input, strict_ok } of strict_hex) {
    test(`strict hex "${input}"`, () =>
      assert.equal(fromStrictHex(input) !== undefined, strict_ok));
  }
  for (const { bytes_hex, text } of base64url.good) {
    test(`base64url "${text}"`, () => {
      assert.equal(toBase64Url(bytes(bytes_hex)), text);
      assert.equal(hex(fromBase64Url(text)), bytes_hex);
    });
  }
  for (const bad of base64url.bad) {
    test(`not base64url ${JSON.stringify(bad)}`, () => assert.equal(fromBase64Url(bad), undefined));
  }
});

suite('what a key may sign', () => {
  const key = Uint8Array.from({ length: 32 }, (_, i) => i + 1);
  const redeem = 'osaurus-owner:redeem:0x00:nonce';
  const proof = 'kronborg identity proof v1\norigin: x';
  const allowed = {
    master: [PREFIX.access, PREFIX.message],
    agent: [
      PREFIX.access,
      PREFIX.message,
      PREFIX.pairingServer,
      PREFIX.invite,
      PREFIX.inviteWhole,
      PREFIX.channel,
    ],
    pairing: [PREFIX.pairing],
    connect: [PREFIX.channel],
  };
  const others = Object.values(PREFIX).filter((prefix) => prefix !== PREFIX.ethereum);
  for (const [kind, prefixes] of Object.entries(allowed)) {
    test(kind, () => {
      const signer = SigningKey.fromBytes(kind, key);
      for (const prefix of others) {
        const code = codeOf(() => signer.sign(prefix, 'x'));
        assert.equal(code, prefixes.includes(prefix) ? undefined : 'prefix_not_allowed', prefix);
      }
    });
  }
  for (const [kind, text, isAllowed] of [
    ['master', redeem, true],
    ['agent', redeem, false],
    ['master', proof, true],
    ['agent', proof, true],
    ['agent', 'kronborg artifact sign-off v1\nx', true],
    ['pairing', proof, false],
    ['connect', proof, false],
    ['master', 'send all my money', false],
  ]) {
    test(`${kind} under EIP-191: ${JSON.stringify(text)}`, () => {
      const code = codeOf(() => SigningKey.fromBytes(kind, key).sign(PREFIX.ethereum, text));
      assert.equal(code, isAllowed ? undefined : 'prefix_not_allowed');
    });
  }
});

suite('secrets', () => {
  test('are not printed, and end', () => {
    const held = Uint8Array.of(1, 2, 3);
    const secret = Secret.take(held);
    assert.equal(`${secret} ${JSON.stringify({ secret })}`, '[secret] {"secret":"[secret]"}');
    assert.equal(
      secret.use((lent) => lent.length),
      3,
    );
    secret.wipe();
    assert.deepEqual(held, Uint8Array.of(0, 0, 0));
    assert.equal(
      codeOf(() => secret.use(() => 0)),
      'secret_wiped',
    );
  });
  test('keys show their address only', () => {
    const signer = SigningKey.fromBytes('agent', bytes('11'.repeat(32)));
    assert.deepEqual(JSON.parse(JSON.stringify(signer)), {
      kind: 'agent',
      address: signer.address,
    });
    signer.wipe();
    assert.equal(
      codeOf(() => signer.sign(PREFIX.access, 'x')),
      'secret_wiped',
    );
  });
});

suite('encodings', () => {
  test('hex elsewhere takes either case and one prefix', () => {
    assert.equal(toHex(fromHex('0xDEADbeef')), 'deadbeef');
    for (const bad of ['0x0xde', 'd', '0Xde', 'zz', 'de ad']) assert.equal(fromHex(bad), undefined);
  });
  test('canonical JSON', () => {
    const value = {
      b: [1, -2, 18446744073709551615n, true, null],
      a: { é: '/"\\\b\u0001ø', z: undefined },
    };
    const a = String.raw`{"é":"\/\"\\\b\u0001ø"}`;
    const expected = `{"a":${a},"b":[1,-2,18446744073709551615,true,null]}`;
    assert.equal(canonicalJson(value), expected);
  });
  test('canonical JSON sorts by bytes, not by UTF-16 units', () => {
    // U+FF5E is before U+1F995 in UTF-8, and after its first surrogate in UTF-16.
    assert.equal(canonicalJson({ '\u{1f995}': 1, '\uff5e': 2 }), '{"\uff5e":2,"\u{1f995}":1}');
  });
  test('canonical JSON refuses what it cannot hold', () => {
    for (const bad of [1.5, NaN, 2 ** 53, '\ud800']) {
      assert.equal(
        codeOf(() => canonicalJson({ bad })),
        'json_not_canonical',
      );
    }
  });
});
