// A key that nobody received is revoked; what was used up for it stays used up.
import assert from 'node:assert/strict';
import net from 'node:net';
import { after, before, test } from 'node:test';

import { error, PairingHost } from './lib/host.mjs';

let host;
before(async () => (host = await PairingHost.start()));
after(() => host?.end());

/** Sends a request and closes without waiting for the answer. */
function askAndLeave(path, body) {
  const text = JSON.stringify(body);
  return new Promise((resolve) => {
    const socket = net.connect(host.server.port, '127.0.0.1', () =>
      socket.end(
        `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1:${host.server.port}\r\n` +
          `Content-Type: application/json\r\nContent-Length: ${text.length}\r\n\r\n${text}`,
      ),
    );
    // The host may cut what nobody waits for.
    socket.on('error', resolve);
    socket.on('close', resolve);
    socket.resume();
  });
}

test('an invite whose redeemer left', async () => {
  // Whoever closes only after the answer was handed to the network is taken for somebody who has it:
  // on a busy machine the first tries may be such ones.
  for (let tries = 1; ; tries += 1) {
    const { payload, nonce } = await host.invite();
    await askAndLeave('/pair-invite', payload);
    const used = async () =>
      (await host.api('GET', '/invites')).value.invites.find((one) => one.nonce === nonce);
    let invite = await used();
    for (let looks = 0; looks < 2000 && invite.status !== 'used'; looks += 1) invite = await used();
    assert.equal(invite.status, 'used');
    let key;
    for (let looks = 0; looks < 200 && !key?.revokedAt; looks += 1) {
      key = (await host.keys('invite')).find(({ id }) => id === invite.keyId);
      await new Promise(setImmediate);
    }
    assert.deepEqual(error(await host.post('/pair-invite', payload)), {
      status: 409,
      error: 'Invite has already been redeemed',
      code: 'invite_used',
    });
    if (key.status === 'active' && tries < 10) continue;
    assert.equal(key.status, 'revoked');
    assert.equal(key.revokedReason, 'undelivered');
    return;
  }
});
