// While 64 connections use a key, it is revoked. No request that begins after the acknowledgement
// may succeed. KRONBORG_ROUNDS chooses how many times; the bench runs ten thousand.
import assert from 'node:assert/strict';
import http from 'node:http';
import net from 'node:net';
import { after, before, test } from 'node:test';

import { Home, Server } from '../support/node/kronborg.mjs';

const rounds = Number(process.env.KRONBORG_ROUNDS ?? 200);
const connections = 64;

let home;
let server;
const agent = new http.Agent({ keepAlive: true });
before(async () => {
  home = new Home();
  server = await Server.start(home);
});
after(async () => {
  agent.destroy();
  await server.stop();
  home.remove();
});

/** One kept-alive connection that asks again as soon as it was answered. */
class Asker {
  constructor(port) {
    this.socket = net.connect(port, '127.0.0.1').setNoDelay(true);
    this.text = '';
    this.socket.on('data', (part) => this.read(String(part)));
  }

  start(round) {
    this.round = round;
    this.ask();
    return new Promise((resolve) => {
      this.ended = resolve;
    });
  }

  ask() {
    this.beganAfter = this.round.acknowledged;
    this.socket.write(this.round.request);
  }

  read(part) {
    this.text += part;
    let end = this.text.indexOf('\r\n\r\n');
    if (end < 0) return;
    const length = Number(/content-length: (\d+)/i.exec(this.text.slice(0, end))?.[1] ?? 0);
    if (this.text.length < end + 4 + length) return;
    const status = this.text.slice(9, 12);
    this.text = this.text.slice(end + 4 + length);
    if (status === '204') this.round.accepted += 1;
    else if (status === '401') this.round.refused += 1;
    else this.round.strange.push(status);
    if (this.beganAfter && status !== '401') this.round.late += 1;
    if (this.beganAfter) this.ended();
    else this.ask();
  }
}

test(`${rounds} revocations under load of ${connections} connections`, async () => {
  const askers = Array.from({ length: connections }, () => new Asker(server.port));
  let accepted = 0;
  for (let i = 0; i < rounds; i += 1) {
    const minted = await server.api(
      'POST',
      '/access-keys',
      { label: `round ${i}`, expires: '30d' },
      agent,
    );
    const { key, id } = minted.value;
    const round = {
      request:
        `GET /gate/verify HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\n` +
        `Authorization: Bearer ${key}\r\n\r\n`,
      acknowledged: false,
      accepted: 0,
      refused: 0,
      late: 0,
      strange: [],
    };
    const ended = askers.map((asker) => asker.start(round));
    const revoked = await server.api('POST', `/access-keys/${id}/revoke`, {}, agent);
    round.acknowledged = true;
    assert.equal(revoked.value.revoked, 1);
    await Promise.all(ended);
    assert.equal(
      round.late,
      0,
      `round ${i}: a request that began after the acknowledgement was let through`,
    );
    assert.deepEqual(round.strange, []);
    assert.ok(round.refused >= connections);
    accepted += round.accepted;
  }
  assert.ok(accepted > 0, 'the keys were never in use: nothing was tested');
  for (const asker of askers) asker.socket.destroy();
});
