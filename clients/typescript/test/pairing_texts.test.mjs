// Proofs, words, invites and names of pairing against known answers (docs/protocol/pairing.md).
import assert from 'node:assert/strict';
import { describe as suite, test } from 'node:test';

import {
  ExchangeKey,
  PAIRING_WORDS,
  PREFIX,
  SigningKey,
  addressOfPrivateKey,
  addressWords,
  checkServerSignature,
  commitment,
  connectorText,
  inviteServerText,
  inviteText,
  opensCommitment,
  pairServerText,
  parseObject,
  readChallenge,
  readInvite,
  recoverHexSigner,
  redeemServerText,
  redeemText,
  serviceDescription,
  serviceInstance,
  shortWords,
  signEnvelope,
  signatureHex,
  toHex,
  wholeInviteText,
  writeInvite,
} from '@kronborg/client';
import { bytes, codeOf, fromBase64Url, utf8, vectors } from './support.mjs';

const rows = vectors('pairing');
const object = (value) => parseObject(utf8(JSON.stringify(value)));
const signer = (kind, digits) => SigningKey.fromBytes(kind, bytes(digits));

test('the word list', () => assert.deepEqual([...PAIRING_WORDS], rows.word_list));

suite('proofs', () => {
  for (const [i, row] of rows.connector_proofs.entries()) {
    test(`connector ${i}`, () => {
      assert.equal(connectorText(row.nonce, row.enc_pub ?? undefined), row.signed_text);
      const key = signer('pairing', row.private_key_hex);
      assert.equal(key.address, row.connector_address);
      assert.equal(key.signHex(PREFIX.pairing, row.signed_text), row.signature);
    });
  }
  const server = [
    ['server_proofs', (row) => pairServerText(row.agent_address, row.nonce)],
    ['invite_answers', (row) => inviteServerText(row.agent_address, row.nonce, row.enc_pub)],
    ['redeem_answers', (row) => redeemServerText(row.agent_address, row.nonce, row.enc_pub)],
  ];
  for (const [name, textOf] of server) {
    for (const [i, row] of rows[name].entries()) {
      test(`${name} ${i}`, () => {
        assert.equal(textOf(row), row.signed_text);
        const key = signer('agent', row.private_key_hex);
        assert.equal(key.address, row.agent_address);
        assert.equal(key.signHex(PREFIX.pairingServer, row.signed_text), row.server_signature);
      });
    }
  }
  for (const [i, row] of rows.owner_redeem.entries()) {
    test(`owner redeem ${i}`, () => {
      assert.equal(redeemText(row.agent_address, row.nonce), row.signed_text);
      const key = signer('master', row.private_key_hex);
      assert.equal(key.address, row.master_address);
      assert.equal(key.signHex(PREFIX.ethereum, row.signed_text), row.wallet_signature);
    });
  }
  for (const [i, row] of rows.eip191.entries()) {
    test(`EIP-191 ${i}`, () => {
      const made = signEnvelope(bytes(row.private_key_hex), PREFIX.ethereum, row.signed_text);
      assert.equal(signatureHex(made), row.signature);
      const recovered = recoverHexSigner(PREFIX.ethereum, row.signed_text, row.signature);
      assert.equal(recovered, addressOfPrivateKey(bytes(row.private_key_hex)));
    });
  }
});

suite('commitments and words', () => {
  for (const [i, row] of rows.commitments.entries()) {
    test(`commitment ${i}`, () => {
      const key = fromBase64Url(row.enc_pub);
      assert.equal(commitment(bytes(row.reveal_hex), row.connector_address, key), row.commit);
      assert.equal(`/pair/challenge?commit=${row.commit}`, row.challenge_target);
      assert.equal(opensCommitment(row.commit, row.reveal, row.connector_address, key), true);
      const other = row.commit.replace(/./, (letter) => (letter === 'A' ? 'B' : 'A'));
      assert.equal(opensCommitment(other, row.reveal, row.connector_address, key), false);
      assert.equal(opensCommitment(row.commit, undefined, row.connector_address, key), false);
    });
  }
  for (const [i, row] of rows.short_words.entries()) {
    test(`words ${i}`, () => {
      const { nonce, connector_address: connectorAddress, agent_address: agentAddress } = row;
      const words = shortWords({
        nonce,
        connectorAddress,
        agentAddress,
        encPub: row.enc_pub ?? '',
      });
      assert.equal(words ?? null, row.sas);
      assert.equal(addressWords(connectorAddress), row.connector_words);
      assert.equal(addressWords(agentAddress), row.agent_words);
    });
  }
});

