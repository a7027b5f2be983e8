// The peer program, both roles of it against each other.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createInterface } from 'node:readline';
import { after, before, describe as suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';

/** A running peer. Answers come in the order of the requests. */
class Peer {
  constructor() {
    this.process = spawn(process.execPath, [fileURLToPath(new URL('peer.mjs', import.meta.url))], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.waiting = [];
    createInterface({ input: this.process.stdout }).on('line', (line) => {
      this.waiting.shift()(JSON.parse(line));
    });
    this.exited = new Promise((resolve) => this.process.on('exit', resolve));
  }

  ask(name, request = {}) {
    this.process.stdin.write(`${JSON.stringify({ id: name, do: name, ...request })}\n`);
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  async ok(name, request) {
    const answer = await this.ask(name, request);
    assert.ok(answer.ok !== undefined, `${name}: ${answer.error} ${answer.message}`);
    assert.equal(answer.id, name);
    return answer.ok;
  }

  end() {
    this.process.stdin.end();
    return this.exited;
  }
}

let one;
let two;
before(() => {
  one = new Peer();
  two = new Peer();
});
after(async () => {
  assert.deepEqual(await Promise.all([one.end(), two.end()]), [0, 0]);
});

const random = (size) => randomBytes(size).toString('hex');
const now = Math.floor(Date.now() / 1000);

suite('the peer', () => {
  test('says what was wrong, and goes on', async () => {
    assert.equal((await one.ask('no-such-command')).error, 'peer_fault');
    assert.equal((await one.ask('address', { private_key: 'xy' })).error, 'peer_fault');
    assert.equal((await one.ask('address', { private_key: '00'.repeat(32) })).error, 'not_a_key');
    assert.equal((await one.ask('unwords', { words: 'abandon' })).error, 'word_count');
  });

  test('identity and keys', async () => {
    const master = random(32);
    const { address: masterAddress } = await one.ok('derive', { master, kind: 'master' });
    const agent = await one.ok('derive', { master, kind: 'agent', scope: 'a1b2c3d4', index: 3 });
    assert.deepEqual(await two.ok('address', { private_key: agent.private_key }), {
      address: agent.address,
    });
    const { words } = await one.ok('words', { master });
    assert.deepEqual(await two.ok('unwords', { words }), { master });
    const signed = { prefix: 'Osaurus Signed Access', payload: random(40) };
    const { signature } = await one.ok('sign', { private_key: agent.private_key, ...signed });
    assert.deepEqual(await two.ok('recover', { ...signed, signature }), { address: agent.address });
    const { token } = await one.ok('mint', {
      private_key: agent.private_key,
      kind: 'agent',
      cnt: '5',
      iat: now,
    });
    const authority = {
      master: masterAddress,
      agents: [agent.address],
      whitelist: { master: [], agents: {} },
    };
    const verdict = await two.ok('verify_key', { token, now, authority });
    assert.deepEqual([verdict.outcome, verdict.scope, verdict.counter], ['valid', 'agent', '5']);
    const revoked = { ...authority, thresholds: { [agent.address]: '5' } };
    assert.equal(
      (await two.ok('verify_key', { token, now, authority: revoked })).code,
      'key_revoked',
    );
    assert.equal((await two.ok('read_key', { token: `${token}00` })).refused, 'signature_encoding');
  });

  test('request tokens', async () => {
    const master = random(32);
    const { address } = await one.ok('derive', { master, kind: 'master' });
    const device = await one.ok('device');
    const { token } = await one.ok('sign_request', {
      private_key: master,
      kind: 'master',
      device_key: device.private_key,
      cnt: '9',
      iat: now,
      aud: 'h:1',
      method: 'GET',
      path: '/x',
    });
    const host = {
      now,
      process_start: now - 5,
      host_names: ['h:1'],
      master: address,
      agents: [],
      whitelist: { master: [], agents: {} },
      allow_unattested: false,
      last_cnt: {},
      devices: [
        {
          dev: device.dev,
          kind: 'software',
          issuer: address,
          public_key_hex: device.public_key,
          revoked: false,
        },
      ],
    };
    const request = { token, method: 'GET', path: '/x', host };
    assert.equal((await two.ok('verify_request', request)).outcome, 'accepted');
    assert.equal(
      (await two.ok('verify_request', { ...request, path: '/y' })).code,
      'request_token_action',
    );
  });

  test('sealing and six digits', async () => {
    const recipient = await two.ok('exchange_key');
    const plaintext = random(30);
    const sealed = await one.ok('hpke_seal', { enc_pub: recipient.enc_pub, info: 'i', plaintext });
    const open = { private_key: recipient.private_key, ...sealed };
    assert.deepEqual(await two.ok('hpke_open', { ...open, info: 'i' }), { plaintext });
    assert.deepEqual(await two.ok('hpke_open', { ...open, info: 'j' }), { plaintext: null });
    const phone = await one.ok('spake2', { role: 'phone', code: '042317' });
    const host = await two.ok('spake2', { role: 'host', code: '042317' });
    const names = { device_id: 'd', device_name: 'ø' };
    const atPhone = await one.ok('spake2_finish', {
      handle: phone.handle,
      share: host.share,
      ...names,
    });
    const atHost = await two.ok('spake2_finish', {
      handle: host.handle,
      share: phone.share,
      ...names,
    });
    assert.deepEqual(atPhone, atHost);
    const { sealed: box } = await two.ok('phone_seal', {
      session: atHost.session,
      device_id: 'd',
      plaintext,
    });
    const opened = await one.ok('phone_open', {
      session: atPhone.session,
      device_id: 'd',
      sealed: box,
    });
    assert.deepEqual(opened, { plaintext });
  });

  test('the channel, both ends', async () => {
    const agent = await two.ok('derive', { master: random(32), kind: 'agent' });
    const hello = await one.ok('channel_hello', { agent_address: agent.address });
    const server = await two.ok('server_hello', {
      private_key: agent.private_key,
      kind: 'agent',
      hello: hello.hello,
      expires_at: now + 3600,
    });
    const client = await one.ok('channel_accept', { handle: hello.handle, hello: server.hello });
    const call = await one.ok('channel_call', {
      session: client.session,
      request: '{"method":"GET","path":"/p"}',
    });
    const { seq, ct } = JSON.parse(call.body);
    const at = { session: server.session, seq: String(seq), ct };
    const opened = await two.ok('server_open', at);
    assert.equal(opened.request.path, '/p');
    assert.equal((await two.ok('server_open', at)).refused, 'secure_replay');
    const { event } = await two.ok('server_chunk', { call: opened.call, plaintext: '616263' });
    const frame = event.slice('data: '.length).trim();
    assert.deepEqual(await one.ok('channel_frame', { call: call.call, frame }), {
      plaintext: '616263',
      complete: false,
    });
    assert.equal((await one.ask('channel_end', { call: call.call })).error, 'channel_truncated');
    const end = (await two.ok('server_end', { call: opened.call })).event
      .slice('data: '.length)
      .trim();
    assert.equal((await one.ok('channel_frame', { call: call.call, frame: end })).complete, true);
    const { accepted } = await two.ok('window', { numbers: ['1', '1', '70', '6', '7'] });
    assert.deepEqual(accepted, [true, false, true, false, true]);
  });

  test('recovery', async () => {
    const master = random(32);
    const contents = JSON.stringify({
      v: 1,
      master,
      agents: [],
      whitelist: { master: [], agents: {} },
      revocations: [],
      thresholds: {},
      counters: {},
      indices: {},
    });
    const { code } = await one.ok('new_code');
    const order = {
      contents,
      code,
      generation: 1,
      created_at: 1,
      updated_at: 2,
      opslimit: 1,
      memlimit: 8192,
    };
    const { file } = await one.ok('bundle_make', order);
    const opened = await two.ok('bundle_open', { file, code });
    assert.equal(JSON.parse(opened.contents).master, master);
    const keystore = {
      master,
      generation: 1,
      key: random(32),
      salt: random(16),
      passphrase: 'long enough',
      created_at: 1,
      updated_at: 1,
      opslimit: 1,
      memlimit: 8192,
    };
    const { file: stored } = await one.ok('keystore_make', keystore);
    const { salt, key } = await two.ok('keystore_open', {
      file: stored,
      passphrase: 'long enough',
    });
    assert.deepEqual([salt, key], [keystore.salt, keystore.key]);
  });

  test('every way of pairing over sockets, and the channel with its key', async () => {
    const master = random(32);
    const agent_id = '55a8b013-ee85-4c5e-ade9-7c26b30cc741';
    const { handle, url, agent_address } = await two.ok('host', {
      master,
      scope: '',
      index: 0,
      agent_id,
      name: 'W',
    });
    const attempt = await one.ok('connect', { url, agent_address, agent_id, master: random(32) });
    await one.ok('connect_finish', { handle: attempt.handle });
    const { requests } = await two.ok('host_seen', { handle });
    assert.equal(requests[0].words, attempt.words);
    const { link } = await two.ok('host_invite', { handle, name: 'Ada' });
    const invited = await one.ok('redeem_invite', { link, now });
    assert.deepEqual([invited.agent_name, invited.is_signed], ['W', true]);
    await one.ok('redeem_owner', { url, agent_address, master, device_id: 'laptop' });
    const channel = await one.ok('open_channel', { url, agent_address });
    const answer = await one.ok('channel_fetch', {
      handle: channel.handle,
      method: 'POST',
      path: '/x',
      body: '0102',
    });
    assert.equal(JSON.parse(Buffer.from(answer.body, 'hex')).body, '0102');
    const streamed = await one.ok('channel_fetch', { handle: channel.handle, path: '/stream' });
    assert.equal(
      Buffer.from(streamed.body, 'hex').toString(),
      'data: {"n":1}\n\ndata: {"n":2}\n\n',
    );
    const cut = await one.ask('channel_fetch', { handle: channel.handle, path: '/cut' });
    assert.equal(cut.error, 'channel_truncated');
    const { issued } = await two.ok('host_seen', { handle });
    assert.deepEqual(
      issued.map(({ source }) => source),
      ['pairing', 'invite', 'owner-redeem'],
    );
    await two.ok('host_stop', { handle });
  });

  test('a code over sockets', async () => {
    const place = { master: random(32), scope: '', index: 0, agent_id: 'x', name: 'W' };
    const { handle, url } = await two.ok('host', place);
    assert.deepEqual(await one.ok('hello', { url }), { name: 'peer', pairing: false });
    const { code } = await two.ok('host_code', { handle });
    const paired = await one.ok('pair_code', { url, code, device_id: 'd', device_name: 'n' });
    assert.equal(paired.host_name, 'peer');
    await one.ok('unpair', { url, api_key: paired.api_key });
    await two.ok('host_stop', { handle });
  });
});
