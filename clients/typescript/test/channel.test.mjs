// A client of the Secure Channel and a host (docs/protocol/secure-channel.md).
import assert from 'node:assert/strict';
import { describe as suite, test } from 'node:test';

import { MasterKey, SecureChannel, innerRequest } from '@kronborg/client';
import { agent, first, hostOf, postTo } from './channel_host.mjs';
import { codeOfAsync, fromBase64Url, text, utf8 } from './support.mjs';

const base = { host: 'http://studio.local:1337', agentAddress: agent.address };

suite('a client and a host', () => {
  test('a request travels whole, and so does its answer', async () => {
    const view = hostOf({
      serve: () => ({ status: 404, contentType: 'application/json', body: utf8('{"ø":1}') }),
    });
    const channel = new SecureChannel({ ...base, fetch: view.fetch, clock: view.clock });
    const answer = await channel.fetch('/v1/models?limit=3', {
      method: 'post',
      headers: {
        Authorization: 'Bearer osk-v1.a.b',
        Accept: 'text/plain',
        'X-One': '1',
        Host: 'evil',
      },
      body: JSON.stringify({ a: 1 }),
    });
    assert.equal(answer.status, 404);
    assert.equal(answer.headers.get('content-type'), 'application/json');
    assert.deepEqual(await answer.json(), { ø: 1 });
    const [request] = view.served;
    assert.deepEqual(
      { ...request, body: text(request.body) },
      {
        method: 'POST',
        path: '/v1/models?limit=3',
        authorization: 'Bearer osk-v1.a.b',
        accept: 'text/plain',
        contentType: 'text/plain;charset=UTF-8',
        headers: { 'x-one': '1' },
        body: '{"a":1}',
      },
    );
  });

  test('nothing of it can be read on the way', async () => {
    const view = hostOf();
    const sent = [];
    const watching = (url, init) => {
      sent.push(typeof init.body === 'string' ? init.body : text(init.body));
      return view.fetch(url, init);
    };
    const channel = new SecureChannel({ ...base, fetch: watching, clock: view.clock });
    await channel.fetch('/secret-path', { headers: { authorization: 'Bearer secret-key' } });
    assert.equal(sent.length, 2);
    assert.ok(!sent.join('').includes('secret-'));
  });

  test('a stream comes in its chunks', async () => {
    const chunks = ['data: {"n":1}\n\n', '', 'data: {"n":2}\n\n'].map(utf8);
    const view = hostOf({ serve: () => ({ chunks }) });
    const channel = new SecureChannel({ ...base, fetch: view.fetch, clock: view.clock });
    const answer = await channel.fetch('/stream');
    const reader = answer.body.getReader();
    const read = [];
    for (let part = await reader.read(); !part.done; part = await reader.read())
      read.push(text(part.value));
    assert.deepEqual(read, ['data: {"n":1}\n\n', 'data: {"n":2}\n\n']);
  });

  /** Reads a stream to its end or its error. */
  async function drain(answer) {
    let got = '';
    const decoder = new TextDecoder();
    const code = await codeOfAsync(async () => {
      for await (const part of answer.body) got += decoder.decode(part, { stream: true });
    });
    return { got, code };
  }

  test('a stream that is cut says so', async () => {
    const view = hostOf({ serve: () => ({ chunks: [utf8('one '), utf8('two ')], isCut: true }) });
    const channel = new SecureChannel({ ...base, fetch: view.fetch, clock: view.clock });
    const { got, code } = await drain(await channel.fetch('/stream'));
    assert.deepEqual([got, code], ['one two ', 'channel_truncated']);
  });

  test('what comes before a frame that does not verify is still read', async () => {
    const view = hostOf({ serve: () => ({ chunks: ['one ', 'two ', 'three'].map(utf8) }) });
    const tampering = async (url, init) => {
      const answer = await view.fetch(url, init);
      if (!String(url).endsWith('/call')) return answer;
      const events = (await answer.text()).split('\n\n');
      const mended = events.map((event, i) =>
        i === 2 ? event.replace('"ct":"', '"ct":"AAAA') : event,
      );
      return new Response(mended.join('\n\n'), { status: 200, headers: answer.headers });
    };
    const channel = new SecureChannel({ ...base, fetch: tampering, clock: view.clock });
    const answer = await channel.fetch('/stream');
    // A reader that comes late must find it all the same.
    for (let turn = 0; turn < 10; turn += 1) await new Promise(setImmediate);
    const { got, code } = await drain(answer);
    assert.deepEqual([got, code], ['one two ', 'channel_frame_invalid']);
  });

  test('heartbeats and other chunk borders change nothing', async () => {
    const view = hostOf({ serve: () => ({ chunks: ['ø', 'ö'].map(utf8) }) });
    const slicing = async (url, init) => {
      const answer = await view.fetch(url, init);
      if (!String(url).endsWith('/call')) return answer;
      const whole = utf8(`: hb\n\n${await answer.text()}`);
      const parts = Array.from(whole, (byte) => Uint8Array.of(byte));
      const body = new ReadableStream({
        pull: (controller) => {
          const part = parts.shift();
          if (part === undefined) controller.close();
          else controller.enqueue(part);
        },
      });
      return new Response(body, { status: 200, headers: answer.headers });
    };
    const channel = new SecureChannel({ ...base, fetch: slicing, clock: view.clock });
    assert.equal(await (await channel.fetch('/stream')).text(), 'øö');
  });

  test('a session that ended is made anew, once, and no number is used twice', async () => {
    const view = hostOf();
    const calls = [];
    const watching = (url, init) => {
      if (String(url).endsWith('/call')) calls.push(JSON.parse(text(init.body)));
      return view.fetch(url, init);
    };
    const channel = new SecureChannel({ ...base, fetch: watching, clock: view.clock });
    await channel.fetch('/one');
    view.host.endAll();
    const answer = await channel.fetch('/two');
    assert.equal(await answer.text(), 'ok');
    assert.deepEqual(
      calls.map(({ seq }) => seq),
      [1, 2, 1],
    );
    assert.notEqual(calls[0].sid, calls[2].sid);
    assert.deepEqual(
      view.served.map(({ path }) => path),
      ['/one', '/two'],
    );
    const places = new Set(calls.map(({ sid, seq }) => `${sid} ${seq}`));
    assert.equal(places.size, 3);
  });

  test('repeatOnce false leaves the repeat to the caller', async () => {
    const view = hostOf();
    const channel = new SecureChannel({
      ...base,
      fetch: view.fetch,
      clock: view.clock,
      repeatOnce: false,
    });
    await channel.fetch('/one');
    view.host.endAll();
    assert.equal(await codeOfAsync(() => channel.fetch('/two')), 'secure_session_unknown');
    assert.equal((await channel.fetch('/two')).status, 200);
  });

  test('a session is renewed 60 s before its end', async () => {
    const view = hostOf();
    const channel = new SecureChannel({ ...base, fetch: view.fetch, clock: view.clock });
    const one = await channel.session();
    view.clock.now += 3_539_000;
    assert.equal(await channel.session(), one);
    view.clock.now += 1000;
    const two = await channel.session();
    assert.notEqual(two.sid, one.sid);
  });

  test('calls at once share one handshake', async () => {
    const view = hostOf();
    const paths = [];
    const watching = (url, init) => {
      paths.push(new URL(url).pathname);
      return view.fetch(url, init);
    };
    const channel = new SecureChannel({ ...base, fetch: watching, clock: view.clock });
    await Promise.all(['/a', '/b', '/c'].map((path) => channel.fetch(path)));
    assert.deepEqual(paths.sort(), [
      '/secure/call',
      '/secure/call',
      '/secure/call',
      '/secure/session',
    ]);
    view.host.endAll();
    await Promise.all(['/a', '/b', '/c'].map((path) => channel.fetch(path)));
    assert.equal(paths.filter((path) => path === '/secure/session').length, 2);
  });

  test('a failed handshake is tried again by the next call', async () => {
    const view = hostOf();
    let isDown = true;
    const failing = (url, init) =>
      isDown ? Promise.reject(new TypeError('down')) : view.fetch(url, init);
    const channel = new SecureChannel({ ...base, fetch: failing, clock: view.clock });
    assert.equal(await codeOfAsync(() => channel.fetch('/')), 'network_failed');
    isDown = false;
    assert.equal((await channel.fetch('/')).status, 200);
  });

  test('a host that is another, or has no channel', async () => {
    const { fetch, clock } = hostOf();
    const other = MasterKey.create().agentKey('', 0).address;
    const ask = (options) =>
      codeOfAsync(() => new SecureChannel({ ...base, fetch, clock, ...options }).fetch('/'));
    assert.equal(await ask({ agentAddress: other }), 'agent_unknown');
    const none = async () => new Response('not found', { status: 404 });
    assert.equal(await ask({ fetch: none }), 'channel_unavailable');
    const replayed = async () => new Response(JSON.stringify(first.server_hello), { status: 200 });
    assert.equal(await ask({ fetch: replayed }), 'channel_hello_invalid');
  });

  test('an answer outside the channel is not taken', async () => {
    const view = hostOf();
    const plain = (url, init) =>
      String(url).endsWith('/call')
        ? Promise.resolve(new Response('{"status":200}'))
        : view.fetch(url, init);
    const channel = new SecureChannel({ ...base, fetch: plain, clock: view.clock });
    assert.equal(await codeOfAsync(() => channel.fetch('/')), 'channel_answer_invalid');
  });

  test('thirty handshakes in a minute', async () => {
    const view = hostOf();
    for (let i = 0; i < 30; i += 1) {
      const { status } = await postTo(view.fetch, '/secure/session', first.client_hello);
      assert.equal(status, 200);
    }
    const over = await postTo(view.fetch, '/secure/session', first.client_hello);
    assert.deepEqual([over.status, over.value.code], [429, 'channel_rate_limited']);
    view.clock.now += 60_000;
    assert.equal((await postTo(view.fetch, '/secure/session', first.client_hello)).status, 200);
  });
});

