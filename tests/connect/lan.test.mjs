// Two hosts that have never heard of each other find, compare, pair and talk: over real multicast,
// each in a network namespace of its own.
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { binary } from '../support/node/kronborg.mjs';
import { Lan, noLanHere } from '../support/node/lan.mjs';

/** A host on a machine of the LAN, with one agent that is shared. */
class LanHost {
  static async start(machine, agentName) {
    const host = new LanHost();
    host.machine = machine;
    host.home = join(machine.folder, 'home');
    mkdirSync(host.home);
    writeFileSync(join(host.home, 'config.toml'), '[http]\nallow_plain_lan = true\n');
    host.environment = {
      ...machine.environment,
      KRONBORG_HOME: join(host.home, 'data'),
      KRONBORG_CONFIG: join(host.home, 'config.toml'),
    };
    host.log = '';
    host.process = host.begin(['serve', '--json', '--demo', '--expose']);
    host.process.child.stderr.on('data', (text) => (host.log += text));
    await new Promise((resolve, reject) => {
      host.process.child.stdout.once('data', resolve);
      host.process.child.on('exit', (code) => reject(new Error(`ended with ${code}: ${host.log}`)));
    });
    host.agent = await host.api('POST', '/agents', { name: agentName });
    await host.api('PATCH', `/agents/${host.agent.id}`, { shared: true });
    return host;
  }

  /** A command; its output as it comes. */
  begin(args) {
    const child = this.machine.spawn(binary, args, {
      env: this.environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const state = { child, out: '', err: '' };
    child.stdout.on('data', (part) => (state.out += part));
    child.stderr.on('data', (part) => (state.err += part));
    state.ended = new Promise((resolve) => {
      child.on('close', (code) => resolve({ ...state, code }));
    });
    return state;
  }

  api(method, path, body) {
    const text = body === undefined ? '' : JSON.stringify(body);
    const headers = text
      ? { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) }
      : {};
    const socketPath = join(this.home, 'data/kronborg.sock');
    return new Promise((resolve, reject) => {
      const options = { socketPath, method, path: `/api/v1${path}`, headers };
      const request = http.request(options, (answer) => {
        let all = '';
        answer.on('data', (part) => (all += part));
        answer.on('end', () => resolve(JSON.parse(all)));
      });
      request.on('error', reject);
      request.end(text);
    });
  }

  /** The request that waits, as soon as it does. */
  async asked(connecting) {
    for (;;) {
      const listed = await this.api('GET', '/pairing-requests');
      const items = Object.values(listed).find((value) => Array.isArray(value)) ?? [];
      if (items.length > 0) return items[0];
      if (connecting.child.exitCode !== null) throw new Error(`connect ended: ${connecting.err}`);
    }
  }

  async stop() {
    if (this.process.child.exitCode === null) this.process.child.kill('SIGTERM');
    await this.process.ended;
  }
}

const skip = noLanHere();
let lan;
let alpha;
let beta;
before(async () => {
  if (skip) return;
  lan = await Lan.start('alpha', 'beta');
  alpha = await LanHost.start(lan.machines.alpha, 'archivist');
  beta = await LanHost.start(lan.machines.beta, 'clerk');
});
after(async () => {
  await alpha?.stop();
  await beta?.stop();
  await lan?.end();
});

/** `from` gets a key for the agent of `to`. */
async function pair(from, to) {
  const connecting = from.begin(['connect', '--agent', to.agent.name]);
  const request = await to.asked(connecting);
  assert.equal(request.agentAddress, to.agent.address);
  assert.equal(request.sourceAddress, from.machine.address);
  assert.ok(connecting.err.includes(request.sas), `${request.sas} on both: ${connecting.err}`);
  assert.ok(connecting.err.includes(request.fingerprint));
  await to.api('POST', `/pairing-requests/${request.id}/approve`, {});
  const done = await connecting.ended;
  assert.equal(done.code, 0, done.err);
  assert.match(done.out, new RegExp(to.agent.address));
}

async function talk(from, to) {
  const url = `http://${to.machine.address}:1337/v1/models`;
  const answer = await from.begin(['request', 'GET', url]).ended;
  assert.equal(answer.code, 0, answer.err);
  assert.ok(Array.isArray(JSON.parse(answer.out).data));
}

test('each finds the other, both screens show the same words, the key works', { skip }, async () => {
  await pair(beta, alpha);
  await talk(beta, alpha);
  await pair(alpha, beta);
  await talk(alpha, beta);
});

test('two agents nearby: the user is asked which', { skip }, async () => {
  const second = await alpha.api('POST', '/agents', { name: 'second' });
  await alpha.api('PATCH', `/agents/${second.id}`, { shared: true });
  const seen = lan.machines.beta.browse('_osaurus._tcp');
  assert.ok(seen.length > 0);
  const done = await beta.begin(['connect']).ended;
  assert.equal(done.code, 1, done.err);
  assert.match(done.out, /archivist/);
  assert.match(done.err, /--agent ADDRESS/);
});

test('a key that was revoked: the advice is to pair again', { skip }, async () => {
  const keys = await alpha.api('GET', '/access-keys');
  for (const key of Object.values(keys).find((value) => Array.isArray(value))) {
    await alpha.api('POST', `/access-keys/${key.id}/revoke`, {});
  }
  const url = `http://${alpha.machine.address}:1337/v1/models`;
  const answer = await beta.begin(['request', 'GET', url]).ended;
  assert.equal(answer.code, 3, answer.err);
  assert.match(answer.err, /pair again: kronborg connect http:\/\/10\.77\.0\.1:1337/);
});
