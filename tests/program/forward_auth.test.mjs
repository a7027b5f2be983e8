// nginx as it comes, asking kronborg before it serves.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { freePort, Home, Server } from '../support/node/kronborg.mjs';

let home;
let server;
let nginx;
let port;
before(async () => {
  home = new Home();
  home.ask(['init', '--keystore', 'file']);
  server = await Server.start(home, []);
  port = await freePort();
  const folder = join(home.folder, 'nginx');
  mkdirSync(folder);
  writeFileSync(
    join(folder, 'nginx.conf'),
    `daemon off; pid ${folder}/pid; error_log ${folder}/error.log;
     ${process.getuid() === 0 ? 'user root;' : ''}
     events {}
     http {
       access_log off;
       client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy;
       fastcgi_temp_path ${folder}/f; uwsgi_temp_path ${folder}/u; scgi_temp_path ${folder}/s;
       upstream kronborg { server 127.0.0.1:${server.port}; keepalive 4; }
       server {
         listen 127.0.0.1:${port};
         location / {
           auth_request /auth;
           auth_request_set $issuer $upstream_http_x_kronborg_issuer;
           add_header X-Seen-Issuer $issuer;
           root ${folder}; try_files /page =404;
         }
         location = /auth {
           internal;
           proxy_pass http://kronborg/gate/verify;
           proxy_http_version 1.1; proxy_set_header Connection "";
           proxy_pass_request_body off; proxy_set_header Content-Length "";
           proxy_set_header Host localhost:${server.port};
           proxy_set_header X-Original-Method $request_method;
           proxy_set_header X-Original-URI $request_uri;
         }
       }
     }`,
  );
  writeFileSync(join(folder, 'page'), 'behind the gate\n');
  nginx = spawn('nginx', ['-c', join(folder, 'nginx.conf'), '-e', join(folder, 'error.log')], {
    stdio: 'inherit',
  });
  const ready = (url) =>
    spawnSync('curl', [
      '-s',
      '-o',
      '/dev/null',
      '--retry',
      '50',
      '--retry-connrefused',
      '--retry-delay',
      '0',
      url,
    ]);
  ready(`http://127.0.0.1:${port}/`);
});
after(async () => {
  nginx.kill();
  await server.stop();
  home.remove();
});

const ask = (path, key) =>
  fetch(`http://127.0.0.1:${port}${path}`, {
    headers: key ? { Authorization: `Bearer ${key}` } : {},
  });

test('nginx serves with a key, and refuses without one and after its revocation', async () => {
  const key = await server.mint('nginx');
  const served = await ask('/page', key.key);
  assert.equal(served.status, 200);
  assert.equal(await served.text(), 'behind the gate\n');
  assert.equal(served.headers.get('x-seen-issuer'), key.issuer);
  assert.equal((await ask('/page')).status, 401);
  await server.api('POST', `/access-keys/${key.id}/revoke`, {});
  assert.equal((await ask('/page', key.key)).status, 401);
});

test('a key of one agent does not open the paths of another', async () => {
  const one = home.ask(['agent', 'create', 'one']);
  home.ask(['agent', 'create', 'two']);
  const key = await server.mint('of one', { agentId: one.id });
  assert.equal((await ask('/agents/one/page', key.key)).status, 200);
  assert.equal((await ask('/agents/two/page', key.key)).status, 403);
});
