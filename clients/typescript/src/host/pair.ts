import { utf8 } from '../base/bytes.js';
import { parseObject } from '../base/json.js';
import { type Members, readMembers } from '../base/members.js';
import { hpkeSeal } from '../crypto/hpke.js';
import { usableEncPub } from '../crypto/x25519.js';
import { PREFIX, recoverHexSigner } from '../identity/envelope.js';
import { connectorText, pairServerText, sealInfo } from '../pairing/texts.js';
import { addressWords, opensCommitment, shortWords } from '../pairing/words.js';
import type { Challenge, Challenges } from './challenges.js';
import { type HostAnswer, type HostRequest, flatError, jsonAnswer } from './exchange.js';
import type { HostedAgent } from './keyring.js';
import { limitKey } from './rate_limit.js';
import type { Approval, PairingState } from './state.js';

const PENDING_MAX = 8;
const UNLOCK = "Unlock it with 'kronborg unlock'.";

interface PairRequest {
  readonly connectorAddress: string;
  readonly agentId: string;
  readonly nonce: string;
  readonly signature: string;
  /** Empty when there is none. */
  readonly encPub: string;
  readonly reveal: string;
}

function readRequest(members: Members): PairRequest {
  return {
    connectorAddress: members.string('connectorAddress'),
    agentId: members.string('agentId'),
    nonce: members.string('nonce'),
    signature: members.string('signature'),
    encPub: members.optionalString('encPub') ?? '',
    reveal: members.optionalString('reveal') ?? '',
  };
}

/** What is known once the connector has proved itself. */
interface Proven {
  readonly request: PairRequest;
  readonly agent: HostedAgent;
  readonly challenge: Challenge;
  readonly publicKey: Uint8Array | undefined;
}

/** `POST /pair`: the rows of docs/protocol/pairing.md section 2.2 after the rate limit. */
export class PairRoute {
  readonly #pending = new Set<string>();

  constructor(
    private readonly state: PairingState,
    private readonly challenges: Challenges,
  ) {}

  async answer(asked: HostRequest): Promise<HostAnswer> {
    const proven = this.#prove(asked.body);
    if ('status' in proven) return proven;
    const source = limitKey(asked.source);
    if (this.state.isLocked)
      return flatError(503, 'identity_locked', 'The identity is locked.', UNLOCK);
    if (this.#pending.has(source) || this.#pending.size >= PENDING_MAX) {
      const sentence = 'Another pairing request is in progress. Try again shortly.';
      return flatError(429, 'pairing_busy', sentence);
    }
    this.#pending.add(source);
    try {
      return this.#decided(proven, asked.source, await this.#approval(proven, asked.source));
    } finally {
      this.#pending.delete(source);
    }
  }

  /** Rows 2 to 7. */
  #prove(body: Uint8Array): Proven | HostAnswer {
    const request = readMembers(parseObject(body), readRequest);
    if (request === undefined)
      return flatError(400, 'pairing_malformed', 'Invalid pairing request');
    const { encPub, nonce, connectorAddress } = request;
    const publicKey = encPub === '' ? undefined : usableEncPub(encPub, this.state.random);
    if (encPub !== '' && publicKey === undefined) {
      return flatError(400, 'encryption_key_invalid', 'Invalid encryption key');
    }
    const text = connectorText(nonce, encPub);
    if (recoverHexSigner(PREFIX.pairing, text, request.signature) !== connectorAddress) {
      return flatError(401, 'pairing_signature_invalid', 'Signature verification failed');
    }
    const challenge = this.challenges.take(nonce);
    if (challenge === undefined) {
      return flatError(401, 'pairing_challenge_invalid', 'Pairing challenge expired or invalid');
    }
    const { commit } = challenge;
    const fits = (key: Uint8Array | undefined): boolean =>
      key !== undefined && opensCommitment(commit ?? '', request.reveal, connectorAddress, key);
    if (commit !== undefined && !fits(publicKey)) {
      return flatError(401, 'pairing_commitment_mismatch', 'Pairing commitment mismatch');
    }
    const agent = this.state.agentById(request.agentId);
    if (agent?.isShared !== true) {
      const sentence = 'Agent not found or not available for pairing';
      return flatError(404, 'pairing_agent_unavailable', sentence);
    }
    return { request, agent, challenge, publicKey };
  }

  #words({ request, agent, challenge }: Proven): string | undefined {
    if (challenge.commit === undefined) return undefined;
    return shortWords({ ...request, agentAddress: agent.signer.address });
  }

  #approval(proven: Proven, source: string): Promise<Approval> {
    const { agent, request } = proven;
    return this.state.options.approve({
      connectorAddress: request.connectorAddress,
      connectorWords: addressWords(request.connectorAddress),
      agent: { id: agent.id, name: agent.name, address: agent.signer.address },
      source,
      words: this.#words(proven),
      isSealed: proven.publicKey !== undefined,
    });
  }

  /** Rows 10 and 11. */
  #decided(proven: Proven, source: string, approval: Approval): HostAnswer {
    if (approval === 'denied') this.state.limit.cool(source);
    if (typeof approval === 'string') return flatError(403, 'pairing_denied', 'Pairing denied');
    const { agent, request, publicKey } = proven;
    const { address } = agent.signer;
    const { connectorAddress, nonce } = request;
    const shown = `${connectorAddress.slice(0, 6)}…${connectorAddress.slice(-4)}`;
    const { token } = this.state.keyring.mint({
      agent,
      choice: approval.remember ? 'never' : '90d',
      label: `Paired – ${shown}`,
      source: 'pairing',
      holder: connectorAddress,
    });
    const seal = (key: Uint8Array): { readonly ct: string; readonly enc: string } => ({
      ...hpkeSeal(key, sealInfo(address, nonce), utf8(token), this.state.random),
    });
    return jsonAnswer(200, {
      agentAddress: address,
      apiKey: publicKey === undefined ? token : '',
      isPermanent: approval.remember,
      sealedApiKey: publicKey === undefined ? undefined : seal(publicKey),
      secureChannel: true,
      serverSignature: agent.signer.signHex(PREFIX.pairingServer, pairServerText(address, nonce)),
      sas: this.#words(proven),
    });
  }
}
