import {
  ExchangeKey,
  Spake2,
  addressWords,
  commitment,
  connectorText,
  fromBase64Url,
  hpkeOpen,
  hpkeSeal,
  inviteServerText,
  inviteText,
  openAnswer,
  openOnPhone,
  opensCommitment,
  pairServerText,
  readInvite,
  redeemServerText,
  redeemText,
  sealForPhone,
  sealInfo,
  shortWords,
  systemRandom,
  writeInvite,
} from '@kronborg/client';
import { bytes, held, hex, keep, orNull, signer, strictObject } from './values.mjs';

const exchangeKey = (digits) =>
  digits ? ExchangeKey.fromBytes(bytes(digits)) : ExchangeKey.create(systemRandom);

const serverTexts = {
  pair: ({ agent_address, nonce }) => pairServerText(agent_address, nonce),
  invite: ({ agent_address, nonce, enc_pub }) => inviteServerText(agent_address, nonce, enc_pub),
  redeem: ({ agent_address, nonce, enc_pub }) => redeemServerText(agent_address, nonce, enc_pub),
};

const sealing = {
  exchange_key({ private_key }) {
    const secret = private_key ?? hex(systemRandom(32));
    return { private_key: secret, enc_pub: exchangeKey(secret).encPub };
  },
  hpke_seal({ enc_pub, info, plaintext, ephemeral }) {
    const recipient = fromBase64Url(enc_pub);
    return hpkeSeal(recipient, info, bytes(plaintext), systemRandom, exchangeKey(ephemeral));
  },
  hpke_open: ({ private_key, info, enc, ct }) => ({
    plaintext: orNull(hpkeOpen(exchangeKey(private_key), info, { enc, ct })),
  }),
};

const prompts = {
  texts: ({ nonce, enc_pub, agent_address, exp }) => ({
    connector: connectorText(nonce, enc_pub),
    pair_server: pairServerText(agent_address, nonce),
    ...(exp === undefined ? {} : { invite: inviteText(agent_address, nonce, exp) }),
    invite_server: inviteServerText(agent_address, nonce, enc_pub),
    redeem: redeemText(agent_address, nonce),
    redeem_server: redeemServerText(agent_address, nonce, enc_pub),
    seal_info: sealInfo(agent_address, nonce),
  }),
  pairing_words({ nonce, connector_address, agent_address, enc_pub }) {
    const input = {
      nonce,
      connectorAddress: connector_address,
      agentAddress: agent_address,
      encPub: enc_pub,
    };
    return {
      sas: shortWords(input) ?? null,
      connector_words: addressWords(connector_address),
      agent_words: addressWords(agent_address),
    };
  },
  commit: ({ reveal, connector_address, enc_pub }) => ({
    commit: commitment(bytes(reveal), connector_address, fromBase64Url(enc_pub)),
  }),
  opens: ({ commit, reveal, connector_address, enc_pub }) => ({
    opens: opensCommitment(commit, reveal, connector_address, fromBase64Url(enc_pub)),
  }),
  open_answer({ answer, kind, agent_address, nonce, private_key, accept_unsigned = false }) {
    const key = exchangeKey(private_key);
    const paired = openAnswer(strictObject(answer), {
      agentAddress: agent_address,
      nonce,
      key,
      acceptUnsigned: accept_unsigned,
      serverText: serverTexts[kind]({ agent_address, nonce, enc_pub: key.encPub }),
    });
    return { api_key: paired.apiKey, is_signed: paired.isSigned };
  },
  invite_write({ private_key, name, description, url, exp, nonce }) {
    const agent = signer('agent', private_key);
    return {
      link: writeInvite({ agent, name, description, url, expires: exp, nonce: bytes(nonce) }),
    };
  },
  invite_read({ link, now }) {
    const { agentAddress, payload, isVerified } = readInvite(link, now);
    return { agent_address: agentAddress, payload, is_verified: isVerified };
  },
};

const codes = {
  spake2({ role, code, secret }) {
    const side = new Spake2(role, code, systemRandom, secret ? bytes(secret) : undefined);
    return { handle: keep(side), share: hex(side.share) };
  },
  spake2_finish({ handle, share, device_id, device_name }) {
    const names = { deviceId: device_id, deviceName: device_name };
    const { session, confirmHost, confirmPhone } = held(handle).finish(bytes(share), names);
    return {
      session: hex(session),
      confirm_host: hex(confirmHost),
      confirm_phone: hex(confirmPhone),
    };
  },
  phone_seal: ({ session, device_id, plaintext }) => ({
    sealed: sealForPhone(bytes(session), device_id, bytes(plaintext)),
  }),
  phone_open: ({ session, device_id, sealed }) => ({
    plaintext: orNull(openOnPhone(bytes(session), device_id, sealed)),
  }),
};

export const pairing = { ...sealing, ...prompts, ...codes };
