import { parseObject } from '../base/json.js';
import { Challenges } from './challenges.js';
import { Codes } from './codes.js';
import {
  type Answering,
  type HostAnswer,
  type HostRequest,
  flatError,
  jsonAnswer,
} from './exchange.js';
import { Invites } from './invites.js';
import type { IssuedKey } from './keyring.js';
import { OwnerRedeem } from './owner_redeem.js';
import { PairRoute } from './pair.js';
import { type PairingHostOptions, PairingState } from './state.js';

const BODY_MAX = 65_536;

/**
 * A host that judges every exchange of docs/protocol/pairing.md, in memory. For tests of connectors
 * and for embedding; it keeps nothing across restarts.
 */
export class PairingHost implements Answering {
  readonly invites: Invites;
  readonly codes: Codes;
  readonly #state: PairingState;
  readonly #challenges: Challenges;
  readonly #pair: PairRoute;
  readonly #owner: OwnerRedeem;

  constructor(options: PairingHostOptions) {
    this.#state = new PairingState(options);
    this.#challenges = new Challenges(this.#state);
    this.#pair = new PairRoute(this.#state, this.#challenges);
    this.invites = new Invites(this.#state);
    this.#owner = new OwnerRedeem(this.#state);
    this.codes = new Codes(this.#state);
  }

  /** Every key that was minted. */
  get issued(): readonly IssuedKey[] {
    return this.#state.keyring.issued;
  }

  async answer(request: HostRequest): Promise<HostAnswer | undefined> {
    const route = `${request.method} ${request.path}`;
    if (request.body.length > BODY_MAX) return tooLarge(request.body.length);
    switch (route) {
      case 'GET /pair/hello':
        return this.codes.hello();
      case 'POST /pair/unpair':
        return this.codes.unpair(request);
      case 'GET /pair/challenge':
        return this.#limited(request) ?? this.#challenges.answer(request);
      case 'POST /pair':
        return this.#limited(request) ?? (await this.#pair.answer(request));
      case 'POST /pair/code':
        return this.#limited(request) ?? this.codes.begin(request);
      case 'POST /pair/confirm':
        return this.#limited(request) ?? this.codes.confirm(request);
      case 'POST /pair-invite':
        return this.#limited(request) ?? this.#invite(request);
      default:
        return undefined;
    }
  }

  #limited(request: HostRequest): HostAnswer | undefined {
    const wait = this.#state.limit.take(request.source);
    if (wait === undefined) return undefined;
    const error = 'Too many pairing attempts. Try again shortly.';
    return jsonAnswer(
      429,
      { error, code: 'pairing_rate_limited' },
      { 'retry-after': String(wait) },
    );
  }

  #invite(request: HostRequest): HostAnswer {
    const body = parseObject(request.body);
    const owner = body?.get('owner_redeem');
    if (body?.has('team_redeem') === true) {
      return flatError(400, 'invite_malformed', 'Invalid invite payload');
    }
    const answer = owner === undefined ? this.invites.redeem(body) : this.#owner.answer(owner);
    if (answer.status === 401 || answer.status === 403) this.#state.limit.cool(request.source);
    return answer;
  }
}

function tooLarge(size: number): HostAnswer {
  const message = `Request body too large (${size} > ${BODY_MAX} bytes)`;
  const error = { message, type: 'payload_too_large', code: 'body_too_large' };
  return jsonAnswer(413, { error });
}
