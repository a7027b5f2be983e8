import { Artifacts } from './artifacts.js';
import { type Ask, SpaceKey, type SpaceRequests, query } from './requests.js';
import type {
  CreateInvitation,
  KeyRecord,
  KeyType,
  ListedInvitation,
  Message,
  MessageHead,
  MessagePage,
  NewInvitation,
  Participant,
  ReadMessages,
  SendMessage,
  SpaceEvent,
  SpaceInfo,
  UpdateSpace,
  Warning,
} from './types.js';
import { type WatchOptions, watchSpace } from './watch.js';

/** Ends of a kick (docs/protocol/spaces.md section 7). */
export interface KickOptions {
  readonly reason?: string;
  readonly rotateInvitations?: boolean | 'all';
  readonly block?: boolean;
}

export interface RotatedKey {
  readonly keyId: string;
  readonly keyType: KeyType;
  readonly keyExpiresAt?: string;
  readonly previousKeyId: string;
  readonly previousKeyValidUntil: string;
}

interface RotateAnswer extends RotatedKey {
  readonly ownerPrivateKey?: string;
  readonly participantPrivateKey?: string;
}

/** One space through one key. What the key may not do is refused by the host: `role_forbidden`. */
export class Space {
  readonly spaceId: string;
  readonly participantId: string;
  readonly artifacts: Artifacts;
  readonly #requests: SpaceRequests;
  readonly #path: string;
  #key: SpaceKey;

  constructor(requests: SpaceRequests, spaceId: string, participantId: string, key: SpaceKey) {
    this.spaceId = spaceId;
    this.participantId = participantId;
    this.#requests = requests;
    this.#path = `/oresundspace/space/${encodeURIComponent(spaceId)}`;
    this.#key = key;
    this.artifacts = new Artifacts(requests, this.#path, () => this.#key);
  }

  /** The key in use, which `rotateKey` replaces. */
  get key(): SpaceKey {
    return this.#key;
  }

  info(): Promise<SpaceInfo> {
    return this.#value<SpaceInfo>({ path: '' });
  }

  update(changes: UpdateSpace): Promise<SpaceInfo> {
    return this.#value<SpaceInfo>({ method: 'PUT', path: '', body: changes, repeat: 'fresh' });
  }

  /** Ends the space: every key of it dies with this answer. */
  async close(
    options: { readonly reason?: string; readonly retentionDays?: number } = {},
  ): Promise<void> {
    await this.#value({ method: 'DELETE', path: '', body: options, repeat: 'fresh' });
  }

  // Invitations (section 5).

  invite(invitation: CreateInvitation = {}): Promise<NewInvitation> {
    return this.#post<NewInvitation>('/invite', invitation);
  }

  async invitations(): Promise<readonly ListedInvitation[]> {
    const { invitations } = await this.#value<{
      readonly invitations: readonly ListedInvitation[];
    }>({
      path: '/invitations',
    });
    return invitations;
  }

  revokeInvitation(invitationId: string, cancelPending = false): Promise<ListedInvitation> {
    const path = `/invitations/${encodeURIComponent(invitationId)}`;
    return this.#value({ method: 'DELETE', path, body: { cancelPending }, repeat: 'fresh' });
  }

  /** Ends an invitation and makes another with the same settings and remaining uses. */
  rotateInvitation(invitationId: string): Promise<NewInvitation> {
    return this.#post<NewInvitation>(`/invitations/${encodeURIComponent(invitationId)}/rotate`);
  }

  // Participants (section 7).

  async participants(status?: Participant['status']): Promise<readonly Participant[]> {
    const { participants } = await this.#value<{ readonly participants: readonly Participant[] }>({
      path: `/participants${query({ status })}`,
    });
    return participants;
  }

  approve(participantId: string): Promise<Participant> {
    return this.#post<Participant>(participant(participantId, 'approve'));
  }

  deny(participantId: string, reason?: string): Promise<Participant> {
    return this.#post<Participant>(participant(participantId, 'deny'), { reason });
  }

  kick(participantId: string, options: KickOptions = {}): Promise<Participant> {
    return this.#post<Participant>(participant(participantId, 'kick'), options);
  }

  mute(participantId: string, durationSeconds?: number): Promise<Participant> {
    return this.#post<Participant>(participant(participantId, 'mute'), { durationSeconds });
  }

  unmute(participantId: string): Promise<Participant> {
    return this.#post<Participant>(participant(participantId, 'unmute'));
  }

  /** Ends this key's participation. */
  async leave(reason?: string): Promise<void> {
    await this.#post('/leave', { reason });
  }

  // Messages (section 8).

  send(
    message: SendMessage | string,
  ): Promise<MessageHead & { readonly warnings?: readonly Warning[] }> {
    return this.#post('/messages', typeof message === 'string' ? { content: message } : message);
  }

  /** One page. Without a position it begins with the first message. */
  read(from: ReadMessages = {}): Promise<MessagePage> {
    const timeoutMs = 30_000 + (from.wait ?? 0) * 1000;
    return this.#value<MessagePage>({ path: `/messages${query({ ...from })}`, timeoutMs });
  }

  /** Every message after the position, page by page. */
  async *messages(
    from: Omit<ReadMessages, 'wait' | 'tail'> = {},
  ): AsyncGenerator<Message, void, undefined> {
    let page = await this.read(from);
    yield* page.messages;
    while (page.hasMore) {
      page = await this.read({ cursor: page.cursor, ...(from.limit ? { limit: from.limit } : {}) });
      yield* page.messages;
    }
  }

  /** Follows the space; see `watchSpace`. */
  watch(options: WatchOptions = {}): AsyncGenerator<SpaceEvent, void, undefined> {
    return watchSpace(this.#requests, `${this.#path}/messages/stream`, this.#key, options);
  }

  redact(messageId: string): Promise<Message> {
    const path = `/messages/${encodeURIComponent(messageId)}`;
    return this.#value<Message>({ method: 'DELETE', path, repeat: 'fresh' });
  }

  // Keys (section 11).

  async keys(): Promise<readonly KeyRecord[]> {
    const { keys } = await this.#value<{ readonly keys: readonly KeyRecord[] }>({ path: '/keys' });
    return keys;
  }

  /**
   * Puts a new key in place of the one in use; the old one ends after `graceSeconds`, default 0.
   */
  async rotateKey(
    options: { readonly graceSeconds?: number; readonly expiresIn?: number } = {},
  ): Promise<RotatedKey> {
    const answer = await this.#post<RotateAnswer>('/keys/rotate', options);
    const { ownerPrivateKey, participantPrivateKey, ...rotated } = answer;
    this.#key = new SpaceKey(ownerPrivateKey ?? participantPrivateKey ?? '');
    return rotated;
  }

  /** Ends a key: one's own, or any of the space for the owner (`force` for its own last one). */
  revokeKey(keyId: string, force = false): Promise<KeyRecord> {
    const path = `/keys/${encodeURIComponent(keyId)}${query({ force: force || undefined })}`;
    return this.#value<KeyRecord>({ method: 'DELETE', path, repeat: 'fresh' });
  }

  #post<T>(path: string, body: unknown = undefined): Promise<T> {
    return this.#value<T>({ method: 'POST', path, body, repeat: 'fresh' });
  }

  async #value<T>(ask: Ask): Promise<T> {
    const told = await this.#requests.ask<T>({
      ...ask,
      path: this.#path + ask.path,
      key: this.#key,
    });
    return told.value;
  }
}

function participant(participantId: string, action: string): string {
  return `/participants/${encodeURIComponent(participantId)}/${action}`;
}
