import { fromBase64UrlOf } from '../base/base64url.js';
import { utf8 } from '../base/bytes.js';
import { canonicalJson } from '../base/canonical_json.js';
import { KronborgError } from '../base/error.js';
import { type SendOptions, objectOf, sendWhole, urlAt } from '../base/http.js';
import { JsonObject } from '../base/json.js';
import { type Random, systemRandom } from '../base/sources.js';
import { ExchangeKey } from '../crypto/x25519.js';
import { checksumAddress } from '../identity/address.js';
import { PREFIX } from '../identity/envelope.js';
import type { SigningKey } from '../identity/signing_key.js';
import { type PairedKey, openAnswer } from './answer.js';
import type { Invite } from './invite.js';
import { inviteServerText, redeemServerText, redeemText } from './texts.js';

/** A key from an invite or from owner redeem, with what the host says about itself. */
export interface RedeemedKey extends PairedKey {
  readonly agentName: string | undefined;
  readonly agentDescription: string | undefined;
  /** Where the host says it is reached. */
  readonly baseUrl: string | undefined;
}

export interface RedeemOptions extends SendOptions {
  /**
   * The user's consent to an exchange that the host does not sign: someone in between could read
   * the key unnoticed. Never needed for an invite with `sig2`, and of no effect there.
   */
  readonly acceptUnsigned?: boolean;
  readonly random?: Random;
}

async function post(host: string, body: string, options: SendOptions): Promise<JsonObject> {
  const headers = { 'content-type': 'application/json' };
  const init = { method: 'POST', headers, body: utf8(body) };
  return objectOf(await sendWhole(urlAt(host, '/pair-invite'), init, options));
}

function withAbout(key: PairedKey, answer: JsonObject): RedeemedKey {
  const text = (name: string): string | undefined => {
    const value = answer.get(name);
    return typeof value === 'string' ? value : undefined;
  };
  return {
    ...key,
    agentName: text('agentName'),
    agentDescription: text('agentDescription'),
    baseUrl: text('relayBaseURL'),
  };
}

/**
 * Redeems an invite at the URL it names (docs/protocol/pairing.md sections 6.2 and 9).
 * `consent_required` before anything is sent, for an invite without `sig2`; then the codes of
 * section 6.2 and of `openAnswer`.
 */
export async function redeemInvite(
  invite: Invite,
  options: RedeemOptions = {},
): Promise<RedeemedKey> {
  const acceptUnsigned = !invite.isVerified && (options.acceptUnsigned ?? false);
  if (!invite.isVerified && !acceptUnsigned) {
    throw new KronborgError(
      'consent_required',
      'This invite does not sign its URL: someone in between could read the key unnoticed.',
    );
  }
  const { agentAddress, payload } = invite;
  const key = ExchangeKey.create(options.random ?? systemRandom);
  try {
    const body = new JsonObject([...invite.members, ['encPub', key.encPub]]);
    const answer = await post(payload.url, canonicalJson(body), options);
    const serverText = inviteServerText(agentAddress, payload.nonce, key.encPub);
    const { nonce } = payload;
    return withAbout(
      openAnswer(answer, { agentAddress, nonce, key, serverText, acceptUnsigned }),
      answer,
    );
  } finally {
    key.wipe();
  }
}

/** Another device of the same owner. */
export interface OwnerRedeemOrder {
  readonly host: string;
  readonly agentAddress: string;
  /** The master as a signer: `masterKey.signer()`. */
  readonly master: SigningKey;
  /** 1..64 of `A-Z a-z 0-9 . _ -`. */
  readonly deviceId: string;
  readonly deviceName?: string | undefined;
}

/**
 * Gets a key for one agent by proving the same master (docs/protocol/pairing.md section 7). Codes
 * of that section and of `openAnswer`; `challenge_answer_invalid` when the host's challenge is
 * none.
 */
export async function redeemAsOwner(
  order: OwnerRedeemOrder,
  options: RedeemOptions = {},
): Promise<RedeemedKey> {
  checksumAddress(order.agentAddress);
  const asked = {
    v: 1,
    agent_address: order.agentAddress,
    device_id: order.deviceId,
    device_name: order.deviceName,
  };
  const first = await post(order.host, canonicalJson({ owner_redeem: asked }), options);
  const nonce = ownerNonce(first);
  const { agentAddress } = order;
  const key = ExchangeKey.create(options.random ?? systemRandom);
  try {
    const signature = order.master.signHex(PREFIX.ethereum, redeemText(agentAddress, nonce));
    const proven = { ...asked, nonce, wallet_signature: signature, encPub: key.encPub };
    const answer = await post(order.host, canonicalJson({ owner_redeem: proven }), options);
    const serverText = redeemServerText(agentAddress, nonce, key.encPub);
    const acceptUnsigned = options.acceptUnsigned ?? false;
    return withAbout(
      openAnswer(answer, { agentAddress, nonce, key, serverText, acceptUnsigned }),
      answer,
    );
  } finally {
    key.wipe();
  }
}

/**
 * The nonce goes into a text that the master signs, so nothing but 32 bytes of base64url is taken.
 */
function ownerNonce(answer: JsonObject): string {
  const challenge = answer.get('owner_challenge');
  const nonce = challenge instanceof JsonObject ? challenge.get('nonce') : undefined;
  if (typeof nonce !== 'string' || fromBase64UrlOf(32, nonce) === undefined) {
    throw new KronborgError('challenge_answer_invalid', 'The host sent no usable challenge.');
  }
  return nonce;
}
