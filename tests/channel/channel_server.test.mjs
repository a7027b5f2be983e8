// docs/protocol/secure-channel.md from outside: the host's side, against the TypeScript library.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import http from 'node:http';
import { after, before, test } from 'node:test';

import { ChannelHandshake, Host, MasterKey, readWholeReply, utf8 } from './lib.mjs';

let host;
before(async () => {
  host = await Host.start();
});
after(() => host.stop());

const mark = 'x-osaurus-secure-channel';
const b64u = (bytes) => Buffer.from(bytes).toString('base64url');
const inner = (more = {}) =>
  JSON.stringify({
    method: 'POST',
    path: '/v1/echo',
    authorization: `Bearer ${host.key.key}`,
    contentType: 'application/json',
    body: b64u('{"a":1}'),
    ...more,
  });

async function call(session, request, headers = {}) {
  const sealed = session.seal(request);
  const answer = await host.post('/secure/call', sealed.body, headers);
  return { sealed, answer, text: await answer.text() };
}

/** The reply inside. */
async function opened(session, request, headers = {}) {
  const { sealed, answer, text } = await call(session, request, headers);
  assert.equal(answer.status, 200, text);
  assert.equal(answer.headers.get(mark), '1');
  assert.equal(answer.headers.get('content-type'), 'application/json');
  const reply = readWholeReply(sealed.frames, utf8(text));
  const body = Buffer.from(reply.body ?? []).toString('utf8');
  return { status: reply.status, contentType: reply.contentType, body };
}

async function refusal(answer) {
  return { status: answer.status, body: await answer.text() };
}

const sealedError = (code, message) =>
  JSON.stringify({ error: { code, message, type: 'secure_channel_error' } });

// --- sections 2 and 3: calls and answers ---------------------------------------------------------

test('a whole answer, with the key inside and none outside', async () => {
  const reply = await opened(await host.session(), inner());
  assert.deepEqual(reply, {
    status: 200,
    contentType: 'application/json',
    body: JSON.stringify({ method: 'POST', body: '{"a":1}' }),
  });
  const seen = host.upstream.seen.at(-1);
  assert.equal(seen.headers['x-kronborg-agent'], host.agent.id);
  assert.equal(seen.headers.authorization, undefined);
  assert.equal(seen.headers['x-forwarded-for'], '127.0.0.1');
});

test('the library as it is: whole, streamed, of unknown length, large', async () => {
  const channel = host.channel();
  const headers = host.bearer;
  const whole = await channel.fetch('/v1/echo', { method: 'POST', headers, body: 'hello' });
  assert.deepEqual(await whole.json(), { method: 'POST', body: 'hello' });
  const stream = await channel.fetch('/v1/stream', { headers });
  assert.equal(await stream.text(), 'data: {"n":1}\n\ndata: {"n":2}\n\n');
  const unknown = await channel.fetch('/v1/unknown-length', { headers });
  assert.equal(await unknown.text(), '{"a":1}');
  const large = await channel.fetch('/v1/large', { headers });
  assert.equal((await large.text()).length, 3_000_000);
  const up = 'y'.repeat(2_000_000);
  const sent = await channel.fetch('/v1/echo', { method: 'POST', headers, body: up });
  assert.equal((await sent.json()).body, up);
  const refused = await channel.fetch('/v1/refused', { headers });
  assert.equal(refused.status, 503);
  assert.equal(await refused.text(), '{"error":"busy"}');
  await channel.close();
});

test('a stream that is cut has no last frame', async () => {
  const channel = host.channel();
  const cut = await channel.fetch('/v1/cut', { headers: host.bearer });
  await assert.rejects(cut.text(), { code: 'channel_truncated' });
});

test('inner refusals are sealed inside 200', async () => {
  const session = await host.session();
  const none = await opened(session, inner({ authorization: undefined }), host.bearer);
  assert.equal(none.status, 401, 'the outer credential is ignored');
  assert.equal(JSON.parse(none.body).error.code, 'credential_missing');
  const bad = await opened(session, inner({ authorization: 'Bearer osk-v1.x' }));
  assert.equal(JSON.parse(bad.body).error.code, 'token_format');
  const owner = await opened(session, inner({ method: 'GET', path: '/api/v1/status' }));
  assert.equal(owner.status, 403);
  assert.equal(JSON.parse(owner.body).code, 'owner_required');
  const nothing = await opened(session, inner({ path: '/agents/nobody/x' }));
  assert.equal(JSON.parse(nothing.body).error.code, 'agent_scope_denied');
});

