import { KronborgError } from '../base/error.js';
import { uuidV4 } from '../base/sources.js';
import { SpaceKey, type SpaceRequests, type Told } from './requests.js';
import { Space } from './space.js';
import type { KeyType } from './types.js';

/** An invitation as its two secrets: what a link holds. */
export interface InvitationLink {
  readonly spaceId: string;
  readonly invitationKey: SpaceKey;
}

/**
 * Reads an `agentLink` or a `humanLink` (docs/protocol/spaces.md section 5.1);
 * `invitation_malformed` for anything else.
 */
export function readInvitationLink(link: string): InvitationLink {
  const agent = /\/space\/([0-9a-fA-F-]{36})\/([0-9a-fA-F]{64})(?:\/|$)/.exec(link);
  const human = /\/join\/([0-9a-fA-F-]{36})#([0-9a-fA-F]{64})$/.exec(link);
  const [, spaceId, key] = agent ?? human ?? [];
  if (spaceId === undefined || key === undefined) {
    throw new KronborgError('invitation_malformed', 'This is not an invitation link.');
  }
  return { spaceId, invitationKey: new SpaceKey(key) };
}

export interface JoinRequest {
  readonly name: string;
  /** A claim; it grants nothing. */
  readonly role?: string;
  /** Proof of an address, needed where the space has `requireVerified`. */
  readonly identity?: { readonly challengeId: string; readonly signature: string };
  /** Seconds, 3600..31536000. */
  readonly keyExpiresIn?: number;
}

interface JoinAnswer {
  readonly status: 'approved' | 'pending';
  readonly participantId: string;
  readonly participantPrivateKey?: string;
  readonly keyType: KeyType;
  readonly name: string;
  readonly expiresAt?: string;
  readonly suggestedPollingIntervalMs?: number;
}

interface PollAnswer {
  readonly status: 'approved' | 'pending';
  readonly participantPrivateKey?: string;
  readonly suggestedPollingIntervalMs?: number;
}

export interface ApprovalOptions {
  readonly signal?: AbortSignal;
  /** Waits between two polls. Default: real time. */
  readonly pause?: (ms: number) => Promise<void>;
}

const POLL_MS = 5000;

function joinPath(spaceId: string): string {
  return `/oresundspace/space/${encodeURIComponent(spaceId)}/join`;
}

/** A join that waits for the owner (docs/protocol/spaces.md section 6.2). */
export class PendingJoin {
  readonly #requests: SpaceRequests;
  readonly #joinToken: SpaceKey;
  /**
   * Names the collection, so that a lost answer is repeated and not lost. A stored 202 uses it up.
   */
  #collection: string;

  constructor(
    requests: SpaceRequests,
    readonly invitation: InvitationLink,
    readonly participantId: string,
    joinToken: SpaceKey,
    /** The name the host took, which may differ from the one asked for. */
    readonly name: string,
    private readonly pollMs: number = POLL_MS,
  ) {
    this.#requests = requests;
    this.#joinToken = joinToken;
    this.#collection = uuidV4(requests.random);
  }

  /** Only its holder can collect the key: keep it to go on later with `resumeJoin`. */
  get joinToken(): SpaceKey {
    return this.#joinToken;
  }

  /**
   * Asks once; the space when the owner has approved, undefined while they have not. `join_denied`,
   * `join_expired`, `participant_removed`; `key_collected` when the key was collected before, by
   * another than this object: a repeat of its own collection gives the same key for 24 hours.
   */
  async poll(signal?: AbortSignal): Promise<Space | undefined> {
    return (await this.#poll(signal)).space;
  }

  /** Asks at the host's pace until the owner has decided. `aborted` when the signal does. */
  async approval(options: ApprovalOptions = {}): Promise<Space> {
    const pause = options.pause ?? ((ms) => new Promise((resolve) => setTimeout(resolve, ms)));
    let wait = this.pollMs;
    for (;;) {
      if (options.signal?.aborted === true)
        throw new KronborgError('aborted', 'Waiting was given up.');
      const { space, pollMs } = await this.#poll(options.signal);
      if (space !== undefined) return space;
      wait = pollMs ?? wait;
      await pause(wait);
    }
  }

  async #poll(
    signal: AbortSignal | undefined,
  ): Promise<{ space?: Space; pollMs?: number | undefined }> {
    const seen = await this.#look(signal);
    if (seen?.status === 202) return { pollMs: seen.value.suggestedPollingIntervalMs };
    const { status, value } = await this.#ask(signal, true);
    if (status === 202) {
      this.#collection = uuidV4(this.#requests.random);
      return { pollMs: value.suggestedPollingIntervalMs };
    }
    if (value.participantPrivateKey === undefined) {
      throw new KronborgError('key_collected', 'The key of this join was collected before.', {
        hint: 'The owner can replace it (reissue).',
      });
    }
    const key = new SpaceKey(value.participantPrivateKey);
    return { space: new Space(this.#requests, this.invitation.spaceId, this.participantId, key) };
  }

  /**
   * The state without the join token: every answer to a call that could be repeated is kept by the
   * host, so that only the collection is made one. Undefined when the invitation has ended: then
   * only the join token is answered.
   */
  async #look(signal: AbortSignal | undefined): Promise<Told<PollAnswer> | undefined> {
    try {
      return await this.#ask(signal, false);
    } catch (error) {
      if (error instanceof KronborgError && error.status === 401) return undefined;
      throw error;
    }
  }

  #ask(signal: AbortSignal | undefined, collects: boolean): Promise<Told<PollAnswer>> {
    const { spaceId, invitationKey } = this.invitation;
    const path = `${joinPath(spaceId)}/${encodeURIComponent(this.participantId)}`;
    const headers: Record<string, string> = collects
      ? { 'x-join-token': this.#joinToken.reveal() }
      : {};
    const repeat = collects ? this.#collection : undefined;
    return this.#requests.ask<PollAnswer>({ path, key: invitationKey, headers, repeat, signal });
  }
}

/**
 * Joins by an invitation (section 6.1). The join token is drawn here, so that a lost answer can be
 * had again. A `PendingJoin` when the owner has to approve.
 */
export async function joinSpace(
  requests: SpaceRequests,
  invitation: InvitationLink,
  request: JoinRequest,
): Promise<Space | PendingJoin> {
  const token = [...requests.random(32)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  const joinToken = new SpaceKey(token);
  const { status, value } = await requests.ask<JoinAnswer>({
    method: 'POST',
    path: joinPath(invitation.spaceId),
    key: invitation.invitationKey,
    body: request,
    headers: { ...requests.userFields(), 'x-join-token': token },
    repeat: 'fresh',
  });
  const { participantId, name, participantPrivateKey } = value;
  if (status === 202) {
    const pollMs = value.suggestedPollingIntervalMs ?? POLL_MS;
    return new PendingJoin(requests, invitation, participantId, joinToken, name, pollMs);
  }
  const key = new SpaceKey(participantPrivateKey ?? '');
  return new Space(requests, invitation.spaceId, participantId, key);
}
