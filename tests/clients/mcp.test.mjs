import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { after, before, test } from 'node:test';

import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';

import { freePort, Home, Server } from '../support/node/kronborg.mjs';

let home;
let server;
let upstream;
before(async () => {
  home = new Home();
  home.ask(['init', '--keystore', 'file']);
  const port = await freePort();
  const entry = new URL(
    './node_modules/@modelcontextprotocol/server-everything/dist/index.js',
    import.meta.url,
  );
  upstream = spawn(process.execPath, [entry.pathname, 'streamableHttp'], {
    env: { PATH: process.env.PATH, PORT: String(port) },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  await new Promise((resolve, reject) => {
    upstream.stderr.on('data', (text) => String(text).includes('listening') && resolve());
    upstream.on('exit', (code) => reject(new Error(`the MCP server ended with ${code}`)));
  });
  server = await Server.start(home, ['--upstream', `http://127.0.0.1:${port}`]);
});
after(async () => {
  upstream.removeAllListeners('exit');
  upstream.kill();
  await server?.stop();
  home.remove();
});

function transportWith(key) {
  return new StreamableHTTPClientTransport(new URL(`${server.url}/mcp`), {
    requestInit: { headers: { Authorization: `Bearer ${key}` } },
  });
}

test('an MCP client lists and calls tools through the gate', async () => {
  const key = await server.mint('mcp');
  const client = new Client({ name: 'kronborg-test', version: '1.0.0' });
  await client.connect(transportWith(key.key));
  const { tools } = await client.listTools();
  assert.ok(
    tools.some((tool) => tool.name === 'echo'),
    tools.map((tool) => tool.name).join(),
  );
  const answer = await client.callTool({ name: 'echo', arguments: { message: 'Elsinore' } });
  assert.match(answer.content[0].text, /Elsinore/);
  await client.close();
});

test('after a revocation the same client is refused', async () => {
  const key = await server.mint('mcp twice');
  const client = new Client({ name: 'kronborg-test', version: '1.0.0' });
  await client.connect(transportWith(key.key));
  await client.listTools();
  await server.api('POST', `/access-keys/${key.id}/revoke`, {});
  await assert.rejects(client.callTool({ name: 'echo', arguments: { message: 'again' } }));
  await client.close().catch(() => undefined);
});
