// A desktop for a test: a D-Bus session of its own with gnome-keyring, unlocked.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export class Keyring {
  static async start() {
    const keyring = new Keyring();
    keyring.folder = mkdtempSync(join(tmpdir(), 'kronborg-desktop-'));
    const environment = {
      PATH: process.env.PATH,
      HOME: keyring.folder,
      XDG_RUNTIME_DIR: keyring.folder,
    };
    keyring.bus = spawn('dbus-daemon', ['--session', '--nofork', '--print-address=1'], {
      env: environment,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const address = await new Promise((resolve, reject) => {
      keyring.bus.stdout.once('data', (text) => resolve(String(text).trim()));
      keyring.bus.on('exit', () => reject(new Error('dbus-daemon (package dbus) is needed')));
    });
    keyring.environment = { ...environment, DBUS_SESSION_BUS_ADDRESS: address };
    keyring.daemon = spawn(
      'gnome-keyring-daemon',
      ['--foreground', '--unlock', '--components=secrets'],
      { env: keyring.environment, stdio: ['pipe', 'ignore', 'ignore'] },
    );
    await new Promise((resolve) => keyring.daemon.stdin.end('password of the desktop', resolve));
    const there = keyring.#bus(['wait', '--session', '--timeout', '60', 'org.freedesktop.secrets']);
    if (there.status !== 0) throw new Error(`gnome-keyring does not answer: ${there.stderr}`);
    return keyring;
  }

  #bus(args) {
    return spawnSync('gdbus', args, { env: this.environment, encoding: 'utf8', timeout: 90_000 });
  }

  /** As the screen lock of a desktop does. */
  lock() {
    const done = this.#bus([
      'call',
      '--session',
      '--dest=org.freedesktop.secrets',
      '--object-path=/org/freedesktop/secrets',
      '--method=org.freedesktop.Secret.Service.Lock',
      '[objectpath "/org/freedesktop/secrets/collection/login"]',
    ]);
    if (done.status !== 0) throw new Error(`the keyring is not locked: ${done.stderr}`);
  }

  /** Everything that its items say without their secrets, and the secrets. */
  items() {
    const done = spawnSync(
      'secret-tool',
      ['search', '--all', '--unlock', 'xdg:schema', 'org.kronborg.Keystore'],
      { env: this.environment, encoding: 'utf8', timeout: 90_000 },
    );
    return [...done.stdout.matchAll(/^secret = (.*)$/gm)].map((found) => found[1]);
  }

  async stop() {
    for (const child of [this.daemon, this.bus]) {
      const gone = new Promise((resolve) => child.on('exit', resolve));
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
      else continue;
      await gone;
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}
