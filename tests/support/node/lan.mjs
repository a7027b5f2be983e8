// Machines on a wire of their own: network namespaces joined by a bridge, each with its own system
// bus and Avahi daemon. Needs to be root.
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const busConfig = (socket) => `<!DOCTYPE busconfig PUBLIC
 "-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>unix:path=${socket}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/>
    <allow own="*"/>
    <allow send_type="method_call"/>
    <allow send_type="method_return"/>
    <allow send_type="error"/>
    <allow send_type="signal"/>
    <allow receive_type="method_call"/>
    <allow receive_type="method_return"/>
    <allow receive_type="error"/>
    <allow receive_type="signal"/>
  </policy>
</busconfig>
`;

const avahiConfig = (name) => `[server]
host-name=${name}
use-ipv6=no
[publish]
publish-workstation=no
publish-hinfo=no
`;

function must(command, args) {
  const done = spawnSync(command, args, { encoding: 'utf8' });
  if (done.status !== 0) throw new Error(`${command} ${args.join(' ')}: ${done.stderr}`);
  return done.stdout;
}

const ended = (child) =>
  new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve();
    else child.on('exit', resolve);
  });

/** One machine. `address`: its own on the wire. */
class Machine {
  constructor(lan, name, address) {
    this.lan = lan;
    this.name = name;
    this.address = address;
    this.namespace = `${lan.prefix}${name}`;
    this.folder = join(lan.folder, name);
    this.bus = `unix:path=${join(this.folder, 'bus')}`;
  }

  /** A command line that runs there. */
  there(command, args) {
    return ['ip', ['netns', 'exec', this.namespace, command, ...args]];
  }

  get environment() {
    return { PATH: process.env.PATH, HOME: this.folder, DBUS_SYSTEM_BUS_ADDRESS: this.bus };
  }

  spawn(command, args, options = {}) {
    return spawn(...this.there(command, args), { env: this.environment, ...options });
  }

  run(command, args, options = {}) {
    const all = { env: this.environment, encoding: 'utf8', timeout: 60_000, ...options };
    return spawnSync(...this.there(command, args), all);
  }

  async startAvahi() {
    mkdirSync(this.folder, { recursive: true });
    writeFileSync(join(this.folder, 'bus.conf'), busConfig(join(this.folder, 'bus')));
    writeFileSync(join(this.folder, 'avahi.conf'), avahiConfig(this.name));
    this.busDaemon = this.spawn(
      'dbus-daemon',
      ['--config-file', join(this.folder, 'bus.conf'), '--nofork', '--nopidfile', '--print-address'],
      { stdio: ['ignore', 'pipe', 'ignore'] },
    );
    await new Promise((resolve, reject) => {
      this.busDaemon.stdout.once('data', resolve);
      this.busDaemon.on('exit', () => reject(new Error('dbus-daemon ended')));
    });
    await this.startDaemon();
  }

  /** Its pid file has a fixed place: a private mount keeps machines apart. */
  async startDaemon() {
    const daemon =
      'mkdir -p /run/avahi-daemon && mount -t tmpfs none /run/avahi-daemon && ' +
      'exec avahi-daemon --no-drop-root --no-chroot --no-rlimits -f "$0"';
    this.avahi = this.spawn(
      'unshare',
      ['--mount', 'sh', '-c', daemon, join(this.folder, 'avahi.conf')],
      { stdio: 'ignore' },
    );
    const there = this.run('gdbus', ['wait', '--system', '--timeout', '30', 'org.freedesktop.Avahi']);
    if (there.status !== 0) throw new Error(`avahi-daemon does not answer: ${there.stderr}`);
  }

  async stopDaemon() {
    this.avahi.kill('SIGTERM');
    await ended(this.avahi);
  }

