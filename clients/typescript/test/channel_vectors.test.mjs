// The Secure Channel against known answers (docs/protocol/secure-channel.md).
import assert from 'node:assert/strict';
import { describe as suite, test } from 'node:test';

import {
  ExchangeKey,
  FrameReader,
  PREFIX,
  SigningKey,
  acceptHello,
  channelKeys,
  channelTranscript,
  clientHello,
  envelopeDigest,
  openCall,
  parseObject,
  readWholeReply,
  responseKey,
  sealCall,
  sealFrame,
} from '@kronborg/client';
import { ReplayWindow, ServerSession, openSession } from '@kronborg/client/host';
import { first, hostOf, postTo } from './channel_host.mjs';
import { bytes, codeOf, fromBase64Url, hex, text, utf8, vectors } from './support.mjs';

const rows = vectors('secure_channel');
const object = (value) => parseObject(utf8(JSON.stringify(value)));

/** `seq` of the vectors as the JSON integer of the wire. */
const wire = ({ seq, ...rest }) =>
  JSON.stringify({ ...rest, ...(seq === undefined ? {} : { seq: '#' }) }).replace('"#"', seq);

function keysOf(row) {
  const shared = ExchangeKey.fromBytes(bytes(row.client_private_hex)).sharedWith(
    fromBase64Url(row.server_hello.encPub),
  );
  assert.equal(hex(shared), row.shared_hex);
  return channelKeys(shared, row.transcript);
}

const sessionOf = (row) =>
  new ServerSession(row.server_hello.sid, row.server_hello.expiresAt, keysOf(row));

suite('sessions of the vectors', () => {
  for (const row of rows.sessions) {
    const signer = SigningKey.fromBytes(
      row.name === 'agent key' ? 'agent' : 'connect',
      bytes(row.agent_private_key_hex),
    );
    test(`${row.name}: handshake, client's side`, () => {
      const key = ExchangeKey.fromBytes(bytes(row.client_private_hex));
      const nonce = fromBase64Url(row.client_hello.nonce);
      assert.deepEqual(clientHello(row.agent_address, key.encPub, nonce), row.client_hello);
      assert.equal(channelTranscript(row.client_hello, row.server_hello), row.transcript);
      assert.equal(hex(envelopeDigest(PREFIX.channel, row.transcript)), row.digest_hex);
      const session = acceptHello(
        row.client_hello,
        key,
        row.agent_address,
        object(row.server_hello),
      );
      assert.equal(session.sid, row.server_hello.sid);
      assert.equal(session.expiresAt, row.server_hello.expiresAt);
      session.keys.c2s.use((key) => assert.equal(hex(key), row.c2s_hex));
      session.keys.s2c.use((key) => assert.equal(hex(key), row.s2c_hex));
    });
    test(`${row.name}: handshake, host's side`, () => {
      const secrets = {
        key: ExchangeKey.fromBytes(bytes(row.server_private_hex)),
        sid: fromBase64Url(row.server_hello.sid),
      };
      const theirs = fromBase64Url(row.client_hello.encPub);
      const { expiresAt } = row.server_hello;
      const opened = openSession(row.client_hello, theirs, signer, expiresAt, secrets);
      assert.deepEqual(opened.hello, row.server_hello);
      opened.session.keys.c2s.use((key) => assert.equal(hex(key), row.c2s_hex));
      opened.session.keys.s2c.use((key) => assert.equal(hex(key), row.s2c_hex));
    });
    for (const call of row.calls) {
      const { sid } = row.server_hello;
      const seq = BigInt(call.seq);
      test(`${row.name}: call ${call.seq}, ${call.response_kind}`, () => {
        const { c2s, s2c } = keysOf(row);
        assert.equal(sealCall(c2s, sid, seq, utf8(call.plaintext)), call.ct);
        assert.equal(text(openCall(c2s, sid, seq, call.ct)), call.plaintext);
        const key = responseKey(s2c, seq);
        key.use((secret) => assert.equal(hex(secret), call.response_key_hex));
        const reader = new FrameReader(key, sid, seq);
        for (const frame of call.frames) {
          const place = { sid, seq, number: frame.seq, fin: frame.fin };
          const sent = sealFrame(key, place, utf8(frame.plaintext));
          const expected = { seq: frame.seq, ct: frame.ct, ...(frame.fin ? { fin: true } : {}) };
          assert.deepEqual(sent, expected);
          assert.equal(text(reader.read(utf8(JSON.stringify(sent)))), frame.plaintext);
        }
        assert.equal(reader.isComplete, true);
      });
      test(`${row.name}: call ${call.seq} at the host`, () => {
        const inner = JSON.parse(call.plaintext);
        const { request, reply } = sessionOf(row).open(1, seq, call.ct);
        assert.equal(request.method, inner.method);
        assert.equal(request.path, inner.path);
        assert.equal(request.authorization, inner.authorization);
        if (call.response_kind === 'stream') {
          const [last, ...chunks] = [...call.frames].reverse();
          const sent = chunks.reverse().map(({ plaintext }) => reply.chunk(utf8(plaintext)));
          const frames = [...sent, reply.end()].map((event) =>
            JSON.parse(event.slice('data: '.length)),
          );
          assert.deepEqual(
            frames.map(({ ct }) => ct),
            call.frames.map(({ ct }) => ct),
          );
          assert.equal(last.plaintext, '');
          return;
        }
        const answer = JSON.parse(call.frames[0].plaintext);
        const body = fromBase64Url(answer.body ?? '');
        const key = responseKey(keysOf(row).s2c, seq);
        const whole = reply.whole(answer.status, answer.contentType, body);
        const read = readWholeReply(new FrameReader(key, row.server_hello.sid, seq), utf8(whole));
        assert.deepEqual(
          [read.status, read.contentType, hex(read.body)],
          [answer.status, answer.contentType, hex(body)],
        );
      });
    }
  }
});

