import { fromBase64Url, fromBase64UrlOf, toBase64Url } from '../base/base64url.js';
import { utf8 } from '../base/bytes.js';
import { canonicalJson } from '../base/canonical_json.js';
import { KronborgError } from '../base/error.js';
import { toHex } from '../base/hex.js';
import { JsonObject, parseObject } from '../base/json.js';
import { type Members, readMembers } from '../base/members.js';
import { sameAddress } from '../identity/address.js';
import { PREFIX, type Prefix, recoverHexSigner } from '../identity/envelope.js';
import type { SigningKey } from '../identity/signing_key.js';
import { inviteText } from './texts.js';

/** The members of an invite (docs/protocol/pairing.md section 6.1). */
export interface InvitePayload {
  /** Agent's address, as it is written and signed. */
  readonly addr: string;
  readonly desc?: string | undefined;
  /** Unix seconds. */
  readonly exp: number;
  readonly name: string;
  /** base64url of 32 random bytes. */
  readonly nonce: string;
  /** Base URL of the host. */
  readonly url: string;
  readonly v: number;
  readonly sig: string;
  readonly sig2?: string | undefined;
}

/** An invite whose signatures hold. */
export interface Invite {
  readonly payload: InvitePayload;
  /** All members as they came: `sig2` covers those this side does not know, too. */
  readonly members: JsonObject;
  /** The address in the link. */
  readonly agentAddress: string;
  /** False without `sig2`: name, text and URL are then nobody's word. */
  readonly isVerified: boolean;
}

/** Members and types; undefined when they are not those of an invite. */
export function readInvitePayload(object: JsonObject | undefined): InvitePayload | undefined {
  return readMembers(object, (members: Members) => ({
    addr: members.string('addr'),
    desc: members.optionalString('desc'),
    exp: members.integer('exp'),
    name: members.string('name'),
    nonce: members.string('nonce'),
    url: members.string('url'),
    v: members.integer('v'),
    sig: members.string('sig'),
    sig2: members.optionalString('sig2'),
  }));
}

/** What `sig2` is over: canonical JSON of all members but the signatures and `encPub`. */
export function wholeInviteText(members: JsonObject): string {
  const signed = [...members].filter(([name]) => !['sig', 'sig2', 'encPub'].includes(name));
  return canonicalJson(new JsonObject(signed));
}

/** Whether `sig`, and `sig2` where it is there, recover to `addr`. */
export function areInviteSignatures(payload: InvitePayload, members: JsonObject): boolean {
  const isBy = (prefix: Prefix, text: string, signature: string): boolean => {
    const signer = recoverHexSigner(prefix, text, signature);
    return signer !== undefined && sameAddress(signer, payload.addr);
  };
  const short = inviteText(payload.addr, payload.nonce, payload.exp);
  if (!isBy(PREFIX.invite, short, payload.sig)) return false;
  if (payload.sig2 === undefined) return true;
  let whole: string;
  try {
    whole = wholeInviteText(members);
  } catch {
    return false;
  }
  return isBy(PREFIX.inviteWhole, whole, payload.sig2);
}

function malformed(): KronborgError {
  return new KronborgError('invite_malformed', 'This is not an invite.');
}

/**
 * Reads a link `osaurus://<address>?pair=…`. `invite_malformed`, `invite_version`,
 * `invite_signature_invalid` when a signature is not by the agent of the link, `invite_expired`.
 * `now` is Unix seconds.
 */
export function readInvite(link: string, now: number): Invite {
  const parts = /^osaurus:\/\/(0x[0-9a-fA-F]{40})\/?\?pair=([A-Za-z0-9_-]+)$/.exec(link.trim());
  const bytes = fromBase64Url(parts?.[2] ?? '');
  const members = bytes === undefined ? undefined : parseObject(bytes);
  const payload = readInvitePayload(members);
  const agentAddress = parts?.[1];
  if (members === undefined || payload === undefined || agentAddress === undefined)
    throw malformed();
  if (payload.v !== 1)
    throw new KronborgError('invite_version', 'This kind of invite is not known.');
  if (fromBase64UrlOf(32, payload.nonce) === undefined) throw malformed();
  const isOfLink = sameAddress(payload.addr, agentAddress);
  if (!isOfLink || !areInviteSignatures(payload, members)) {
    throw new KronborgError('invite_signature_invalid', 'The invite is not by the agent it names.');
  }
  if (now >= payload.exp) throw new KronborgError('invite_expired', 'The invite has expired.');
  return { payload, members, agentAddress, isVerified: payload.sig2 !== undefined };
}

/** What to invite to. */
export interface InviteOrder {
  readonly agent: SigningKey;
  readonly name: string;
  readonly description?: string | undefined;
  /** Base URL of the host. */
  readonly url: string;
  /** Unix seconds. */
  readonly expires: number;
  /** 32 bytes. */
  readonly nonce: Uint8Array;
}

/** The deep link of a new invite, signed by the agent. */
export function writeInvite(order: InviteOrder): string {
  const { agent } = order;
  const nonce = toBase64Url(order.nonce);
  const open = new JsonObject([
    ['addr', agent.address],
    ['name', order.name],
    ['nonce', nonce],
    ['url', order.url],
    ...(order.description === undefined ? [] : [['desc', order.description] as const]),
  ]);
  const signed = { ...Object.fromEntries(open), exp: order.expires, v: 1 };
  const sig = toHex(agent.sign(PREFIX.invite, inviteText(agent.address, nonce, order.expires)));
  const sig2 = toHex(agent.sign(PREFIX.inviteWhole, canonicalJson(signed)));
  const pair = toBase64Url(utf8(canonicalJson({ ...signed, sig, sig2 })));
  return `osaurus://${agent.address.toLowerCase()}?pair=${pair}`;
}
