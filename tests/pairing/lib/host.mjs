// A running host with one shared agent, and connectors that come from addresses of their own.
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import http from 'node:http';
import { join } from 'node:path';

import {
  commitment,
  connectorText,
  ExchangeKey,
  fromBase64Url,
  MasterKey,
  PREFIX,
} from './client.mjs';
import { Home, Server } from '../../support/node/kronborg.mjs';

/** Every address of 127/8 is this machine, and each is a source of its own to the host. */
let drawn = 0;
export function newSource() {
  drawn += 1;
  const [high, middle, low] = [drawn / 62_500, (drawn / 250) % 250, drawn % 250].map(Math.floor);
  return `127.${20 + high}.${middle}.${1 + low}`;
}

/** One request from a source address; { status, headers, text, value }. */
export function ask(url, { method = 'GET', body, source, headers = {}, signal } = {}) {
  const sent = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
  const fields = { ...headers };
  if (sent !== undefined) {
    fields['Content-Type'] ??= 'application/json';
    if (!fields['Transfer-Encoding']) fields['Content-Length'] = Buffer.byteLength(sent);
  }
  return new Promise((resolve, reject) => {
    const options = { method, headers: fields, localAddress: source, agent: false, signal };
    const request = http.request(url, options, (answer) => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (part) => (text += part));
      answer.on('error', reject);
      answer.on('end', () => {
        let value;
        try {
          value = JSON.parse(text);
        } catch {
          value = undefined;
        }
        resolve({ status: answer.statusCode, headers: answer.headers, text, value });
      });
    });
    request.on('error', reject);
    request.end(sent);
  });
}

/** What the library sends with, from one source address. */
export function fetchBy(source) {
  return async (url, init = {}) => {
    const body = init.body == null ? undefined : Buffer.from(init.body).toString();
    const headers = Object.fromEntries(new Headers(init.headers ?? {}));
    const answer = await ask(url, { ...init, method: init.method ?? 'GET', body, headers, source });
    const fields = new Headers();
    for (const [name, value] of Object.entries(answer.headers)) fields.set(name, String(value));
    return new Response(answer.text, { status: answer.status, headers: fields });
  };
}

export const error = ({ status, value }) => ({ status, ...value });
export const random = (length) => new Uint8Array(randomBytes(length));
const base64url = (bytes) => Buffer.from(bytes).toString('base64url');

export class PairingHost {
  /** `args`: of serve. */
  static async start({ toml = '', args = ['--demo'], environment = () => ({}) } = {}) {
    const host = new PairingHost();
    host.home = new Home();
    host.home.configure(toml);
    host.home.ask(['init', '--keystore', 'file']);
    host.agent = host.home.ask(['agent', 'create', 'scribe', '--description', 'Writes things']);
    host.home.ask(['agent', 'set', 'scribe', '--shared', 'on']);
    host.hidden = host.home.ask(['agent', 'create', 'hidden']);
    Object.assign(host.home.environment, environment(host.home));
    host.server = await Server.start(host.home, args);
    host.url = host.server.url;
    return host;
  }

  async end() {
    await this.server.stop();
    this.home.remove();
  }

  api(method, path, body) {
    return this.server.api(method, path, body);
  }

  async created(path, body) {
    const { status, value } = await this.api('POST', path, body);
    if (status !== 201) throw new Error(`${path} answered ${status}: ${JSON.stringify(value)}`);
    return value;
  }

  get(path, source = newSource(), headers = {}) {
    return ask(this.url + path, { source, headers });
  }

  post(path, body, source = newSource(), more = {}) {
    return ask(this.url + path, { method: 'POST', body, source, ...more });
  }

  async pending() {
    return (await this.api('GET', '/pairing-requests')).value.pairingRequests;
  }

  /** Waits until so many requests wait; event by event, not by the clock. */
  async untilPending(count) {
    for (let looks = 0; looks < 2000; looks += 1) {
      const requests = await this.pending();
      if (requests.length === count) return requests;
      await new Promise(setImmediate);
    }
    throw new Error(`there never were ${count} pairing requests`);
  }

  decide(id, verb, body) {
    return this.api('POST', `/pairing-requests/${id}/${verb}`, body);
  }

  /** What the gate says to a key. */
  async opens(key) {
    const answer = await ask(`${this.url}/v1/models`, {
      headers: { Authorization: `Bearer ${key}` },
    });
    return answer.status === 200 ? 'ok' : answer.value.error.code;
  }

  async keys(source) {
    const { value } = await this.api('GET', '/access-keys?all=true&limit=500');
    return value.accessKeys.filter((key) => key.source === source);
  }

  /** A request of POST /pair that everything is right with, made by hand. */
  async goodPair({ source = newSource(), committed = true, changes = {} } = {}) {
    const pairing = MasterKey.fromBytes(random(32)).pairingKey();
    const key = ExchangeKey.create();
    const reveal = random(32);
    const commit = commitment(reveal, pairing.address, key.publicKey);
    const query = committed ? `?commit=${commit}` : '';
    const { value } = await this.get(`/pair/challenge${query}`, source);
    const request = {
      connectorAddress: pairing.address,
      agentId: this.agent.id,
      nonce: value.nonce,
      encPub: key.encPub,
      signature: pairing.signHex(PREFIX.pairing, connectorText(value.nonce, key.encPub)),
      ...(committed ? { reveal: base64url(reveal) } : {}),
      ...changes,
    };
    return { request, key, pairing, source, nonce: value.nonce };
  }

  /** An invite link as an object, and the link. */
  async invite(more = {}) {
    const made = await this.created('/invites', { agentId: this.agent.id, ...more });
    const payload = JSON.parse(Buffer.from(fromBase64Url(made.link.split('pair=')[1])));
    return { ...made, payload };
  }
}

/** A host whose wall clock the test sets forward; its timers go on as ever. */
export async function startStepped() {
  let file;
  const environment = (home) => {
    file = join(home.folder, 'clock');
    writeFileSync(file, '+0\n');
    return {
      LD_PRELOAD: '/usr/$LIB/faketime/libfaketimeMT.so.1',
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    };
  };
  const host = await PairingHost.start({ environment });
  return { host, forward: (seconds) => writeFileSync(file, `+${seconds}\n`) };
}
