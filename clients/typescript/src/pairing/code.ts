import { fromBase64Url, toBase64Url } from '../base/base64url.js';
import { concat, equalBytes, utf8, wipe } from '../base/bytes.js';
import { KronborgError } from '../base/error.js';
import { type SendOptions, objectOf, sendWhole, urlAt } from '../base/http.js';
import { JsonNumber, JsonObject, parseObject } from '../base/json.js';
import { type Random, systemRandom } from '../base/sources.js';
import { open, seal } from '../crypto/aead.js';
import { type PhoneNames, type SharedKeys, Spake2 } from '../crypto/spake2.js';
import { readAccessKey } from '../keys/access_key.js';

/** What a phone receives (docs/protocol/pairing.md section 5.3). */
export interface PhonePayload {
  readonly agents: readonly {
    readonly address: string;
    readonly id: string;
    readonly name: string;
  }[];
  /** The access key: a bearer secret. */
  readonly apiKey: string;
  readonly hostName: string;
  /** Unix seconds; null when the key never expires. */
  readonly keyExpiresAt: number | null;
}

function payloadAad(deviceId: string): Uint8Array {
  return utf8(`osaurus-pair-v2:payload:${deviceId}`);
}

/** b64u(nonce ‖ ciphertext ‖ tag) under the session key. */
export function sealForPhone(
  session: Uint8Array,
  deviceId: string,
  plaintext: Uint8Array,
  random: Random = systemRandom,
): string {
  const nonce = random(12);
  return toBase64Url(
    concat(nonce, seal({ key: session, nonce, aad: payloadAad(deviceId) }, plaintext)),
  );
}

/** The plaintext; undefined when it does not open. */
export function openOnPhone(
  session: Uint8Array,
  deviceId: string,
  sealed: string,
): Uint8Array | undefined {
  const bytes = fromBase64Url(sealed);
  if (bytes === undefined || bytes.length < 28) return undefined;
  return open(
    { key: session, nonce: bytes.slice(0, 12), aad: payloadAad(deviceId) },
    bytes.slice(12),
  );
}

/** A phone, or any other device, in front of a host that shows a code. */
export interface CodeOrder extends PhoneNames {
  readonly host: string;
  /** Six decimal digits. */
  readonly code: string;
  readonly random?: Random;
}

async function ask(
  order: CodeOrder,
  path: string,
  body: object,
  options: SendOptions,
): Promise<JsonObject> {
  const headers = { 'content-type': 'application/json' };
  const init = { method: 'POST', headers, body: utf8(JSON.stringify(body)) };
  return objectOf(await sendWhole(urlAt(order.host, path), init, options));
}

function text(object: JsonObject, name: string): string {
  const value = object.get(name);
  if (typeof value !== 'string') throw malformed();
  return value;
}

function malformed(): KronborgError {
  return new KronborgError('answer_malformed', 'The answer is not one of a pairing with a code.');
}

/**
 * Pairs by a six-digit code (docs/protocol/pairing.md section 5): the code never travels.
 * `code_malformed`; codes of section 5.2; `host_not_confirmed` when the host does not know the
 * code, which is found out before anything that helps guessing it is sent; `sealed_key_invalid`.
 */
export async function pairWithCode(
  order: CodeOrder,
  options: SendOptions = {},
): Promise<PhonePayload> {
  if (!/^[0-9]{6}$/.test(order.code)) {
    throw new KronborgError('code_malformed', 'A pairing code has six digits.');
  }
  const { deviceId, deviceName } = order;
  const side = new Spake2('phone', order.code, order.random ?? systemRandom);
  let keys: SharedKeys | undefined;
  try {
    const hello = { v: 2, deviceId, deviceName, share: toBase64Url(side.share) };
    const answer = await ask(order, '/pair/code', hello, options);
    const share = fromBase64Url(text(answer, 'share'));
    if (share === undefined) throw malformed();
    keys = side.finish(share, order);
    const confirmed = fromBase64Url(text(answer, 'confirm')) ?? new Uint8Array(0);
    if (!equalBytes(confirmed, keys.confirmHost)) {
      throw new KronborgError('host_not_confirmed', 'The code is wrong, or this is not the host.');
    }
    const proof = {
      v: 2,
      exchange: text(answer, 'exchange'),
      confirm: toBase64Url(keys.confirmPhone),
    };
    const last = await ask(order, '/pair/confirm', proof, options);
    return readPayload(openOnPhone(keys.session, deviceId, text(last, 'sealed')));
  } finally {
    side.wipe();
    wipe(keys?.session, keys?.confirmHost, keys?.confirmPhone);
  }
}

function readPayload(plaintext: Uint8Array | undefined): PhonePayload {
  const payload = plaintext === undefined ? undefined : parseObject(plaintext);
  wipe(plaintext);
  if (payload === undefined) {
    throw new KronborgError('sealed_key_invalid', 'What the host sealed does not open.');
  }
  const apiKey = text(payload, 'apiKey');
  if ('outcome' in readAccessKey(apiKey)) {
    throw new KronborgError('paired_key_invalid', 'What the host sent is no access key.');
  }
  const agents = payload.get('agents');
  const expires = payload.get('keyExpiresAt');
  return {
    agents: (Array.isArray(agents) ? agents : []).map((agent) => {
      if (!(agent instanceof JsonObject)) throw malformed();
      return { address: text(agent, 'address'), id: text(agent, 'id'), name: text(agent, 'name') };
    }),
    apiKey,
    hostName: text(payload, 'hostName'),
    keyExpiresAt: expires instanceof JsonNumber ? (expires.integer() ?? null) : null,
  };
}

/** What a host says about itself before a code is entered. */
export interface PhoneHello {
  readonly name: string;
  /** Whether a code is live. */
  readonly pairing: boolean;
}

/** `GET /pair/hello`. */
export async function greetHost(host: string, options: SendOptions = {}): Promise<PhoneHello> {
  const answer = objectOf(await sendWhole(urlAt(host, '/pair/hello'), {}, options));
  return { name: text(answer, 'name'), pairing: answer.get('pairing') === true };
}

/** `POST /pair/unpair`: ends the key that this device got by a code. */
export async function unpair(
  host: string,
  apiKey: string,
  options: SendOptions = {},
): Promise<void> {
  const headers = { authorization: `Bearer ${apiKey}` };
  objectOf(await sendWhole(urlAt(host, '/pair/unpair'), { method: 'POST', headers }, options));
}
