// What the tests of the connecting side share.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import { Home, Server, binary } from '../support/node/kronborg.mjs';

export { Home, Server };

/** A command that goes on while the test does something else. */
export function begin(home, args, input = '') {
  const child = spawn(binary, args, { env: home.environment, stdio: ['pipe', 'pipe', 'pipe'] });
  const state = { out: '', err: '' };
  let look = () => undefined;
  child.stdout.on('data', (part) => (state.out += part));
  child.stderr.on('data', (part) => {
    state.err += part;
    look();
  });
  child.stdin.end(input);
  state.ended = new Promise((resolve) => {
    child.on('close', (code) => {
      state.code = code;
      look();
      resolve(state);
    });
  });
  /** Waits for a text on standard error. */
  state.says = (text) =>
    new Promise((resolve, reject) => {
      look = () => {
        const found = state.err.match(text);
        if (found) resolve(found);
        else if (state.code !== undefined) reject(new Error(`ended: ${state.err}`));
      };
      look();
    });
  state.kill = () => child.kill('SIGKILL');
  return state;
}

/** The TypeScript host, as a program of its own. */
export class Peer {
  constructor() {
    const program = fileURLToPath(
      new URL('../../clients/typescript/test/peer.mjs', import.meta.url),
    );
    this.process = spawn(process.execPath, [program], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.waiting = [];
    createInterface({ input: this.process.stdout }).on('line', (line) => {
      this.waiting.shift()(JSON.parse(line));
    });
    this.exited = new Promise((resolve) => this.process.on('exit', resolve));
  }

  async ask(name, request = {}) {
    this.process.stdin.write(`${JSON.stringify({ id: name, do: name, ...request })}\n`);
    const answer = await new Promise((resolve) => this.waiting.push(resolve));
    if (answer.ok === undefined) throw new Error(`${name}: ${answer.error} ${answer.message}`);
    return answer.ok;
  }

  /** A host with one agent; `id` and `agent_address` of it. */
  async host(more = {}) {
    const id = 'D1F2C3B4-0000-4000-8000-00000000000A';
    const master = randomBytes(32).toString('hex');
    const order = { master, scope: '', index: 0, agent_id: id, name: 'far', ...more };
    return { ...(await this.ask('host', order)), id, master };
  }

  end() {
    this.process.stdin.end();
    return this.exited;
  }
}

/** A home with an identity that nothing has to be typed for. */
export function homeWithIdentity() {
  const home = new Home();
  home.ask(['init', '--keystore', 'file']);
  return home;
}

export function credentials(home) {
  const file = join(home.data, 'credentials.toml');
  return { text: readFileSync(file, 'utf8'), mode: statSync(file).mode & 0o777 };
}

export function fileIn(home, name, text) {
  const file = join(home.folder, name);
  writeFileSync(file, text, { mode: 0o600 });
  return file;
}
