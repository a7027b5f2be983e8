import { fromBase64UrlOf, toBase64Url } from '../base/base64url.js';
import { equalBytes, utf8, wipe } from '../base/bytes.js';
import { canonicalJson } from '../base/canonical_json.js';
import { hasCode } from '../base/error.js';
import { type JsonObject, parseObject } from '../base/json.js';
import { type Members, readMembers } from '../base/members.js';
import { uuidV4 } from '../base/sources.js';
import { collapseSpace, scalarCount } from '../base/text.js';
import { type SharedKeys, Spake2, isShare } from '../crypto/spake2.js';
import { readAccessKey } from '../keys/access_key.js';
import { sealForPhone } from '../pairing/code.js';
import { type HostAnswer, type HostRequest, jsonAnswer, phoneError } from './exchange.js';
import type { HostedAgent } from './keyring.js';
import { isLocalSource } from './local_source.js';
import type { PairingState } from './state.js';

const LIFE_MS = 300_000;
const ATTEMPTS = 5;
const WRONG = 'That code is wrong or has expired.';

interface LiveCode {
  readonly code: string;
  readonly agent: HostedAgent;
  readonly endsAt: number;
  attempts: number;
}

interface Exchange {
  readonly code: LiveCode;
  readonly source: string;
  readonly deviceId: string;
  readonly deviceName: string;
  readonly keys: SharedKeys;
}

const bad = (message: string): HostAnswer => phoneError(400, 'bad_request', message);

/** Six-digit pairing, host's side (docs/protocol/pairing.md section 5). */
export class Codes {
  #live: LiveCode | undefined;
  readonly #exchanges = new Map<string, Exchange>();

  constructor(private readonly state: PairingState) {}

  /** A new code of six digits for one agent; it ends the one before. Shown once. */
  issue(agent: HostedAgent): string {
    // What lies above the last whole million is drawn again: it would favour some codes.
    let value: number;
    do {
      value = new DataView(this.state.random(4).buffer).getUint32(0);
    } while (value >= 4_294_000_000);
    return this.open(agent, String(value % 1_000_000).padStart(6, '0'));
  }

  /** The same with a code given from outside. */
  open(agent: HostedAgent, code: string): string {
    this.#end();
    this.#live = { code, agent, endsAt: this.state.clock() + LIFE_MS, attempts: ATTEMPTS };
    return code;
  }

  get isLive(): boolean {
    return this.#current() !== undefined;
  }

  hello(): HostAnswer {
    return jsonAnswer(200, { name: this.state.options.hostName, pairing: this.isLive, v: 1 });
  }

  /** `POST /pair/code`, rows 2 to 8. */
  begin(request: HostRequest): HostAnswer {
    if (!isLocal(request)) return jsonAnswer(403, { error: 'lan_only', code: 'lan_only' });
    const body = readBody(request.body);
    if ('status' in body) return body;
    const names = readMembers(body, readNames);
    if (names === undefined || names.deviceId === '' || names.deviceName === '') {
      return bad('Missing device id or name');
    }
    if (!areNames(names)) return bad('Invalid pairing request');
    const given = body.get('share');
    const share = fromBase64UrlOf(33, typeof given === 'string' ? given : '');
    if (share === undefined || !isShare(share)) return bad('Invalid key share');
    const live = this.#current();
    if (live === undefined) return this.#refuse(request.source);
    live.attempts -= 1;
    return this.#exchange(live, share, names, request.source);
  }

