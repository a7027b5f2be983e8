// node sealed_calls.mjs URL AGENT KEY PATH COUNT FILE: one session, and that many calls of it.
import { writeFileSync } from 'node:fs';

import { ChannelHandshake, parseObject } from '../../clients/typescript/dist/index.js';

const [url, agent, key, path, count, file] = process.argv.slice(2);
const handshake = new ChannelHandshake(agent);
const answer = await fetch(`${url}/secure/session`, {
  method: 'POST',
  headers: { 'Content-Type': 'application/json' },
  body: JSON.stringify(handshake.hello),
});
const session = handshake.accept(parseObject(new Uint8Array(await answer.arrayBuffer())));
const inner = JSON.stringify({ method: 'GET', path, authorization: `Bearer ${key}` });
writeFileSync(
  file,
  Array.from({ length: Number(count) }, () => `${session.seal(inner).body}\n`).join(''),
);
