// Somebody in between alters, drops, repeats or exchanges any one message of any way to pair: nobody
// but the connector whose words the owner has compared gets a key, no agreement is used twice, no
// secret passes in clear, and nothing hangs.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import {
  MasterKey,
  PairingAttempt,
  pairWithCode,
  readInvite,
  redeemAsOwner,
  redeemInvite,
} from './lib/client.mjs';
import { fetchBy, newSource, PairingHost } from './lib/host.mjs';

const LIMIT_MS = 20_000;
const ROUNDS = Number(process.env.KRONBORG_ROUNDS ?? 12);

let host;
let owner;
before(async () => {
  host = await PairingHost.start();
  owner = MasterKey.fromWords(host.home.ask(['recovery', 'words']).words);
});
after(() => host?.end());

/** One other character somewhere: in the query of a GET, else in the body. */
function altered(text) {
  const places = [...text].flatMap((letter, at) => (/[A-Za-z0-9]/.test(letter) ? [at] : []));
  const at = places[Math.floor(Math.random() * places.length)];
  const letters = 'Aa0Zz9'.replace(text[at], '');
  return text.slice(0, at) + letters[Math.floor(Math.random() * letters.length)] + text.slice(at + 1);
}

/** A fetch that passes everything on but the message number `at`, to which `fault` happens. */
class Relay {
  constructor(at, fault) {
    this.at = at;
    this.fault = fault;
    this.count = 0;
    this.seen = [];
    const pass = fetchBy(newSource());
    this.fetch = (url, init) => this.through(pass, new URL(url), init ?? {});
  }

  hit() {
    this.count += 1;
    return this.count - 1 === this.at ? this.fault : undefined;
  }

  async through(pass, url, init) {
    const there = new URL(url.pathname + url.search, host.url);
    const body = init.body == null ? undefined : Buffer.from(init.body).toString();
    const sent = { ...init, body };
    const onWay = this.hit();
    if (onWay === 'drop') throw new TypeError('the connection was closed');
    if (onWay === 'alter') {
      if (body === undefined) there.search = `?${altered(there.search.slice(1) || 'x')}`;
      else sent.body = altered(body);
    }
    const answers = [await this.kept(pass, there, sent)];
    if (onWay === 'repeat') answers.push(await this.kept(pass, there, sent));
    const [answer] = onWay === 'repeat' && Math.random() < 0.5 ? answers.reverse() : answers;
    const onBack = this.hit();
    if (onBack === 'drop') throw new TypeError('the connection was closed');
    if (onBack === 'exchange' && this.other) return this.other;
    const text = onBack === 'alter' ? altered(answer.text) : answer.text;
    return new Response(text, { status: answer.status, headers: answer.headers });
  }

  async kept(pass, there, sent) {
    const answer = await pass(there, sent);
    const text = await answer.text();
    this.seen.push(text);
    return { text, status: answer.status, headers: answer.headers };
  }
}

const inTime = (promise) => {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error('it hangs')), LIMIT_MS);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
};

/** The owner: agrees to what shows the connector's own words, denies everything else. */
async function decide(own, words, isOver) {
  while (!isOver()) {
    for (const request of await host.pending()) {
      if (request.connectorAddress === own && request.sas === words) {
        await host.decide(request.id, 'approve', {});
      } else if (request.connectorAddress === own || request.sas === words) {
        await host.decide(request.id, 'deny', {});
      }
    }
    await new Promise(setImmediate);
  }
}

const ways = {
  /** Messages: challenge there and back, request there and back. */
  prompt: {
    messages: 4,
    source: 'pairing',
    async pair({ fetch }) {
      const pairingKey = MasterKey.create().pairingKey();
      const { address: agentAddress, id: agentId } = host.agent;
      const about = { host: host.url, agentAddress, agentId, pairingKey };
      const attempt = await PairingAttempt.begin(about, { fetch });
      let over = false;
      const pairing = attempt.complete().finally(() => (over = true));
      const [key] = await Promise.all([
        pairing,
        decide(pairingKey.address, attempt.words, () => over),
      ]);
      return key.apiKey;
    },
  },
  code: {
    messages: 4,
    source: 'phone',
    async pair({ fetch }) {
      const { code } = await host.created('/pairing-codes', { agentId: host.agent.id });
      const names = { deviceId: `phone-${Math.random()}`, deviceName: 'A phone' };
      return (await pairWithCode({ host: host.url, code, ...names }, { fetch })).apiKey;
    },
  },
  invite: {
    messages: 2,
    source: 'invite',
    async pair({ fetch }) {
      const { link } = await host.invite();
      return (await redeemInvite(readInvite(link, Math.floor(Date.now() / 1000)), { fetch })).apiKey;
    },
  },
  owner: {
    messages: 4,
    source: 'owner-redeem',
    async pair({ fetch }) {
      const about = {
        host: host.url,
        agentAddress: host.agent.address,
        master: owner.signer(),
        deviceId: `laptop-${Math.random()}`.slice(0, 40),
      };
      return (await redeemAsOwner(about, { fetch })).apiKey;
    },
  },
};

/** Runs one way through a relay; what came of it, with what must hold for every outcome. */
async function run(name, relay) {
  const { pair, source } = ways[name];
  const made = (await host.keys(source)).length;
  let key;
  try {
    key = await inTime(pair(relay));
  } catch (failure) {
    assert.equal(typeof failure.code, 'string', `${relay.fault} of ${relay.at}: ${failure.stack}`);
  }
  for (const text of relay.seen) assert.doesNotMatch(text, /osk-v1\./, 'a key passed in clear');
  const now = await host.keys(source);
  assert.ok(now.length - made <= 1, `${relay.fault} of message ${relay.at} made several keys`);
  if (key !== undefined) {
    assert.equal(await host.opens(key), 'ok');
    assert.equal(now.length - made, 1, 'the key that was taken is not the one that was made');
  }
  return key;
}

for (const [name, { messages }] of Object.entries(ways)) {
  describe(name, () => {
    test('nobody in between: a key', async () => {
      assert.ok(await run(name, new Relay(-1)));
    });
    for (let at = 0; at < messages; at += 1) {
      test(`message ${at} altered`, async () => {
        for (let round = 0; round < ROUNDS; round += 1) await run(name, new Relay(at, 'alter'));
      });
      test(`message ${at} dropped`, async () => {
        assert.equal(await run(name, new Relay(at, 'drop')), undefined);
      });
      if (at % 2 === 1) continue;
      test(`message ${at} repeated`, async () => {
        await run(name, new Relay(at, 'repeat'));
      });
    }
    test('answers of another exchange in the place of the own ones', async () => {
      for (let at = 1; at < messages; at += 2) {
        const other = new Relay(-1);
        await run(name, other);
        const relay = new Relay(at, 'exchange');
        relay.other = new Response(other.seen[(at - 1) / 2]);
        assert.equal(await run(name, relay), undefined, `answer ${at} of another exchange`);
      }
    });
  });
}
