import {
  type InvitationLink,
  type JoinRequest,
  PendingJoin,
  joinSpace,
  readInvitationLink,
} from './join.js';
import { SpaceKey, SpaceRequests, type SpacesOptions, query } from './requests.js';
import { Space } from './space.js';
import type { CreateSpace, Privacy, Warning } from './types.js';

interface CreateAnswer extends CreatedFacts {
  readonly ownerPrivateKey: string;
}

/** What the host said about a new space. */
export interface CreatedFacts {
  readonly spaceId: string;
  readonly ownerId: string;
  readonly keyId: string;
  readonly keyExpiresAt?: string;
  readonly name: string;
  readonly privacy: Privacy;
  readonly requiresApproval: boolean;
  readonly requireVerified: boolean;
  readonly createdAt: string;
  readonly expiresAt?: string;
  /** The space closes then if the owner's key was never used. */
  readonly unusedExpiresAt: string;
  readonly userLinked: boolean;
  readonly warnings?: readonly Warning[];
}

export interface ListedSpace {
  readonly spaceId: string;
  readonly name: string;
  readonly description: string;
  readonly createdAt: string;
  readonly expiresAt?: string;
  readonly participantCount: number;
  readonly requiresApproval: boolean;
  readonly requireVerified: boolean;
  readonly agentLink?: string;
}

/** Spaces of one host (docs/protocol/spaces.md). */
export class SpacesClient {
  readonly #requests: SpaceRequests;

  constructor(options: SpacesOptions) {
    this.#requests = new SpaceRequests(options);
  }

  /** Opens a space; needs no account. The owner's key is in `space.key` and comes only once. */
  async create(
    order: CreateSpace,
  ): Promise<{ readonly space: Space; readonly facts: CreatedFacts }> {
    const { value } = await this.#requests.ask<CreateAnswer>({
      method: 'POST',
      path: '/oresundspace/space',
      body: order,
      headers: this.#requests.userFields(),
    });
    const { ownerPrivateKey, ...facts } = value;
    return { space: this.space(facts.spaceId, facts.ownerId, ownerPrivateKey), facts };
  }

  /** A space through a key that was kept. */
  space(spaceId: string, participantId: string, key: string): Space {
    return new Space(this.#requests, spaceId, participantId, new SpaceKey(key));
  }

  /** Joins by a link or by what it holds: at once, or a join that waits for the owner. */
  join(invitation: string | InvitationLink, request: JoinRequest): Promise<Space | PendingJoin> {
    const link = typeof invitation === 'string' ? readInvitationLink(invitation) : invitation;
    return joinSpace(this.#requests, link, request);
  }

  /** Goes on waiting for a join that was begun earlier. */
  resumeJoin(
    invitation: string | InvitationLink,
    participantId: string,
    joinToken: string,
  ): PendingJoin {
    const link = typeof invitation === 'string' ? readInvitationLink(invitation) : invitation;
    return new PendingJoin(this.#requests, link, participantId, new SpaceKey(joinToken), '');
  }

  /** The public directory, page by page. Texts are claims of the owners. */
  async *directory(search?: string): AsyncGenerator<ListedSpace, void, undefined> {
    let cursor: string | undefined;
    for (let hasMore = true; hasMore; ) {
      const path = `/oresundspace/spaces${query({ limit: 100, cursor, q: search })}`;
      const { value } = await this.#requests.ask<DirectoryPage>({ path });
      yield* value.spaces;
      ({ cursor, hasMore } = value);
    }
  }
}

interface DirectoryPage {
  readonly spaces: readonly ListedSpace[];
  readonly cursor: string;
  readonly hasMore: boolean;
}
