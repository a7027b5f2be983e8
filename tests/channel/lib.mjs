// What the tests of the Secure Channel share: a home with an agent, an upstream that shows what it
// got, and the client library by its own name.
import http from 'node:http';

import {
  ChannelHandshake,
  MasterKey,
  SecureChannel,
  parseObject,
  readWholeReply,
} from '../../clients/typescript/dist/index.js';
import { Home, Server } from '../support/node/kronborg.mjs';

export { ChannelHandshake, Home, MasterKey, SecureChannel, Server, parseObject, readWholeReply };

export const utf8 = (text) => Uint8Array.from(Buffer.from(text, 'utf8'));

/** Answers by the path: how it is framed, and with which status. */
export class Upstream {
  static async start() {
    const upstream = new Upstream();
    upstream.seen = [];
    upstream.held = [];
    upstream.server = http.createServer((request, response) => upstream.#serve(request, response));
    await new Promise((resolve) => upstream.server.listen(0, '127.0.0.1', resolve));
    upstream.url = `http://127.0.0.1:${upstream.server.address().port}`;
    return upstream;
  }

  async #serve(request, response) {
    const parts = [];
    for await (const part of request) parts.push(part);
    const body = Buffer.concat(parts);
    this.seen.push({ method: request.method, url: request.url, headers: request.headers, body });
    const path = request.url.split('?')[0];
    const events = { 'Content-Type': 'text/event-stream' };
    if (path.endsWith('/stream')) {
      response.writeHead(200, events);
      response.write('data: {"n":1}\n\n');
      response.write('data: {"n":2}\n\n');
      response.end();
    } else if (path.endsWith('/forever')) {
      response.writeHead(200, events);
      response.write('data: {"n":1}\n\n');
      this.held.push(response);
    } else if (path.endsWith('/cut')) {
      response.writeHead(200, events);
      response.write('data: {"n":1}\n\n', () => response.destroy());
    } else if (path.endsWith('/unknown-length')) {
      response.writeHead(200, { 'Content-Type': 'application/json' });
      response.write('{"a":');
      response.end('1}');
    } else if (path.endsWith('/refused')) {
      response.writeHead(503, { 'Content-Type': 'application/json' });
      response.write('{"error":');
      response.end('"busy"}');
    } else if (path.endsWith('/large')) {
      const text = 'x'.repeat(3_000_000);
      response.writeHead(200, { 'Content-Type': 'text/plain', 'Content-Length': text.length });
      response.end(text);
    } else {
      const text = JSON.stringify({ method: request.method, body: body.toString('utf8') });
      response.writeHead(200, {
        'Content-Type': 'application/json',
        'Content-Length': Buffer.byteLength(text),
      });
      response.end(text);
    }
  }

  stop() {
    this.server.close();
    this.server.closeAllConnections();
  }
}

/** A running host with the agent `writer` and a key for it. */
export class Host {
  static async start(more = '', args = []) {
    const host = new Host();
    host.upstream = await Upstream.start();
    host.home = new Home();
    host.home.ask(['init', '--keystore', 'file']);
    host.home.configure(`${more}\n[[gate.upstream]]\nurl = "${host.upstream.url}"\n`);
    host.server = await Server.start(host.home, args);
    host.agent = (await host.server.api('POST', '/agents', { name: 'writer' })).value;
    host.key = await host.server.mint('channel', { agentId: host.agent.id });
    return host;
  }

  get url() {
    return this.server.url;
  }

  async restart(args = []) {
    this.server = await Server.start(this.home, args);
  }

  post(path, body, headers = {}) {
    return fetch(this.url + path, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
  }

  /** A session by hand: what seals calls and reads their answers. */
  async session(address = this.agent.address) {
    const handshake = new ChannelHandshake(address);
    const answer = await this.post('/secure/session', handshake.hello);
    if (answer.status !== 200) throw new Error(`no session: ${await answer.text()}`);
    return handshake.accept(parseObject(new Uint8Array(await answer.arrayBuffer())));
  }

  channel() {
    return new SecureChannel({ host: this.url, agentAddress: this.agent.address });
  }

  get bearer() {
    return { Authorization: `Bearer ${this.key.key}` };
  }

  async stop() {
    this.upstream.stop();
    await this.server.stop();
    this.home.remove();
  }
}