  /** What avahi-browse sees of a type now: its resolved lines, one object each. */
  browse(type) {
    const { stdout } = this.run('avahi-browse', ['-rpt', type]);
    return stdout
      .split('\n')
      .filter((line) => line.startsWith('='))
      .map((line) => line.split(';'))
      .filter(([, device]) => device !== 'lo')
      .map(([, , , instance, , , host, address, port, txt]) => ({
        instance: unescaped(instance),
        host,
        address,
        port: Number(port),
        txt: Object.fromEntries(
          [...txt.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, text]) => {
            const [name, ...value] = unescaped(text).split('=');
            return [name, value.join('=')];
          }),
        ),
      }));
  }

  async stop() {
    for (const child of [this.avahi, this.busDaemon]) {
      if (child === undefined) continue;
      child.kill('SIGTERM');
      await ended(child);
    }
  }
}

/** avahi-browse writes a byte that is not plain as a backslash and three decimal digits. */
function unescaped(text) {
  const bytes = [];
  for (let at = 0; at < text.length; at += 1) {
    if (text[at] !== '\\') {
      bytes.push(...Buffer.from(text[at]));
    } else if (/^\d{3}$/.test(text.slice(at + 1, at + 4))) {
      bytes.push(Number(text.slice(at + 1, at + 4)));
      at += 3;
    } else {
      at += 1;
      bytes.push(...Buffer.from(text[at]));
    }
  }
  return Buffer.from(bytes).toString();
}

/** Why there can be no networks of one's own here, in words; undefined: there can. */
export function noLanHere() {
  const name = `kb${process.pid}probe`;
  const tries = [
    ['netns', 'add', name],
    ['-n', name, 'link', 'add', 'wire', 'type', 'bridge'],
    ['-n', name, 'link', 'add', 'one', 'type', 'veth', 'peer', 'name', 'two'],
  ];
  let why;
  for (const args of tries) {
    if (why !== undefined) break;
    const done = spawnSync('ip', args, { encoding: 'utf8' });
    if (done.status !== 0) why = `no network namespaces with a bridge here: ${done.stderr}`.trim();
  }
  spawnSync('ip', ['netns', 'del', name]);
  return why;
}

export class Lan {
  static #made = 0;

  /** Machines by name, each with its Avahi daemon running. */
  static async start(...names) {
    const lan = new Lan();
    lan.folder = mkdtempSync(join(tmpdir(), 'kronborg-lan-'));
    Lan.#made += 1;
    lan.prefix = `kb${process.pid}n${Lan.#made}`;
    lan.machines = {};
    try {
      lan.bridge = `${lan.prefix}wire`;
      must('ip', ['netns', 'add', lan.bridge]);
      must('ip', ['-n', lan.bridge, 'link', 'add', 'wire', 'type', 'bridge']);
      must('ip', ['-n', lan.bridge, 'link', 'set', 'wire', 'up']);
      for (const [index, name] of names.entries()) await lan.#join(name, index + 1);
    } catch (error) {
      await lan.end();
      throw error;
    }
    return lan;
  }

  async #join(name, index) {
    const machine = new Machine(this, name, `10.77.0.${index}`);
    this.machines[name] = machine;
    const { namespace } = machine;
    must('ip', ['netns', 'add', namespace]);
    const plug = `plug${index}`;
    must('ip', ['-n', this.bridge, 'link', 'add', plug, 'type', 'veth', 'peer', 'name', 'lan0']);
    must('ip', ['-n', this.bridge, 'link', 'set', plug, 'master', 'wire', 'up']);
    must('ip', ['-n', this.bridge, 'link', 'set', 'lan0', 'netns', namespace]);
    must('ip', ['-n', namespace, 'addr', 'add', `${machine.address}/24`, 'dev', 'lan0']);
    must('ip', ['-n', namespace, 'link', 'set', 'lan0', 'up', 'multicast', 'on']);
    must('ip', ['-n', namespace, 'link', 'set', 'lo', 'up']);
    must('ip', ['-n', namespace, 'route', 'add', 'default', 'dev', 'lan0']);
    await machine.startAvahi();
  }

  async end() {
    for (const machine of Object.values(this.machines)) {
      await machine.stop();
      spawnSync('ip', ['netns', 'del', machine.namespace]);
    }
    spawnSync('ip', ['netns', 'del', this.bridge]);
    rmSync(this.folder, { recursive: true, force: true });
  }
}