suite('invites', () => {
  for (const [i, row] of rows.invites.entries()) {
    test(`invite ${i}`, () => {
      const { payload } = row;
      assert.equal(inviteText(payload.addr, payload.nonce, payload.exp), row.sig_text);
      assert.equal(wholeInviteText(object(payload)), row.sig2_text);
      const agent = signer('agent', row.private_key_hex);
      assert.equal(toHex(agent.sign(PREFIX.invite, row.sig_text)), payload.sig);
      assert.equal(toHex(agent.sign(PREFIX.inviteWhole, row.sig2_text)), payload.sig2);
      const order = { agent, name: payload.name, url: payload.url, expires: payload.exp };
      const nonce = fromBase64Url(payload.nonce);
      assert.equal(writeInvite({ ...order, description: payload.desc, nonce }), row.deep_link);
      const invite = readInvite(row.deep_link, payload.exp - 1);
      assert.deepEqual(JSON.parse(JSON.stringify(invite.payload)), payload);
      assert.equal(invite.isVerified, true);
      assert.equal(
        codeOf(() => readInvite(row.deep_link, payload.exp)),
        'invite_expired',
      );
    });
  }

  const link = (payload, address = payload.addr) => {
    const pair = Buffer.from(JSON.stringify(payload)).toString('base64url');
    return `osaurus://${address.toLowerCase()}?pair=${pair}`;
  };
  for (const { kind, name, request, expect } of rows.must_fail) {
    if (kind !== 'invite' || expect.code === 'encryption_key_invalid') continue;
    test(`a link is refused: ${name}`, () => {
      assert.equal(
        codeOf(() => readInvite(link(request), 1767225600)),
        expect.code,
      );
    });
  }
  for (const { kind, name, request } of rows.accepted) {
    if (kind !== 'invite') continue;
    test(`a link is read: ${name}`, () => {
      const invite = readInvite(link(request), 1767225600);
      assert.equal(invite.isVerified, request.sig2 !== undefined);
    });
  }
  test('a link of another address, and what is no link', () => {
    const { payload } = rows.invites[0];
    const other = `0x${'1'.repeat(40)}`;
    assert.equal(
      codeOf(() => readInvite(link(payload, other), 1)),
      'invite_signature_invalid',
    );
    const short = { ...payload, nonce: 'AAAA' };
    for (const bad of [
      '',
      'https://x/?pair=AA',
      `osaurus://${payload.addr}?pair=AA==`,
      link(short),
    ]) {
      assert.equal(
        codeOf(() => readInvite(bad, 1)),
        'invite_malformed',
      );
    }
  });
});

suite('names on the LAN', () => {
  for (const { name, id, instance } of rows.services) {
    test(instance, () => assert.equal(serviceInstance(name, id), instance));
  }
  for (const { input, output } of rows.descriptions) {
    test(input.slice(0, 20), () => assert.equal(serviceDescription(input), output));
  }
});

suite('what a connector judges', () => {
  const textOf = {
    pair_answer: (row) => pairServerText(row.agent_address, row.nonce),
    invite_answer: (row) => inviteServerText(row.agent_address, row.nonce, row.enc_pub),
    redeem_answer: (row) => redeemServerText(row.agent_address, row.nonce, row.enc_pub),
  };
  const judge = (row) => () => {
    if (row.kind === 'challenge_answer') return readChallenge(object(row.answer), false);
    const signature = row.server_signature ?? undefined;
    return checkServerSignature(signature, textOf[row.kind](row), row.agent_address, false);
  };
  const isOurs = ({ kind }) => kind.endsWith('_answer');
  for (const row of rows.must_fail.filter(isOurs)) {
    test(`refused, ${row.kind}: ${row.name}`, () => {
      const code = codeOf(judge(row));
      const isMissing = row.server_signature === null;
      if (row.kind !== 'challenge_answer') {
        assert.equal(code, isMissing ? 'server_signature_missing' : 'server_signature_invalid');
      } else {
        const isNonce = /^[0-9a-f]{64}$/.test(row.answer.nonce);
        assert.equal(code, isNonce ? 'commitment_missing' : 'challenge_answer_invalid');
      }
    });
  }
  for (const row of rows.accepted.filter(isOurs)) {
    test(`taken, ${row.kind}: ${row.name}`, () => assert.equal(codeOf(judge(row)), undefined));
  }
  test('consent takes an answer without a signature, never one with a wrong signature', () => {
    const row = rows.must_fail.find(
      ({ kind, name }) => kind === 'invite_answer' && name === 'signature cut',
    );
    const serverText = textOf.invite_answer(row);
    assert.equal(checkServerSignature(undefined, serverText, row.agent_address, true), false);
    const check = () =>
      checkServerSignature(row.server_signature, serverText, row.agent_address, true);
    assert.equal(codeOf(check), 'server_signature_invalid');
  });
  test('without comparing, a host that commits to nothing is taken', () => {
    const answer = { nonce: 'a1'.repeat(32) };
    assert.deepEqual(readChallenge(object(answer), true), {
      nonce: answer.nonce,
      isCommitted: false,
    });
    const committed = readChallenge(object({ ...answer, commit: true }), true);
    assert.equal(committed.isCommitted, true);
  });
});

test('an exchange key is new each time', () => {
  assert.notEqual(ExchangeKey.create().encPub, ExchangeKey.create().encPub);
});
