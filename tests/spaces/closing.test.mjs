// Whoever waits to be let in while the space is closed (docs/protocol/spaces.md section 6.2): it is
// still waiting, or the space is closed. Nothing between the two is ever told.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Host } from './lib/host.mjs';
import { Space } from './lib/space.mjs';

const spaces = 60;
const pollers = 8;

let host;
before(async () => {
  host = await Host.start();
});
after(() => host?.end());

/** Polls until the space is closed; what was answered. */
async function poll(space, member, closing, findings) {
  for (;;) {
    const isClosed = closing.done;
    const { finding } = await space.poll(member);
    findings.add(isClosed ? `${finding} after the close` : finding);
    if (isClosed || finding !== '202') return;
  }
}

test('a poll beside the close of its space', async () => {
  const findings = new Set();
  for (let i = 0; i < spaces; i += 1) {
    const space = await Space.create(host);
    const { publicInvitationKey } = await space.invite({ requiresApproval: true });
    const member = await space.join(publicInvitationKey, 'Reynaldo');
    const closing = { done: false };
    const polls = Array.from({ length: pollers }, () => poll(space, member, closing, findings));
    await space.close();
    closing.done = true;
    await Promise.all(polls);
  }
  assert.deepEqual(
    [...findings].filter((finding) => !/^(202|401 space_closed)( after the close)?$/.test(finding)),
    [],
  );
  assert.ok(!findings.has('202 after the close'), 'a closed space still lets somebody wait');
  assert.ok(findings.has('202') && findings.has('401 space_closed'), 'no poll met the close');
});