test('HEAD, and an answer of the host itself', async () => {
  const session = await host.session();
  const health = await opened(session, JSON.stringify({ method: 'GET', path: '/healthz' }));
  assert.deepEqual(
    { status: health.status, body: health.body },
    { status: 200, body: '{"status":"ok"}' },
  );
  const head = await opened(session, JSON.stringify({ method: 'HEAD', path: '/healthz' }));
  assert.deepEqual({ status: head.status, body: head.body }, { status: 200, body: '' });
});

test('what the request inside may not say', async () => {
  const session = await host.session();
  const relay = await opened(
    session,
    inner({
      headers: {
        'X-Forwarded-For': '203.0.113.9',
        'X-Osaurus-Relay-Origin': 'inside',
        Host: 'evil.example',
        'User-Agent': 'inner',
        'X-Other': 'kept',
      },
    }),
    { 'X-Osaurus-Relay-Origin': 'outside' },
  );
  assert.equal(relay.status, 200);
  const { headers } = host.upstream.seen.at(-1);
  assert.equal(headers['x-forwarded-for'], '127.0.0.1');
  assert.equal(headers['x-forwarded-host'], `127.0.0.1:${host.server.port}`);
  assert.equal(headers['x-osaurus-relay-origin'], 'outside');
  assert.equal(headers['user-agent'], 'inner');
  assert.equal(headers['x-other'], 'kept');
});

test('rows 2 to 6 of a call, in clear', async () => {
  const session = await host.session();
  const malformed = sealedError('secure_malformed', 'Malformed secure call');
  const rows = [
    ['', 400, malformed],
    ['[]', 400, malformed],
    [{ v: 1, sid: session.sid, ct: 'AA' }, 400, malformed],
    [`{"v":1,"sid":"${session.sid}","seq":1.0,"ct":"AA"}`, 400, malformed],
    [`{"v":1,"sid":"${session.sid}","seq":18446744073709551616,"ct":"AA"}`, 400, malformed],
    [`{"v":1,"sid":"${session.sid}","seq":-1,"ct":"AA"}`, 400, malformed],
    [
      { v: 1, sid: b64u(randomBytes(16)), seq: 1, ct: 'AA' },
      401,
      sealedError('secure_session_unknown', 'Unknown or expired secure session'),
    ],
    [
      { v: 1, sid: session.sid, seq: 1, ct: b64u(randomBytes(40)) },
      400,
      sealedError('secure_decrypt_failed', 'Decryption failed'),
    ],
    [
      { v: 2, sid: session.sid, seq: 1, ct: b64u(randomBytes(40)) },
      400,
      sealedError('secure_decrypt_failed', 'Decryption failed'),
    ],
    [
      { v: 1, sid: session.sid, seq: 1, ct: 'AAAA' },
      400,
      sealedError('secure_decrypt_failed', 'Decryption failed'),
    ],
  ];
  for (const [body, status, text] of rows) {
    assert.deepEqual(await refusal(await host.post('/secure/call', body)), { status, body: text });
  }
  const sealed = session.seal(inner());
  assert.equal((await host.post('/secure/call', sealed.body)).status, 200, 'no number was used up');
  assert.deepEqual(await refusal(await host.post('/secure/call', sealed.body)), {
    status: 409,
    body: sealedError('secure_replay', 'Replayed secure call rejected'),
  });
  for (const request of [
    'no JSON',
    inner({ method: 'post' }),
    inner({ path: 'v1' }),
    inner({ path: '/secure/call' }),
    inner({ path: '/v1/secure/session' }),
    inner({ path: '/%73ecure/session' }),
    inner({ path: '/a b' }),
    inner({ body: 'a+b=' }),
    inner({ headers: { a: 'b\r\nc: d' } }),
    inner({ headers: [] }),
  ]) {
    const { answer, text } = await call(session, request);
    assert.equal(answer.status, 400, request);
    assert.equal(text, sealedError('secure_malformed', 'Malformed inner request'));
    assert.equal(answer.headers.get(mark), null);
  }
});

