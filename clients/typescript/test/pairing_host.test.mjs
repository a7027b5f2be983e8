// What a host judges: rows of docs/protocol/pairing.md sections 1, 2, 6 and 7.
import assert from 'node:assert/strict';
import { describe as suite, test } from 'node:test';

import { ExchangeKey, PREFIX, commitment, connectorText } from '@kronborg/client';
import { fetchFrom } from '@kronborg/client/host';
import { agentId, hidden, master, scene, shown, signer } from './pairing_scene.mjs';
import { bytes, fromBase64Url, vectors } from './support.mjs';

const rows = vectors('pairing');
async function judged({ kind, commit, request, nonceIs }) {
  if (kind === 'challenge') {
    const query = request.commit === undefined ? '' : `?commit=${request.commit}`;
    return scene().call(`/pair/challenge${query}`);
  }
  if (kind === 'pair') {
    const view = scene({ nonce: bytes(nonceIs) });
    const query = commit === undefined ? '' : `?commit=${commit}`;
    const { value } = await view.call(`/pair/challenge${query}`);
    assert.equal(value.nonce, nonceIs);
    return view.call('/pair', { agentId, ...request });
  }
  if (kind === 'invite') {
    const view = scene();
    const { nonce, exp, name } = request;
    view.host.invites.register({ nonce, agentId, name, exp });
    return view.call('/pair-invite', request);
  }
  const view = scene({ nonce: fromBase64Url(nonceIs) });
  const about = { v: 1, device_id: 'd', agent_address: request.agent_address };
  await view.call('/pair-invite', { owner_redeem: about });
  const encPub = rows.redeem_answers[0].enc_pub;
  return view.call('/pair-invite', { owner_redeem: { ...about, encPub, ...request } });
}

suite('must_fail', () => {
  const judgedHere = ['challenge', 'pair', 'invite', 'redeem'];
  for (const row of rows.must_fail.filter(({ kind }) => judgedHere.includes(kind))) {
    test(`${row.kind}: ${row.name}`, async () => {
      const answer = await judged({ ...row, nonceIs: row.request.nonce });
      assert.deepEqual(shown(answer), row.expect);
    });
  }
});

suite('accepted', () => {
  for (const row of rows.accepted.filter(({ kind }) => !kind.endsWith('_answer'))) {
    test(`${row.kind}: ${row.name}`, async () => {
      const { status, value } = await judged({ ...row, nonceIs: row.request.nonce });
      assert.equal(status, 200, JSON.stringify(value));
      if (row.kind === 'challenge') assert.equal(value.commit ?? false, row.committed);
      if (row.kind === 'pair') {
        assert.equal(value.sas ?? null, row.sas);
        assert.equal(value.agentAddress, row.agent_address);
        const proof = rows.server_proofs.find(
          (one) => one.nonce === row.request.nonce && one.agent_address === row.agent_address,
        );
        assert.equal(value.serverSignature, proof.server_signature);
      }
    });
  }
});

/** A request of POST /pair that everything is right with. */
async function goodPair(view, changes = {}) {
  const pairing = master.pairingKey();
  const key = ExchangeKey.create();
  const reveal = new Uint8Array(32).fill(7);
  const commit = commitment(reveal, pairing.address, key.publicKey);
  const { value } = await view.call(`/pair/challenge?commit=${commit}`);
  const signature = pairing.signHex(PREFIX.pairing, connectorText(value.nonce, key.encPub));
  return {
    connectorAddress: pairing.address,
    agentId,
    nonce: value.nonce,
    encPub: key.encPub,
    signature,
    reveal: Buffer.from(reveal).toString('base64url'),
    ...changes,
  };
}

