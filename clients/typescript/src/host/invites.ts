import { toBase64Url } from '../base/base64url.js';
import type { JsonObject } from '../base/json.js';
import { unixSeconds } from '../base/sources.js';
import { usableEncPub } from '../crypto/x25519.js';
import {
  type InvitePayload,
  areInviteSignatures,
  readInvitePayload,
  writeInvite,
} from '../pairing/invite.js';
import { inviteServerText } from '../pairing/texts.js';
import { type HostAnswer, flatError } from './exchange.js';
import type { HostedAgent } from './keyring.js';
import { redeemedAnswer } from './sealed_answer.js';
import type { PairingState } from './state.js';

/** One line of the ledger (docs/protocol/pairing.md section 6.1). */
export interface InviteRecord {
  readonly nonce: string;
  readonly agentId: string;
  readonly name: string;
  /** Unix seconds. */
  readonly exp: number;
  state: 'active' | 'used' | 'revoked';
  /** Nonce of the key it produced. */
  keyNonce?: string;
}

export interface InviteSettings {
  readonly name: string;
  readonly description?: string;
  /** Seconds from now; default 7 days. */
  readonly life?: number;
}

const WEEK = 7 * 86_400;
const UNLOCK = "Unlock it with 'kronborg unlock'.";

/** Invites of one host, and `POST /pair-invite` with an invite. */
export class Invites {
  readonly ledger: InviteRecord[] = [];

  constructor(private readonly state: PairingState) {}

  /** The deep link of a new invite, which is in the ledger before it is given out. */
  issue(agent: HostedAgent, settings: InviteSettings): string {
    const nonce = this.state.random(32);
    const expires = unixSeconds(this.state.clock) + (settings.life ?? WEEK);
    const { name, description } = settings;
    const url = this.state.options.origin;
    this.register({ nonce: toBase64Url(nonce), agentId: agent.id, name, exp: expires });
    return writeInvite({ agent: agent.signer, name, description, url, expires, nonce });
  }

  /** Puts an invite that was made elsewhere into the ledger. */
  register(invite: Omit<InviteRecord, 'state' | 'keyNonce'>): InviteRecord {
    const record: InviteRecord = { ...invite, state: 'active' };
    this.ledger.push(record);
    return record;
  }

  /** Ends an invite and the key it produced. */
  revoke(nonce: string): void {
    const record = this.ledger.find((one) => one.nonce === nonce);
    if (record === undefined) return;
    record.state = 'revoked';
    const key = this.state.keyring.find(record.keyNonce ?? '');
    if (key !== undefined) key.revokedReason ??= 'invite revoked';
  }

  /** Rows 2 to 12 of section 6.2. */
  redeem(body: JsonObject | undefined): HostAnswer {
    const payload = readInvitePayload(body);
    const encPub = body?.get('encPub') ?? '';
    const isWhole = body !== undefined && payload !== undefined && typeof encPub === 'string';
    if (!isWhole) return flatError(400, 'invite_malformed', 'Invalid invite payload');
    if (payload.v !== 1) return flatError(400, 'invite_version', 'Unsupported invite version');
    const publicKey = encPub === '' ? undefined : usableEncPub(encPub, this.state.random);
    if (encPub !== '' && publicKey === undefined) {
      return flatError(400, 'encryption_key_invalid', 'Invalid encryption key');
    }
    if (!areInviteSignatures(payload, body)) {
      return flatError(401, 'invite_signature_invalid', 'Signature verification failed');
    }
    if (unixSeconds(this.state.clock) >= payload.exp) {
      return flatError(410, 'invite_expired', 'Invite has expired');
    }
    const agent = this.state.agentByAddress(payload.addr);
    if (agent === undefined) {
      return flatError(404, 'agent_unknown', 'Agent address not found on this server');
    }
    return this.#use(payload, agent, publicKey, encPub);
  }

  /** Rows 8 to 12. */
  #use(
    payload: InvitePayload,
    agent: HostedAgent,
    publicKey: Uint8Array | undefined,
    encPub: string,
  ): HostAnswer {
    const { nonce, exp } = payload;
    const isThis = (one: InviteRecord): boolean =>
      one.nonce === nonce && one.exp === exp && one.agentId === agent.id;
    const record = this.ledger.find(isThis);
    if (record === undefined) {
      return flatError(401, 'invite_unknown', 'Invite is not registered on this server');
    }
    if (record.state === 'revoked') return flatError(403, 'invite_revoked', 'Invite was revoked');
    if (record.state === 'used') {
      return flatError(409, 'invite_used', 'Invite has already been redeemed');
    }
    if (this.state.isLocked)
      return flatError(503, 'identity_locked', 'The identity is locked.', UNLOCK);
    const label = `Invite – ${record.name} (${nonce.slice(0, 8)})`;
    const minted = this.state.keyring.mint({
      agent,
      choice: '1y',
      label,
      source: 'invite',
      holder: nonce,
    });
    record.state = 'used';
    record.keyNonce = minted.record.nonce;
    const serverText = inviteServerText(agent.signer.address, nonce, encPub);
    return redeemedAnswer(this.state, { agent, token: minted.token, nonce, publicKey, serverText });
  }
}