test('64 at once of one call: one is executed', async () => {
  const session = await host.session();
  const sealed = session.seal(inner({ path: '/v1/once' }));
  const answers = await Promise.all(
    Array.from({ length: 64 }, () => host.post('/secure/call', sealed.body)),
  );
  const statuses = answers.map((answer) => answer.status).sort();
  assert.deepEqual(statuses, [200, ...Array(63).fill(409)]);
  assert.equal(host.upstream.seen.filter(({ url }) => url === '/v1/once').length, 1);
});

test('only POST, and only outside', async () => {
  for (const path of ['/secure/session', '/secure/call']) {
    const answer = await fetch(host.url + path);
    assert.equal(answer.status, 405);
    assert.equal(answer.headers.get('allow'), 'POST');
  }
});

// --- section 1: the handshake ----------------------------------------------------------------------

test('the rows of a handshake', async () => {
  const good = new ChannelHandshake(host.agent.address).hello;
  const invalid = '{"code":"handshake_malformed","error":"Invalid handshake request"}';
  const form = '{"code":"handshake_malformed","error":"Malformed handshake"}';
  const version = '{"code":"handshake_version","error":"Unsupported secure channel version"}';
  const unknown = '{"code":"agent_unknown","error":"Unknown agent address"}';
  const rows = [
    ['', 400, invalid],
    [{ ...good, nonce: undefined }, 400, invalid],
    [{ ...good, v: '1' }, 400, invalid],
    [{ ...good, v: 2 }, 400, version],
    [{ ...good, encPub: b64u(Buffer.alloc(32)) }, 400, form],
    [{ ...good, encPub: `${good.encPub}=` }, 400, form],
    [{ ...good, nonce: b64u(randomBytes(15)) }, 400, form],
    [{ ...good, nonce: b64u(randomBytes(65)) }, 400, form],
    [{ ...good, agentAddress: `0x${'11'.repeat(20)}` }, 404, unknown],
    [{ ...good, agentAddress: 'nobody' }, 404, unknown],
  ];
  for (const [body, status, text] of rows) {
    assert.deepEqual(await refusal(await host.post('/secure/session', body)), {
      status,
      body: text,
    });
  }
  const large = await host.post('/secure/session', `{"v":1,"x":"${'x'.repeat(65_536)}"}`);
  assert.deepEqual(await refusal(large), {
    status: 413,
    body:
      '{"error":{"code":"body_too_large","message":"Request body too large ' +
      '(65550 > 65536 bytes)","type":"payload_too_large"}}',
  });
});

test('a prefix of other APIs is taken off the path', async () => {
  const handshake = new ChannelHandshake(host.agent.address);
  const answer = await host.post('/v1/secure/session', handshake.hello);
  assert.equal(answer.status, 200);
  const hello = await answer.json();
  assert.deepEqual(Object.keys(hello), ['encPub', 'expiresAt', 'sid', 'signature', 'v']);
  assert.ok(Math.abs(hello.expiresAt - Date.now() / 1000 - 3600) < 60);
});

test('row 6: the identity is locked', async () => {
  await host.server.api('POST', '/identity/lock', {});
  const locked = await host.post('/secure/session', new ChannelHandshake(host.agent.address).hello);
  assert.deepEqual(await refusal(locked), {
    status: 503,
    body:
      '{"code":"identity_locked","error":"Secure channel identity unavailable, try again",' +
      '"hint":"Unlock it with \'kronborg unlock\'."}',
  });
  await host.server.api('POST', '/identity/unlock', {});
  await host.session();
});

test('the connect identity, with and without the id of the device', async () => {
  const identity = (await host.server.api('GET', '/identity')).value;
  const { words } = (await host.server.api('POST', '/identity/recovery/words', {})).value;
  const master = MasterKey.fromWords(words);
  assert.equal(master.address, identity.masterAddress);
  for (const id of [identity.deviceId, '']) {
    const session = await host.session(master.connectKey(id).address);
    assert.equal((await opened(session, inner())).status, 200);
  }
  const foreign = new ChannelHandshake(master.connectKey('ffffffff').address).hello;
  assert.equal((await host.post('/secure/session', foreign)).status, 404);
});

// --- section 4: when it is required ------------------------------------------------------------------

