// Starts the real program in a folder of its own, and speaks to it as its users do.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const source = join(dirname(fileURLToPath(import.meta.url)), '../../..');
export const binary = process.env.KRONBORG_BINARY ?? join(source, 'build/release/kronborg');

export async function freePort() {
  const server = net.createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A data folder that is removed at the end, and the command line in it. */
export class Home {
  constructor() {
    this.folder = mkdtempSync(join(tmpdir(), 'kronborg-test-'));
    this.environment = {
      PATH: process.env.PATH,
      HOME: this.folder,
      KRONBORG_HOME: join(this.folder, 'data'),
      KRONBORG_CONFIG: join(this.folder, 'config.toml'),
      ...(process.env.ASAN_OPTIONS ? { ASAN_OPTIONS: process.env.ASAN_OPTIONS } : {}),
    };
    this.configure('');
  }

  get data() {
    return this.environment.KRONBORG_HOME;
  }

  configure(toml) {
    writeFileSync(this.environment.KRONBORG_CONFIG, toml);
  }

  /** Runs a command; { code, out, err }. */
  run(args, input = '') {
    const done = spawnSync(binary, args, {
      env: this.environment,
      input,
      encoding: 'utf8',
      timeout: 120_000,
    });
    return { code: done.status, out: done.stdout, err: done.stderr };
  }

  /** Runs a command with --json that must succeed; its value. */
  ask(args, input = '') {
    const done = this.run(['--json', ...args], input);
    if (done.code !== 0)
      throw new Error(`kronborg ${args.join(' ')} ended with ${done.code}: ${done.err}`);
    return JSON.parse(done.out);
  }

  remove() {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** A running server. */
export class Server {
  static async start(home, args = ['--demo'], port = undefined) {
    const server = new Server();
    server.home = home;
    server.port = port ?? (await freePort());
    server.log = '';
    server.process = spawn(
      binary,
      ['serve', '--json', '--listen', `127.0.0.1:${server.port}`, ...args],
      {
        env: home.environment,
        cwd: home.folder,
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    server.exited = new Promise((resolve) => {
      server.process.on('exit', (code, signal) => resolve({ code, signal }));
    });
    server.process.stderr.on('data', (text) => {
      server.log += text;
    });
    server.ready = await new Promise((resolve, reject) => {
      let text = '';
      server.process.stdout.on('data', (part) => {
        text += part;
        if (text.includes('\n')) resolve(JSON.parse(text.slice(0, text.indexOf('\n'))));
      });
      server.exited.then(({ code }) =>
        reject(new Error(`serve ended with ${code}: ${server.log}`)),
      );
    });
    return server;
  }

  get url() {
    return `http://127.0.0.1:${this.port}`;
  }

  async stop() {
    if (this.process.exitCode === null && this.process.signalCode === null)
      this.process.kill('SIGTERM');
    return this.exited;
  }

  async kill(signal = 'SIGKILL') {
    this.process.kill(signal);
    return this.exited;
  }

  /** The management API over the Unix socket; { status, value }. */
  api(method, path, body = undefined, agent = undefined) {
    const text = body === undefined ? '' : JSON.stringify(body);
    const headers = text
      ? { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) }
      : {};
    const options = {
      socketPath: join(this.home.data, 'kronborg.sock'),
      method,
      path: `/api/v1${path}`,
      headers,
      agent,
    };
    return new Promise((resolve, reject) => {
      const request = http.request(options, (answer) => {
        let all = '';
        answer.on('data', (part) => (all += part));
        answer.on('end', () =>
          resolve({ status: answer.statusCode, value: all ? JSON.parse(all) : undefined }),
        );
        answer.on('error', reject);
      });
      request.on('error', reject);
      request.end(text);
    });
  }

  async mint(label, more = {}) {
    const { status, value } = await this.api('POST', '/access-keys', {
      label,
      expires: '30d',
      ...more,
    });
    if (status !== 201) throw new Error(`mint answered ${status}: ${JSON.stringify(value)}`);
    return value;
  }

  /** GET with a key; the status and the body as JSON when it is JSON. */
  async get(path, key = undefined, headers = {}) {
    const answer = await fetch(this.url + path, {
      headers: { ...(key ? { Authorization: `Bearer ${key}` } : {}), ...headers },
    });
    const text = await answer.text();
    let value;
    try {
      value = JSON.parse(text);
    } catch {
      value = undefined;
    }
    return { status: answer.status, headers: answer.headers, text, value };
  }
}
