import { ChannelHandshake, fromBase64Url, readWholeReply } from '@kronborg/client';
import { ReplayWindow, drawHandshake, openSession } from '@kronborg/client/host';
import { bytes, held, hex, keep, signer, strictObject, utf8 } from './values.mjs';

const client = {
  channel_hello({ agent_address }) {
    const handshake = new ChannelHandshake(agent_address);
    return { handle: keep(handshake), hello: handshake.hello };
  },
  channel_accept({ handle, hello }) {
    const session = held(handle).accept(strictObject(hello));
    return { session: keep(session), sid: session.sid, expires_at: session.expiresAt };
  },
  channel_call({ session, request }) {
    const call = held(session).seal(request);
    return { call: keep(call), body: call.body };
  },
  channel_frame({ call, frame }) {
    const { frames } = held(call);
    return { plaintext: hex(frames.read(utf8(frame))), complete: frames.isComplete };
  },
  channel_whole({ call, body }) {
    const reply = readWholeReply(held(call).frames, utf8(body));
    return { status: reply.status, content_type: reply.contentType ?? null, body: hex(reply.body) };
  },
  channel_end({ call }) {
    held(call).frames.end();
  },
};

const server = {
  server_hello({ private_key, kind, hello, expires_at }) {
    const theirs = fromBase64Url(hello.encPub);
    const opened = openSession(
      hello,
      theirs,
      signer(kind, private_key),
      expires_at,
      drawHandshake(),
    );
    if (opened === undefined) throw new TypeError('the exchange gives zero');
    return { session: keep(opened.session), hello: opened.hello };
  },
  server_open({ session, v = 1, seq, ct }) {
    const opened = held(session).open(v, BigInt(seq), ct);
    if (typeof opened === 'string') return { refused: opened };
    const { body, ...request } = opened.request;
    return { call: keep(opened.reply), request: { ...request, body: hex(body) } };
  },
  server_whole: ({ call, status, content_type, body }) => ({
    body: held(call).whole(status, content_type ?? undefined, bytes(body)),
  }),
  server_chunk: ({ call, plaintext }) => ({ event: held(call).chunk(bytes(plaintext)) }),
  server_end: ({ call }) => ({ event: held(call).end() }),
  window({ numbers }) {
    const window = new ReplayWindow();
    return { accepted: numbers.map((number) => window.accept(BigInt(number))) };
  },
};

export const channel = { ...client, ...server };
