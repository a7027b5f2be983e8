import {
  MemoryPolicy,
  SoftwareDevice,
  mintAccessKey,
  readAccessKey,
  signRequestToken,
  systemRandom,
  toBase64Url,
  verifyAccessKey,
  verifyRequestToken,
} from '@kronborg/client';
import { bytes, hex, signer } from './values.mjs';

/** 64-bit numbers as text. */
const plain = (value) =>
  JSON.parse(
    JSON.stringify(value, (_, item) => (typeof item === 'bigint' ? item.toString() : item)),
  );

function policyOf({ master, agents, whitelist, revoked = [], thresholds = {} }) {
  const counters = Object.entries(thresholds).map(([issuer, value]) => [issuer, BigInt(value)]);
  return new MemoryPolicy({
    master,
    agents,
    whitelist,
    revoked,
    thresholds: Object.fromEntries(counters),
  });
}

function recordOf(device) {
  return {
    kind: device.kind,
    publicKey: device.public_key_hex ? bytes(device.public_key_hex) : undefined,
    revoked: device.revoked,
    appId: device.app_id ?? undefined,
    signCount: device.sign_count ?? undefined,
  };
}

/** The state of a host as testdata/vectors/request_token.json writes it. */
function hostOf(given) {
  const { master, whitelist } = given;
  const indices = new Map(given.agents.map(({ address, index }) => [address.toLowerCase(), index]));
  return {
    policy: policyOf({ master, whitelist, agents: given.agents.map(({ address }) => address) }),
    master,
    agentIndex: (address) => indices.get(address),
    now: given.now,
    processStart: given.process_start,
    hostNames: given.host_names,
    allowUnattested: given.allow_unattested,
    device(id, issuer) {
      const fits = (one) => one.dev === id && one.issuer.toLowerCase() === issuer;
      const found = given.devices.find(fits);
      return found && recordOf(found);
    },
    take(use) {
      const last = given.last_cnt[`${use.issuer}|${use.device}`];
      return last === undefined || use.counter > BigInt(last);
    },
  };
}

export const credentials = {
  mint({ private_key, kind, aud, cnt, iat, exp, lbl, nonce }) {
    const order = {
      signer: signer(kind, private_key),
      audience: aud,
      counter: BigInt(cnt),
      issuedAt: iat,
      expiresAt: exp,
      label: lbl,
      nonce,
    };
    return plain(mintAccessKey(order));
  },
  read_key({ token }) {
    const read = readAccessKey(token);
    return 'outcome' in read ? { refused: read.code } : plain(read);
  },
  verify_key: ({ token, now, authority }) =>
    plain(verifyAccessKey(token, policyOf(authority), now)),
  device({ private_key }) {
    const device = private_key
      ? SoftwareDevice.fromBytes(bytes(private_key))
      : SoftwareDevice.create(systemRandom);
    return {
      private_key: device.use(hex),
      public_key: hex(device.publicKey),
      key_id: device.keyId,
      dev: device.id,
    };
  },
  prove: ({ private_key, challenge }) => ({
    proof: toBase64Url(SoftwareDevice.fromBytes(bytes(private_key)).prove(bytes(challenge))),
  }),
  sign_request({ private_key, kind, device_key, cnt, iat, aud, method, path, par, idx }) {
    const token = signRequestToken({
      signer: signer(kind, private_key),
      device: SoftwareDevice.fromBytes(bytes(device_key)),
      counter: BigInt(cnt),
      issuedAt: iat,
      audience: aud,
      method,
      path,
      parent: par === undefined ? undefined : { master: par, index: idx },
    });
    return { token };
  },
  verify_request: ({ token, method, path, host }) =>
    plain(verifyRequestToken(token, { method, path }, hostOf(host))),
};