suite('rows of /pair', () => {
  test('2: members and types', async () => {
    for (const changes of [
      { agentId: undefined },
      { nonce: 7 },
      { signature: null },
      { encPub: {} },
    ]) {
      const view = scene();
      const answer = await view.call('/pair', await goodPair(view, changes));
      assert.equal(answer.value.code, 'pairing_malformed', JSON.stringify(changes));
    }
    const view = scene();
    const twice = JSON.stringify(await goodPair(view)).replace('{', '{"nonce":"x",');
    assert.equal((await view.call('/pair', twice)).value.code, 'pairing_malformed');
  });
  test('5: a nonce is used once, and for 120 s', async () => {
    const view = scene();
    const request = await goodPair(view);
    assert.equal((await view.call('/pair', request)).status, 200);
    assert.deepEqual(shown(await view.call('/pair', request)), {
      status: 401,
      error: 'Pairing challenge expired or invalid',
      code: 'pairing_challenge_invalid',
    });
    const late = await goodPair(view);
    view.clock.now += 120_000;
    assert.equal((await view.call('/pair', late)).value.code, 'pairing_challenge_invalid');
  });
  test('5: a request that fails earlier leaves the nonce', async () => {
    const view = scene();
    const request = await goodPair(view);
    const bad = { ...request, encPub: 'AAAA' };
    assert.equal((await view.call('/pair', bad)).value.code, 'encryption_key_invalid');
    assert.equal((await view.call('/pair', request)).status, 200);
  });
  test('7: unknown agents, and those that are not shared', async () => {
    for (const id of ['00000000-0000-4000-8000-000000000000', hidden.id]) {
      const view = scene();
      const answer = await view.call('/pair', await goodPair(view, { agentId: id }));
      assert.deepEqual(shown(answer), {
        status: 404,
        error: 'Agent not found or not available for pairing',
        code: 'pairing_agent_unavailable',
      });
    }
    const view = scene();
    const upper = await goodPair(view, { agentId: agentId.toUpperCase() });
    assert.equal((await view.call('/pair', upper)).status, 200);
  });
  test('8: locked', async () => {
    const view = scene({ isLocked: true });
    const answer = await view.call('/pair', await goodPair(view));
    const { status, value } = answer;
    assert.deepEqual(
      [status, value.code, value.hint],
      [503, 'identity_locked', "Unlock it with 'kronborg unlock'."],
    );
  });
  test('9: one request of a source waits at a time, and eight in all', async () => {
    let decide;
    const decision = new Promise((resolve) => (decide = resolve));
    const view = scene({ approval: decision });
    const sources = Array.from({ length: 9 }, (_, i) => fetchFrom(view.host, `10.0.0.${i}`));
    const from = (by) => ({ ...view, call: (path, body) => view.call(path, body, by) });
    const requests = await Promise.all(sources.map((by) => goodPair(from(by))));
    const second = await goodPair(from(sources[0]));
    const busy = {
      status: 429,
      code: 'pairing_busy',
      error: 'Another pairing request is in progress. Try again shortly.',
    };
    const waiting = [view.call('/pair', requests[0], sources[0])];
    assert.deepEqual(shown(await view.call('/pair', second, sources[0])), busy);
    for (let i = 1; i < 8; i += 1) waiting.push(view.call('/pair', requests[i], sources[i]));
    assert.deepEqual(shown(await view.call('/pair', requests[8], sources[8])), busy);
    decide({ remember: true });
    for (const answer of await Promise.all(waiting)) assert.equal(answer.value.isPermanent, true);
  });
  test('10: denial cools the source down, silence does not', async () => {
    const refused = { status: 403, error: 'Pairing denied', code: 'pairing_denied' };
    const denied = scene({ approval: 'denied' });
    assert.deepEqual(shown(await denied.call('/pair', await goodPair(denied))), refused);
    const cooled = await denied.call('/pair/challenge');
    assert.deepEqual([cooled.status, cooled.value.code], [429, 'pairing_rate_limited']);
    assert.equal(cooled.headers.get('retry-after'), '30');
    denied.clock.now += 30_000;
    assert.equal((await denied.call('/pair/challenge')).status, 200);
    const silent = scene({ approval: 'none' });
    assert.deepEqual(shown(await silent.call('/pair', await goodPair(silent))), refused);
    assert.equal((await silent.call('/pair/challenge')).status, 200);
  });
  test('what the owner is asked, and the key that is made', async () => {
    const view = scene();
    const { value } = await view.call('/pair', await goodPair(view));
    const [request] = view.asked;
    assert.equal(request.words, value.sas);
    assert.equal(request.agent.address, signer.address);
    assert.equal(request.isSealed, true);
    const [key] = view.host.issued;
    const { address } = master.pairingKey();
    assert.equal(key.label, `Paired – ${address.slice(0, 6)}…${address.slice(-4)}`);
    assert.equal(key.expiresAt, 1767225600 + 7_776_000);
  });
});

suite('limits', () => {
  test('five attempts in sixty seconds, by /64 for IPv6', async () => {
    const view = scene({ source: '2001:db8:0:1::1' });
    for (let i = 0; i < 5; i += 1) {
      assert.equal((await view.call('/pair/challenge')).status, 200);
      view.clock.now += 1000;
    }
    const sibling = fetchFrom(view.host, '2001:db8::1:a:b:c:d');
    const over = await view.call('/pair/challenge', undefined, sibling);
    assert.equal(over.status, 429);
    assert.equal(over.headers.get('retry-after'), '55');
    const other = fetchFrom(view.host, '2001:db8:0:2::1');
    assert.equal((await view.call('/pair/challenge', undefined, other)).status, 200);
    view.clock.now += 55_000;
    assert.equal((await view.call('/pair/challenge')).status, 200);
  });
  for (const [others, expected] of [
    [7, 200],
    [8, 401],
  ]) {
    test(`${others + 1} outstanding challenges of a source: the first gets ${expected}`, async () => {
      const view = scene();
      const first = await goodPair(view);
      for (let i = 0; i < others; i += 1) {
        if (i === 4) view.clock.now += 60_000;
        assert.equal((await view.call('/pair/challenge')).status, 200);
      }
      assert.equal((await view.call('/pair', first)).status, expected);
    });
  }
  test('a body above 65536 bytes', async () => {
    const { status, value } = await scene().call('/pair', 'x'.repeat(65_537));
    assert.equal(status, 413);
    assert.equal(value.error.message, 'Request body too large (65537 > 65536 bytes)');
  });
});
