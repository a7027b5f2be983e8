// A running server and the requests that are made to it.
import { Home, Server } from '../../support/node/kronborg.mjs';
import { Connection } from './wire.mjs';

/** Buckets so large that only a test about limits meets one. */
export const roomy = Object.fromEntries(
  [
    'source',
    'discovery',
    'space-create',
    'join',
    'join-poll',
    'messages',
    'space-messages',
    'writes',
    'reads',
    'export',
    'identity',
    'bad-credential',
    'revoke',
    'mcp',
  ].map((policy) => [`limits.${policy}`, [1_000_000, 1]]),
);
roomy['spaces.anonymous_mint_per_hour'] = 1_000_000;
roomy['spaces.streams_per_key'] = 100;
roomy['spaces.streams_per_source'] = 1000;

const preload = '/usr/$LIB/faketime/libfaketimeMT.so.1';

/** The configuration file of { 'section.key': value }. */
function toml(settings) {
  const sections = {};
  for (const [name, value] of Object.entries(settings)) {
    const [section, key] = name.split('.');
    sections[section] = `${sections[section] ?? ''}"${key}" = ${JSON.stringify(value)}\n`;
  }
  return Object.entries(sections)
    .map(([section, lines]) => `[${section}]\n${lines}`)
    .join('');
}

/** Wall clock that is off by `shift` ("-8d"); timers go on as ever. */
function shifted(shift) {
  return { LD_PRELOAD: preload, FAKETIME: shift, FAKETIME_DONT_FAKE_MONOTONIC: '1' };
}

export class Host {
  static #running = new Set();
  #idle = [];

  /** Ends what is left when a test could not. */
  static async stopAll() {
    for (const host of Host.#running) await host.server.kill();
  }

  /** `settings`: configuration keys; `home`: a data folder to go on with; `shift`: see shifted(). */
  static async start({ settings = roomy, home = undefined, shift = undefined, args = [] } = {}) {
    const host = new Host();
    host.home = home ?? new Home();
    host.home.configure(toml(settings));
    const plain = host.home.environment;
    host.home.environment = { ...plain, ...(shift ? shifted(shift) : {}) };
    try {
      host.server = await Server.start(host.home, args);
    } catch (error) {
      if (!home) host.home.remove();
      throw error;
    } finally {
      host.home.environment = plain;
    }
    Host.#running.add(host);
    host.port = host.server.port;
    host.name = `localhost:${host.port}`;
    host.origin = settings['http.public_origin'] ?? `http://${host.name}`;
    return host;
  }

  /** Ends the process; the data folder stays for another one. */
  async stop() {
    for (const connection of this.#idle.splice(0)) connection.close();
    Host.#running.delete(this);
    const { code, signal } = await this.server.stop();
    if (code !== 0) throw new Error(`the server ended with ${code ?? signal}: ${this.server.log}`);
  }

  async end() {
    try {
      await this.stop();
    } finally {
      this.home.remove();
    }
  }

  /** The bytes of a request. `fields` is an object, or an array of pairs where a name comes twice. */
  bytes(method, path, { key, bearer, body, type, fields = {}, name = this.name } = {}) {
    const pairs = Array.isArray(fields) ? fields : Object.entries(fields);
    const lines = [`${method} ${path} HTTP/1.1`, `Host: ${name}`];
    if (key !== undefined) lines.push(`X-Private-Key: ${key}`);
    if (bearer !== undefined) lines.push(`Authorization: Bearer ${bearer}`);
    for (const [field, value] of pairs) lines.push(`${field}: ${value}`);
    let content = Buffer.alloc(0);
    if (body !== undefined) {
      const isText = typeof body === 'string' || Buffer.isBuffer(body);
      content = Buffer.from(isText ? body : JSON.stringify(body));
      if (type !== null) lines.push(`Content-Type: ${type ?? 'application/json'}`);
      lines.push(`Content-Length: ${content.length}`);
    } else if (method !== 'GET' && method !== 'HEAD' && method !== 'OPTIONS') {
      lines.push('Content-Length: 0');
    }
    return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), content]);
  }

  connect() {
    return Connection.open(this.port);
  }

  /** One request over a kept-alive connection. */
  async ask(method, path, options = {}) {
    const kept = this.#idle.pop();
    const connection = kept && !kept.ended ? kept : await this.connect();
    try {
      const answer = await connection.exchange(
        this.bytes(method, path, options),
        method,
        options.within,
      );
      if (!connection.ended) this.#idle.push(connection);
      return answer;
    } catch (error) {
      connection.close();
      throw new Error(`${method} ${path}: ${error.message}`, { cause: error });
    }
  }
}

/** The body of an answer that must be a success. */
export function must(answer) {
  if (answer.status !== 200 && answer.status !== 202)
    throw new Error(`answered ${answer.status}: ${answer.text}`);
  return answer.json;
}

/** Asks `ready` again and again until it gives something; its value. */
export async function eventually(ready, what, within = 20_000) {
  const deadline = Date.now() + within;
  for (;;) {
    const value = await ready();
    if (value) return value;
    if (Date.now() > deadline) throw new Error(`not within ${within} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
