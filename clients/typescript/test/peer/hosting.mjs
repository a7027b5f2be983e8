import http from 'node:http';

import { ChannelHost, PairingHost } from '@kronborg/client/host';
import { held, keep, masterOf, utf8 } from './values.mjs';

/** The body of a request, at most a little more than any route takes. */
async function bodyOf(request) {
  const parts = [];
  for await (const part of request) parts.push(part);
  return Uint8Array.from(Buffer.concat(parts));
}

/** One host on a port of its own: pairing and the Secure Channel. */
class Host {
  static async start({ master, scope, index, agent_id, name }) {
    const host = new Host();
    const owner = masterOf(master);
    host.agent = { id: agent_id, name, signer: owner.agentKey(scope, index), isShared: true };
    host.server = http.createServer((request, response) => void host.#serve(request, response));
    await new Promise((resolve) => host.server.listen(0, '127.0.0.1', resolve));
    host.url = `http://127.0.0.1:${host.server.address().port}`;
    host.pairing = new PairingHost({
      masterAddress: owner.address,
      agents: [host.agent],
      hostName: 'peer',
      origin: host.url,
      approve: async (request) => {
        host.requests.push(request);
        return host.approval;
      },
    });
    host.channel = new ChannelHost({
      signers: [host.agent.signer, owner.connectKey('')],
      serve: async (request) => host.#inner(request),
    });
    return host;
  }

  approval = { remember: false };
  requests = [];
  calls = [];

  #inner(request) {
    const { body, ...rest } = request;
    const shown = { ...rest, body: Buffer.from(body).toString('hex') };
    this.calls.push(shown);
    const chunks = ['data: {"n":1}\n\n', 'data: {"n":2}\n\n'].map(utf8);
    if (request.path === '/stream') return { chunks };
    if (request.path === '/cut') return { chunks, isCut: true };
    return { status: 200, contentType: 'application/json', body: utf8(JSON.stringify(shown)) };
  }

  async #serve(request, response) {
    const [path, query] = request.url.split('?');
    const asked = {
      method: request.method,
      path,
      query,
      body: await bodyOf(request),
      source: request.socket.remoteAddress,
      isRelayed: request.headers['x-osaurus-relay-origin'] !== undefined,
      bearer: /^bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1],
    };
    const answer = (await this.pairing.answer(asked)) ?? (await this.channel.answer(asked));
    const { status, headers, body } = answer ?? { status: 404, headers: {}, body: 'not found' };
    response.writeHead(status, headers);
    response.end(body);
  }

  stop() {
    this.server.close();
    this.server.closeAllConnections();
  }
}

export const hosting = {
  async host(request) {
    const host = await Host.start(request);
    return { handle: keep(host), url: host.url, agent_address: host.agent.signer.address };
  },
  host_decide({ handle, approval }) {
    held(handle).approval = approval;
  },
  host_code({ handle, code }) {
    const { pairing, agent } = held(handle);
    return {
      code: code === undefined ? pairing.codes.issue(agent) : pairing.codes.open(agent, code),
    };
  },
  host_invite({ handle, name, description, life }) {
    const { pairing, agent } = held(handle);
    return { link: pairing.invites.issue(agent, { name, description, life }) };
  },
  host_seen({ handle }) {
    const { requests, calls, pairing } = held(handle);
    const issued = pairing.issued.map(({ counter, ...key }) => ({
      ...key,
      counter: String(counter),
    }));
    return { requests, issued, calls };
  },
  host_stop({ handle }) {
    held(handle).stop();
  },
};
