import { utf8 } from '../base/bytes.js';
import { hpkeSeal } from '../crypto/hpke.js';
import { PREFIX } from '../identity/envelope.js';
import { sealInfo } from '../pairing/texts.js';
import { type HostAnswer, jsonAnswer } from './exchange.js';
import type { HostedAgent } from './keyring.js';
import type { PairingState } from './state.js';

/** A key on its way to whoever redeemed an invite or proved to be the owner. */
export interface RedeemedAnswer {
  readonly agent: HostedAgent;
  readonly token: string;
  readonly nonce: string;
  /** The connector's key; undefined when it sent none. */
  readonly publicKey: Uint8Array | undefined;
  /** What the host signs; only with a key. */
  readonly serverText: string;
}

/** 200 of docs/protocol/pairing.md section 6.2. */
export function redeemedAnswer(state: PairingState, redeemed: RedeemedAnswer): HostAnswer {
  const { agent, token, nonce, publicKey, serverText } = redeemed;
  const { address } = agent.signer;
  const open = {
    agentAddress: address,
    agentDescription: agent.description,
    agentName: agent.name,
    relayBaseURL: state.options.origin,
    secureChannel: true,
  };
  if (publicKey === undefined) return jsonAnswer(200, { ...open, apiKey: token });
  const { ct, enc } = hpkeSeal(publicKey, sealInfo(address, nonce), utf8(token), state.random);
  const serverSignature = agent.signer.signHex(PREFIX.pairingServer, serverText);
  return jsonAnswer(200, { ...open, apiKey: '', sealedApiKey: { ct, enc }, serverSignature });
}