test('426 for agent routes over plain HTTP, between 403 and 400', async () => {
  const required =
    '{"error":{"code":"secure_channel_required","message":"This peer requires end-to-end ' +
    'encryption for agent requests. Upgrade Osaurus to a version that supports the secure ' +
    'channel.","type":"upgrade_required"}}';
  for (const work of ['run', 'dispatch']) {
    const path = `/agents/writer/${work}`;
    assert.equal((await host.post(path, {})).status, 401);
    const denied = await host.post(`/agents/nobody/${work}`, {}, host.bearer);
    assert.equal(denied.status, 403);
    const plain = await host.post(path, {}, host.bearer);
    assert.deepEqual(await refusal(plain), { status: 426, body: required });
    assert.equal(plain.headers.get('upgrade'), null);
    const sealed = await opened(await host.session(), inner({ path }));
    assert.equal(sealed.status, 200);
  }
  const read = await fetch(`${host.url}/agents/writer/run`, { headers: host.bearer });
  assert.equal(read.status, 200);
});

// --- ends ------------------------------------------------------------------------------------------

/** The plaintexts of a stream as they come, and how it ended. */
async function follow(session, request) {
  const sealed = session.seal(request);
  const state = { parts: [], fin: false };
  const { port } = new URL(host.url);
  await new Promise((resolve, reject) => {
    const asked = http.request(
      { host: '127.0.0.1', port, path: '/secure/call', method: 'POST' },
      (answer) => {
        let text = '';
        answer.on('data', (part) => {
          text += part;
          for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
            const frame = text.slice(0, end).replace(/^data: /, '');
            text = text.slice(end + 2);
            if (frame.startsWith(':')) continue;
            state.parts.push(Buffer.from(sealed.frames.read(utf8(frame))).toString('utf8'));
            state.fin = sealed.frames.isComplete;
            state.came?.();
          }
        });
        state.ended = new Promise((done) => answer.on('close', done));
        resolve();
      },
    );
    asked.on('error', reject);
    asked.end(sealed.body);
  });
  while (state.parts.length === 0) await new Promise((resolve) => (state.came = resolve));
  return state;
}

test('revoking the key cuts the stream, without a last frame', async () => {
  const key = await host.server.mint('to be revoked', { agentId: host.agent.id });
  const request = inner({ method: 'GET', path: '/v1/forever', body: undefined });
  const own = request.replace(host.key.key, key.key);
  const stream = await follow(await host.session(), own);
  assert.deepEqual(stream.parts, ['data: {"n":1}\n\n']);
  const revoked = await host.server.api('POST', `/access-keys/${key.id}/revoke`, {});
  assert.equal(revoked.status, 200);
  await stream.ended;
  assert.equal(stream.fin, false);
  assert.match(stream.parts.join(''), /event: error\ndata: .*key_revoked/);
});

test('retiring the agent ends its sessions at once', async () => {
  const made = await host.server.api('POST', '/agents', { name: 'short-lived' });
  const session = await host.session(made.value.address);
  const kept = await host.session();
  const deleted = await host.server.api('DELETE', `/agents/${made.value.id}`);
  assert.equal(deleted.status, 200);
  const { answer, text } = await call(session, inner());
  assert.equal(answer.status, 401, text);
  assert.equal(JSON.parse(text).error.code, 'secure_session_unknown');
  assert.equal((await opened(kept, inner())).status, 200);
});

test('shutdown cuts the stream, without a last frame; a restart forgets all sessions', async () => {
  const session = await host.session();
  const stream = await follow(session, inner({ method: 'GET', path: '/v1/forever', body: undefined }));
  await Promise.all([host.server.stop(), stream.ended]);
  assert.equal(stream.fin, false);
  await host.restart();
  const { answer } = await call(session, inner());
  assert.equal(answer.status, 401);
  // The library shakes hands anew.
  const channel = host.channel();
  const reply = await channel.fetch('/v1/echo', { method: 'POST', headers: host.bearer, body: 'x' });
  assert.equal(reply.status, 200);
});

test('row 1: 30 handshakes a minute, then 429 with Retry-After', async () => {
  const statuses = [];
  let last;
  for (let i = 0; i < 31; i += 1) {
    last = await host.post('/secure/session', new ChannelHandshake(host.agent.address).hello);
    statuses.push(last.status);
    if (last.status === 429) break;
  }
  assert.ok(statuses.length > 25, `refused after ${statuses.length}`);
  assert.deepEqual(await refusal(last), {
    status: 429,
    body: '{"code":"channel_rate_limited","error":"Too many pairing attempts. Try again shortly."}',
  });
  assert.ok(Number(last.headers.get('retry-after')) >= 1);
});
