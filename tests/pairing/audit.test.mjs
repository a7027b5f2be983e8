// What pairing leaves behind: rows that say who did what, and no secret anywhere.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { openAnswer, pairServerText, pairWithCode, parseObject } from './lib/client.mjs';
import { fetchBy, newSource, PairingHost } from './lib/host.mjs';

let host;
before(async () => (host = await PairingHost.start()));
after(() => host?.end());

test('every approval, denial, code and invite has its row; secrets have none', async () => {
  const secrets = [];
  const first = await host.goodPair();
  const approved = host.post('/pair', first.request, first.source);
  await host.decide((await host.untilPending(1))[0].id, 'approve', {});
  const opened = openAnswer(
    parseObject(Buffer.from((await approved).text)),
    {
      agentAddress: host.agent.address,
      nonce: first.nonce,
      key: first.key,
      serverText: pairServerText(host.agent.address, first.nonce),
      acceptUnsigned: false,
    },
  );
  secrets.push(opened.apiKey);

  const second = await host.goodPair();
  const denied = host.post('/pair', second.request, second.source);
  await host.decide((await host.untilPending(1))[0].id, 'deny', {});
  await denied;

  const third = await host.goodPair();
  const leaves = new AbortController();
  const withdrawn = host.post('/pair', third.request, third.source, { signal: leaves.signal });
  await host.untilPending(1);
  leaves.abort();
  await assert.rejects(withdrawn);
  await host.untilPending(0);

  const code = await host.created('/pairing-codes', { agentId: host.agent.id });
  const names = { deviceId: 'phone-1', deviceName: 'A phone' };
  const fetch = fetchBy(newSource());
  const phone = await pairWithCode({ host: host.url, code: code.code, ...names }, { fetch });
  secrets.push(phone.apiKey);
  const ended = await host.created('/pairing-codes', { agentId: host.agent.id });
  await host.api('DELETE', `/pairing-codes/${ended.id}`);

  const invite = await host.invite();
  const source = newSource();
  const redeemed = await host.post('/pair-invite', invite.payload, source);
  secrets.push(redeemed.value.apiKey, invite.link, invite.payload.sig, invite.payload.sig2);
  await host.api('DELETE', `/invites/${invite.nonce}`);

  const { value } = await host.api('GET', '/audit?limit=500');
  const rows = value.auditEvents;
  const types = rows.map(({ type }) => type);
  const count = (type) => types.filter((one) => one === type).length;
  assert.deepEqual(
    {
      request: count('pairing.request'),
      approve: count('pairing.approve'),
      deny: count('pairing.deny'),
      withdraw: count('pairing.withdraw'),
      codes: count('pairing_code.create'),
      endedCodes: count('pairing_code.delete'),
      invites: count('invite.create'),
      redeemed: count('invite.redeem'),
      revoked: count('invite.revoke'),
      minted: rows
        .filter(({ type }) => type === 'key.mint')
        .map(({ detail }) => detail.source)
        .filter((source) => ['pairing', 'phone', 'invite'].includes(source)),
    },
    {
      request: 3,
      approve: 1,
      deny: 1,
      withdraw: 1,
      codes: 2,
      endedCodes: 1,
      invites: 1,
      redeemed: 1,
      revoked: 1,
      minted: ['pairing', 'phone', 'invite'],
    },
  );
  const approval = rows.find(({ type }) => type === 'pairing.approve');
  assert.equal(approval.actor, 'owner');
  assert.equal(approval.subject, first.request.connectorAddress);
  assert.equal(approval.sourceAddress, first.source);
  const redemption = rows.find(({ type }) => type === 'invite.redeem');
  assert.equal(redemption.sourceAddress, source);
  assert.ok((await host.api('GET', '/audit/verify')).value.ok);

  await host.server.stop();
  const files = readdirSync(host.home.data).filter((name) => name.startsWith('kronborg.db'));
  const kept = files.map((name) => readFileSync(join(host.home.data, name), 'latin1')).join('');
  for (const secret of secrets) {
    assert.ok(!kept.includes(secret), `${secret.slice(0, 12)}… is in the store`);
    assert.ok(!host.server.log.includes(secret), `${secret.slice(0, 12)}… is in the log`);
  }
  assert.ok(!JSON.stringify(rows).includes(`"${code.code}"`));
  assert.ok(!host.server.log.includes(`"${code.code}"`));
});
