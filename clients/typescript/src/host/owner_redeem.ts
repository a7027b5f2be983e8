import { toBase64Url } from '../base/base64url.js';
import { JsonNumber, JsonObject, type JsonValue } from '../base/json.js';
import { lower, scalarCount } from '../base/text.js';
import { usableEncPub } from '../crypto/x25519.js';
import { isAddress, sameAddress } from '../identity/address.js';
import { PREFIX, recoverHexSigner } from '../identity/envelope.js';
import { redeemServerText, redeemText } from '../pairing/texts.js';
import { type HostAnswer, flatError, jsonAnswer } from './exchange.js';
import { redeemedAnswer } from './sealed_answer.js';
import type { PairingState } from './state.js';

const LIFE_MS = 120_000;
const OUTSTANDING_MAX = 256;
const NAME_MAX = 80;
const DEFAULT_NAME = 'Device';

interface OwnerRequest {
  readonly address: string;
  readonly deviceId: string;
  readonly deviceName: string;
  /** Undefined in step 1. */
  readonly proof?:
    | { readonly nonce: string; readonly signature: string; readonly encPub: string }
    | undefined;
}

/** `POST /pair-invite` with `owner_redeem` (docs/protocol/pairing.md section 7). */
export class OwnerRedeem {
  /** By agent address and device, the newest. */
  readonly #outstanding = new Map<string, { readonly nonce: string; readonly endsAt: number }>();

  constructor(private readonly state: PairingState) {}

  answer(value: JsonValue): HostAnswer {
    const request = readRequest(value);
    if ('status' in request) return request;
    return request.proof === undefined
      ? this.#challenge(request)
      : this.#redeem(request, request.proof);
  }

  #challenge(request: OwnerRequest): HostAnswer {
    const nonce = toBase64Url(this.state.random(32));
    const place = placeOf(request);
    this.#outstanding.delete(place);
    if (this.#outstanding.size >= OUTSTANDING_MAX) {
      this.#outstanding.delete(this.#outstanding.keys().next().value!);
    }
    this.#outstanding.set(place, { nonce, endsAt: this.state.clock() + LIFE_MS });
    return jsonAnswer(200, { owner_challenge: { expires_in: LIFE_MS / 1000, nonce } });
  }

  /** Rows 6 to 11. */
  #redeem(request: OwnerRequest, proof: NonNullable<OwnerRequest['proof']>): HostAnswer {
    const publicKey = usableEncPub(proof.encPub, this.state.random);
    if (publicKey === undefined) {
      const sentence = 'encPub is required: a base64url X25519 public key (32 bytes)';
      return flatError(400, 'encryption_key_invalid', sentence);
    }
    if (this.state.isLocked) {
      const sentence = 'Host identity is unavailable right now';
      return flatError(503, 'identity_locked', sentence, "Unlock it with 'kronborg unlock'.");
    }
    if (!this.#take(request, proof.nonce)) {
      return flatError(401, 'owner_redeem_nonce', 'Unknown or expired challenge nonce');
    }
    const text = redeemText(request.address, proof.nonce);
    const signer = recoverHexSigner(PREFIX.ethereum, text, proof.signature);
    if (signer === undefined || !sameAddress(signer, this.state.options.masterAddress)) {
      const sentence = "Signature does not match this host's identity";
      return flatError(401, 'owner_redeem_signature', sentence);
    }
    const agent = this.state.agentByAddress(request.address);
    if (agent === undefined) {
      return flatError(404, 'agent_unknown', 'Agent address not found on this server');
    }
    const label = `Owner device – ${request.deviceName}`;
    const holder = placeOf(request);
    const order = { agent, choice: '90d', label, source: 'owner-redeem', holder } as const;
    const { token, record } = this.state.keyring.mint(order);
    this.state.keyring.replace('owner-redeem', holder, record, 'redeemed again');
    const serverText = redeemServerText(request.address, proof.nonce, proof.encPub);
    return redeemedAnswer(this.state, { agent, token, nonce: proof.nonce, publicKey, serverText });
  }

  #take(request: OwnerRequest, nonce: string): boolean {
    const held = this.#outstanding.get(placeOf(request));
    if (held?.nonce !== nonce) return false;
    this.#outstanding.delete(placeOf(request));
    return this.state.clock() < held.endsAt;
  }
}

function placeOf(request: OwnerRequest): string {
  return `${lower(request.address)} ${request.deviceId}`;
}

/** Rows 2 to 5. */
function readRequest(value: JsonValue): OwnerRequest | HostAnswer {
  const version = value instanceof JsonObject ? value.get('v') : undefined;
  const isOne = version instanceof JsonNumber && version.integer() === 1;
  if (!(value instanceof JsonObject) || !isOne) {
    return flatError(400, 'owner_redeem_version', 'Unsupported owner_redeem version');
  }
  const text = (name: string): string | undefined => {
    const member = value.get(name);
    return typeof member === 'string' ? member : undefined;
  };
  const address = text('agent_address') ?? '';
  if (!isAddress(address)) {
    const sentence = 'agent_address must be a 0x-prefixed 20-byte hex address';
    return flatError(400, 'owner_redeem_address', sentence);
  }
  const deviceId = text('device_id') ?? '';
  if (!/^[A-Za-z0-9._-]{1,64}$/.test(deviceId)) {
    const sentence = 'device_id must be 1–64 characters of [A-Za-z0-9._-]';
    return flatError(400, 'owner_redeem_device_id', sentence);
  }
  const named = value.get('device_name') ?? '';
  if (typeof named !== 'string' || scalarCount(named) > NAME_MAX) {
    return flatError(400, 'owner_redeem_device_name', 'device_name must be at most 80 characters');
  }
  const deviceName = named === '' ? DEFAULT_NAME : named;
  const [nonce, signature] = [text('nonce'), text('wallet_signature')];
  if (nonce === undefined && signature === undefined) return { address, deviceId, deviceName };
  const encPub = text('encPub') ?? '';
  const proof = { nonce: nonce ?? '', signature: signature ?? '', encPub };
  return { address, deviceId, deviceName, proof };
}