  #exchange(
    code: LiveCode,
    share: Uint8Array,
    names: { readonly deviceId: string; readonly deviceName: string },
    source: string,
  ): HostAnswer {
    const side = new Spake2('host', code.code, this.state.random);
    try {
      const keys = side.finish(share, names);
      const exchange = uuidV4(this.state.random);
      this.#exchanges.set(exchange, { code, source, ...names, keys });
      const confirm = toBase64Url(keys.confirmHost);
      return jsonAnswer(200, { confirm, exchange, share: toBase64Url(side.share), v: 2 });
    } catch (error) {
      if (hasCode(error, 'invalid_code')) return this.#refuse(source);
      throw error;
    } finally {
      side.wipe();
    }
  }

  /** `POST /pair/confirm`, rows 2 to 8. */
  confirm(request: HostRequest): HostAnswer {
    if (!isLocal(request)) return jsonAnswer(403, { error: 'lan_only', code: 'lan_only' });
    const body = readBody(request.body);
    if ('status' in body) return body;
    const proof = readMembers(body, (members) => ({
      exchange: members.string('exchange'),
      confirm: members.string('confirm'),
    }));
    if (proof === undefined) return bad('Invalid pairing request');
    const held = this.#exchanges.get(proof.exchange);
    const isAlive = held?.source === request.source && this.#current(0) === held.code;
    if (held === undefined || !isAlive) return this.#refuse(request.source);
    if (this.state.isLocked) {
      const hint = "Unlock it with 'kronborg unlock'.";
      return phoneError(503, 'identity_locked', 'The identity is locked.', hint);
    }
    this.#exchanges.delete(proof.exchange);
    const given = fromBase64UrlOf(32, proof.confirm);
    if (given === undefined || !equalBytes(given, held.keys.confirmPhone)) {
      return this.#refuse(request.source);
    }
    return this.#mint(held);
  }

  #mint({ code, deviceId, deviceName, keys }: Exchange): HostAnswer {
    const { agent } = code;
    const order = {
      agent,
      choice: '90d',
      label: deviceName,
      source: 'phone',
      holder: deviceId,
    } as const;
    const { token, record } = this.state.keyring.mint(order);
    this.state.keyring.replace('phone', deviceId, record, 'paired again');
    const { id, name, signer } = agent;
    const address = signer.address.toLowerCase();
    const payload = utf8(
      canonicalJson({
        agents: [{ address, id, name, relayURL: null }],
        apiKey: token,
        hostName: this.state.options.hostName,
        keyExpiresAt: record.expiresAt ?? null,
      }),
    );
    const sealed = sealForPhone(keys.session, deviceId, payload, this.state.random);
    this.#end();
    return jsonAnswer(200, { sealed, v: 2 });
  }

  /** `POST /pair/unpair`. */
  unpair(request: HostRequest): HostAnswer {
    const read = readAccessKey(request.bearer ?? '');
    const key = 'outcome' in read ? undefined : this.state.keyring.find(read.payload.nonce);
    if (key?.source !== 'phone' || key.revokedReason !== undefined) {
      const sentence = 'This key does not belong to a paired device.';
      return phoneError(403, 'not_paired_device', sentence);
    }
    key.revokedReason = 'unpaired';
    return jsonAnswer(200, { ok: true });
  }

  /** The live code, when it has this many attempts left: none is needed to finish an exchange. */
  #current(needed = 1): LiveCode | undefined {
    const live = this.#live;
    const isOver = live === undefined || this.state.clock() >= live.endsAt;
    return isOver || live.attempts < needed ? undefined : live;
  }

  #refuse(source: string): HostAnswer {
    this.state.limit.cool(source);
    return phoneError(401, 'invalid_code', WRONG);
  }

  #end(): void {
    this.#live = undefined;
    for (const { keys } of this.#exchanges.values()) {
      wipe(keys.session, keys.confirmHost, keys.confirmPhone);
    }
    this.#exchanges.clear();
  }
}

function isLocal(request: HostRequest): boolean {
  return request.isRelayed !== true && isLocalSource(request.source);
}

/** Rows 3 and 4. */
function readBody(bytes: Uint8Array): JsonObject | HostAnswer {
  const body = parseObject(bytes);
  const version = readMembers(body, (members: Members) => members.integer('v'));
  if (body === undefined || version === undefined) return bad('Invalid pairing request');
  return version === 2 ? body : bad('Unsupported version');
}

function readNames(members: Members): { deviceId: string; deviceName: string } {
  return { deviceId: members.string('deviceId'), deviceName: members.string('deviceName') };
}

function areNames({ deviceId, deviceName }: { deviceId: string; deviceName: string }): boolean {
  const isTrimmed = (text: string): boolean => !/^ | $/.test(edges(text));
  const fits = scalarCount(deviceId) <= 128 && scalarCount(deviceName) <= 256;
  return isTrimmed(deviceId) && isTrimmed(deviceName) && fits;
}

/** First and last character, white space of any kind as a space. */
function edges(text: string): string {
  const characters = [...text];
  const plain = (character: string): string => (collapseSpace(character) === '' ? ' ' : character);
  return plain(characters[0] ?? '') + plain(characters.at(-1) ?? '');
}