suite('the inner request', () => {
  test('fields with a place of their own, and those of proxies, are left out', async () => {
    const headers = {
      'Content-Length': '7',
      'X-Forwarded-For': '1.2.3.4',
      Forwarded: 'for=x',
      'X-Real-IP': 'x',
      'X-Osaurus-Relay-Origin': 'x',
      'Content-Type': 'text/plain',
      'X-Osaurus-Agent-Id': 'a',
    };
    const request = await innerRequest(new URL('http://h/p?q=1'), {
      method: 'PUT',
      headers,
      body: 'ø',
    });
    assert.deepEqual(request, {
      method: 'PUT',
      path: '/p?q=1',
      contentType: 'text/plain',
      headers: { 'x-osaurus-agent-id': 'a' },
      body: 'w7g',
    });
  });
  test('a form keeps the border that its type names', async () => {
    const form = new FormData();
    form.set('a', 'b');
    const request = await innerRequest(new URL('http://h/'), { method: 'POST', body: form });
    const border = /boundary=(.+)$/.exec(request.contentType)[1];
    assert.ok(text(fromBase64Url(request.body)).includes(border));
  });
  test('a GET has no body', async () => {
    const ask = () => innerRequest(new URL('http://h/'), { body: 'x' });
    assert.equal(await codeOfAsync(ask), 'channel_request_invalid');
  });
});
