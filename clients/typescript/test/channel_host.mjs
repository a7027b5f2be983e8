// A host of the Secure Channel for tests, with the agent of the vectors.
import { SigningKey } from '@kronborg/client';
import { ChannelHost, fetchFrom } from '@kronborg/client/host';
import { bytes, stoppedClock, toJson, utf8, vectors } from './support.mjs';

export const [first] = vectors('secure_channel').sessions;
export const agent = SigningKey.fromBytes('agent', bytes(first.agent_private_key_hex));

export function hostOf(options = {}) {
  const clock = options.clock ?? stoppedClock(1_799_999_000_000);
  const served = [];
  const host = new ChannelHost({
    signers: [agent],
    clock,
    serve: async (request) => {
      served.push(request);
      return options.serve?.(request) ?? { status: 200, body: utf8('ok') };
    },
  });
  return { host, clock, served, fetch: fetchFrom(host) };
}

export async function postTo(fetch, path, body) {
  const answer = await fetch(`http://host${path}`, { method: 'POST', body: toJson(body) });
  return { status: answer.status, value: await answer.json(), headers: answer.headers };
}
