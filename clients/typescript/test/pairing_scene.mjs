// A host that pairs, for tests.
import { MasterKey, SigningKey } from '@kronborg/client';
import { PairingHost, fetchFrom } from '@kronborg/client/host';
import { bytes, scripted, stoppedClock, toJson, vectors } from './support.mjs';

const rows = vectors('pairing');
export const agentId = '55a8b013-ee85-4c5e-ade9-7c26b30cc741';
export const master = MasterKey.fromBytes(bytes(rows.owner_redeem[0].private_key_hex));
export const signer = SigningKey.fromBytes('agent', bytes(rows.server_proofs[0].private_key_hex));
export const agent = { id: agentId, name: 'Writer', description: 'Writes', signer, isShared: true };
export const hidden = {
  id: '00000000-0000-4000-8000-000000000001',
  name: 'Hidden',
  isShared: false,
  signer: master.agentKey('', 9),
};

/** A host whose first draw of 32 bytes is `nonce`. */
export function scene(options = {}) {
  const clock = stoppedClock(1767225600_000);
  const asked = [];
  const host = new PairingHost({
    masterAddress: master.address,
    agents: [agent, hidden],
    hostName: 'studio',
    origin: 'https://kronborg.example',
    clock,
    random: options.nonce ? scripted(options.nonce) : undefined,
    isLocked: () => options.isLocked ?? false,
    approve: async (request) => {
      asked.push(request);
      return options.approval ?? { remember: false };
    },
  });
  const fetch = fetchFrom(host, options.source);
  const call = async (path, body, by = fetch) => {
    const init = body === undefined ? {} : { method: 'POST', body: toJson(body) };
    const answer = await by(`http://host${path}`, init);
    return { status: answer.status, headers: answer.headers, value: await answer.json() };
  };
  return { host, clock, asked, call, fetch };
}

export const shown = ({ status, value }) => ({ status, error: value.error, code: value.code });
