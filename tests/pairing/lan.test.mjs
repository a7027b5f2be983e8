// What the host says of itself on the LAN, as another machine hears it.
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { binary } from '../support/node/kronborg.mjs';
import { Lan, noLanHere } from '../support/node/lan.mjs';

const agents = '_osaurus._tcp';
const phones = '_osaurus-mobile._tcp';

/** A host on a machine of the LAN. */
class LanHost {
  constructor(machine) {
    this.machine = machine;
    this.home = join(machine.folder, 'home');
    mkdirSync(this.home);
    writeFileSync(join(this.home, 'config.toml'), '[http]\nallow_plain_lan = true\n');
    this.environment = {
      ...machine.environment,
      KRONBORG_HOME: join(this.home, 'data'),
      KRONBORG_CONFIG: join(this.home, 'config.toml'),
    };
  }

  ask(...args) {
    const done = this.machine.run(binary, ['--json', ...args], { env: this.environment });
    if (done.status !== 0) throw new Error(`${args.join(' ')}: ${done.stderr}`);
    return JSON.parse(done.stdout);
  }

  async serve(...args) {
    this.log = '';
    this.process = this.machine.spawn(binary, ['serve', '--json', '--demo', ...args], {
      env: this.environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.process.stderr.on('data', (text) => (this.log += text));
    await new Promise((resolve, reject) => {
      this.process.stdout.once('data', resolve);
      this.process.on('exit', (code) => reject(new Error(`serve ended with ${code}: ${this.log}`)));
    });
  }

  /** As the owner, on the socket. */
  api(method, path, body) {
    const text = body === undefined ? '' : JSON.stringify(body);
    const headers = text
      ? { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) }
      : {};
    const socketPath = join(this.home, 'data/kronborg.sock');
    return new Promise((resolve, reject) => {
      const request = http.request({ socketPath, method, path: `/api/v1${path}`, headers }, (answer) => {
        let all = '';
        answer.on('data', (part) => (all += part));
        answer.on('end', () => resolve(JSON.parse(all)));
      });
      request.on('error', reject);
      request.end(text);
    });
  }

  async stop() {
    const gone = new Promise((resolve) => this.process.once('exit', resolve));
    if (this.process.exitCode === null) this.process.kill('SIGTERM');
    else return;
    await gone;
  }
}

/** Browses anew until it is as it must be: each look takes the time that mDNS takes. */
async function until(machine, type, isRight) {
  let seen;
  for (let looks = 0; looks < 20; looks += 1) {
    seen = machine.browse(type);
    if (isRight(seen)) return seen;
  }
  throw new Error(`never came: ${JSON.stringify(seen)}`);
}

describe('a host on the LAN', { skip: noLanHere() }, () => {
  let lan;
  let host;
  let other;
  let agent;
  before(async () => {
    lan = await Lan.start('alpha', 'beta');
    host = new LanHost(lan.machines.alpha);
    other = lan.machines.beta;
    host.ask('init', '--keystore', 'file');
    agent = host.ask('agent', 'create', 'Helsingør', '--description', 'Writes things');
    host.ask('agent', 'set', 'Helsingør', '--shared', 'on');
    host.ask('agent', 'create', 'hidden');
  });
  after(async () => {
    await host?.process?.kill('SIGTERM');
    await lan?.end();
  });

  test('says nothing while it listens on loopback alone', async () => {
    await host.serve();
    assert.deepEqual(other.browse(agents), []);
    await host.stop();
  });

  test('announces each shared agent while it is exposed, and no other', async () => {
    await host.serve('--expose');
    const [found, ...more] = await until(other, agents, (seen) => seen.length > 0);
    assert.deepEqual(more, []);
    assert.deepEqual(found, {
      instance: `Helsingør@${agent.id.toUpperCase()}`,
      host: 'alpha.local',
      address: host.machine.address,
      port: 1337,
      txt: {
        name: 'Helsingør',
        id: agent.id,
        address: agent.address,
        description: 'Writes things',
        osc: '1',
      },
    });
  });

  test('announces changes at once', async () => {
    await host.api('PATCH', '/agents/hidden', { shared: true, name: 'open' });
    await until(other, agents, (seen) => seen.length === 2);
    await host.api('PATCH', '/agents/open', { shared: false });
    await until(other, agents, (seen) => seen.length === 1);
    const { address } = await host.api('POST', `/agents/${agent.id}/rotate`, {});
    await until(other, agents, ([one]) => one?.txt.address === address);
  });

  test('tells phones while a six-digit code is live', async () => {
    assert.deepEqual(other.browse(phones), []);
    const code = await host.api('POST', '/pairing-codes', { agentId: agent.id });
    const [found] = await until(other, phones, (seen) => seen.length === 1);
    assert.equal(found.txt.v, '1');
    assert.equal(found.txt.name, found.instance);
    await host.api('DELETE', `/pairing-codes/${code.id}`);
    await until(other, phones, (seen) => seen.length === 0);
  });

  test('comes back with the daemon', async () => {
    await host.machine.stopDaemon();
    await until(other, agents, (seen) => seen.length === 0);
    await host.machine.startDaemon();
    await until(other, agents, (seen) => seen.length === 1);
    assert.match(host.log, /nothing is announced on the LAN/);
  });

  test('says goodbye when it stops', async () => {
    await host.stop();
    await until(other, agents, (seen) => seen.length === 0);
  });
});