suite('must_fail', () => {
  for (const row of rows.must_fail.filter(({ kind }) => kind === 'client_hello')) {
    test(`client hello: ${row.name}`, async () => {
      const { status, value } = await postTo(hostOf().fetch, '/secure/session', row.request);
      assert.deepEqual({ status, error: value.error }, row.expect);
    });
  }
  for (const row of rows.must_fail.filter(({ kind }) => kind === 'server_hello')) {
    test(`server hello: ${row.name}`, () => {
      const key = ExchangeKey.fromBytes(bytes(first.client_private_hex));
      const accept = () =>
        acceptHello(row.client_hello, key, row.pinned_address, object(row.server_hello));
      assert.equal(codeOf(accept), 'channel_hello_invalid');
    });
  }
  for (const row of rows.must_fail.filter(({ kind }) => kind === 'call')) {
    test(`call: ${row.name}`, async () => {
      const { host, fetch, served } = hostOf();
      host.hold(sessionOf(first), '127.0.0.1');
      const { status, value } = await postTo(fetch, '/secure/call', wire(row.request));
      assert.deepEqual({ status, code: value.error.code }, row.expect);
      assert.equal(value.error.type, 'secure_channel_error');
      assert.equal(served.length, 0);
    });
  }
  for (const row of rows.must_fail.filter(({ kind }) => kind === 'response')) {
    const session = rows.sessions[row.session];
    const call = session.calls[row.call];
    const reader = () => {
      const seq = BigInt(call.seq);
      return new FrameReader(responseKey(keysOf(session).s2c, seq), session.server_hello.sid, seq);
    };
    test(`response: ${row.name}`, () => {
      const frames = reader();
      let prefix = '';
      const read = () => {
        for (const frame of row.frames) prefix += text(frames.read(utf8(JSON.stringify(frame))));
        frames.end();
      };
      assert.match(codeOf(read), /^channel_(?:frame_invalid|truncated)$/);
      assert.equal(prefix, row.readable_prefix);
      assert.equal(frames.isComplete, row.complete);
    });
  }
  test('response: a frame under another number than its own', () => {
    const [session] = rows.sessions;
    const [call] = session.calls;
    const { sid } = session.server_hello;
    const reader = new FrameReader(responseKey(keysOf(session).s2c, 1n), sid, 1n);
    const frame = { seq: 1, ct: call.frames[0].ct, fin: true };
    const read = (value) => reader.read(utf8(JSON.stringify(value)));
    assert.equal(
      codeOf(() => read(frame)),
      'channel_frame_invalid',
    );
    // Nothing is read any more after a frame that was refused.
    assert.equal(
      codeOf(() => read({ ...frame, seq: 0 })),
      'channel_frame_invalid',
    );
  });
  test('every case is of a kind that is judged here', () => {
    const kinds = new Set(rows.must_fail.map(({ kind }) => kind));
    assert.deepEqual([...kinds].sort(), ['call', 'client_hello', 'response', 'server_hello']);
  });
});

suite('windows', () => {
  for (const [i, numbers] of rows.windows.entries()) {
    test(`window ${i}`, () => {
      const window = new ReplayWindow();
      for (const { seq, outcome } of numbers) {
        assert.equal(window.accept(BigInt(seq)), outcome === 'accepted', seq);
      }
    });
  }
});
