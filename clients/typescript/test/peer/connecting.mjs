import {
  PairingAttempt,
  SecureChannel,
  SoftwareDevice,
  greetHost,
  pairWithCode,
  readInvite,
  redeemAsOwner,
  redeemInvite,
  signedFetch,
  unpair,
} from '@kronborg/client';
import { bytes, held, hex, keep, masterOf } from './values.mjs';

const redeemed = ({ apiKey, agentName, baseUrl, isSigned }) => ({
  api_key: apiKey,
  agent_name: agentName ?? null,
  base_url: baseUrl ?? null,
  is_signed: isSigned,
});

const content = (body) => (body === undefined ? {} : { body: bytes(body) });

async function whole(answer) {
  const body = hex(new Uint8Array(await answer.arrayBuffer()));
  return { status: answer.status, content_type: answer.headers.get('content-type'), body };
}

export const connecting = {
  async connect({ url, agent_address, agent_id, master, no_compare = false }) {
    const attempt = await PairingAttempt.begin({
      host: url,
      agentAddress: agent_address,
      agentId: agent_id,
      pairingKey: masterOf(master).pairingKey(),
      noCompare: no_compare,
    });
    return {
      handle: keep(attempt),
      words: attempt.words ?? null,
      connector_address: attempt.connectorAddress,
      connector_words: attempt.connectorWords,
    };
  },
  async connect_finish({ handle }) {
    const { apiKey, isPermanent } = await held(handle).complete();
    return { api_key: apiKey, is_permanent: isPermanent };
  },
  async redeem_invite({ link, now, accept_unsigned = false }) {
    return redeemed(await redeemInvite(readInvite(link, now), { acceptUnsigned: accept_unsigned }));
  },
  async redeem_owner({
    url,
    agent_address,
    master,
    device_id,
    device_name,
    accept_unsigned = false,
  }) {
    const order = {
      host: url,
      agentAddress: agent_address,
      master: masterOf(master).signer(),
      deviceId: device_id,
      deviceName: device_name,
    };
    return redeemed(await redeemAsOwner(order, { acceptUnsigned: accept_unsigned }));
  },
  hello: ({ url }) => greetHost(url),
  async pair_code({ url, code, device_id, device_name }) {
    const paired = await pairWithCode({
      host: url,
      code,
      deviceId: device_id,
      deviceName: device_name,
    });
    return {
      api_key: paired.apiKey,
      agents: paired.agents,
      host_name: paired.hostName,
      key_expires_at: paired.keyExpiresAt,
    };
  },
  unpair: ({ url, api_key }) => unpair(url, api_key),
  open_channel: ({ url, agent_address }) => ({
    handle: keep(new SecureChannel({ host: url, agentAddress: agent_address })),
  }),
  async channel_fetch({ handle, method = 'GET', path, headers = {}, body }) {
    return whole(await held(handle).fetch(path, { method, headers, ...content(body) }));
  },
  async signed_fetch({ url, master, device_key, scope, index, method = 'GET', body }) {
    const owner = masterOf(master);
    const isAgent = index !== undefined;
    const ask = signedFetch({
      signer: isAgent ? owner.agentKey(scope ?? '', index) : owner.signer(),
      device: SoftwareDevice.fromBytes(bytes(device_key)),
      parent: isAgent ? { master: owner.address, index } : undefined,
    });
    return whole(await ask(url, { method, ...content(body) }));
  },
};
