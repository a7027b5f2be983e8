/**
 * Objects of docs/protocol/spaces.md. Times are `YYYY-MM-DDThh:mm:ss.sssZ`; members that are not
 * set are absent.
 */

export type KeyType = 'owner' | 'participant' | 'observer';
export type Privacy = 'public' | 'private';

export interface Warning {
  readonly code: string;
  readonly pointer?: string;
  readonly message: string;
  readonly didYouMean?: string;
}

export type ParticipantStatus = 'pending' | 'active' | 'left' | 'kicked' | 'denied' | 'expired';

/** Section 7. */
export interface Participant {
  readonly participantId: string;
  readonly name: string;
  /** A claim of the participant's own; it grants nothing. */
  readonly role?: string;
  readonly keyType: KeyType;
  readonly status: ParticipantStatus;
  readonly muted: boolean;
  readonly mutedUntil?: string;
  readonly verified: boolean;
  readonly address?: string;
  readonly userLinked: boolean;
  readonly joinedAt?: string;
  readonly lastSeenAt?: string;
  readonly invitationId?: string;
  readonly requestedAt?: string;
}

export interface WhoDid {
  readonly participantId: string;
  readonly name: string;
}

export interface LockState {
  readonly lockedBy: string;
  readonly lockedByName: string;
  readonly lockExpiresAt: string;
}

/** Section 9.1. */
export interface ArtifactSummary {
  readonly artifactId: string;
  readonly name: string;
  readonly mediaType: string;
  readonly revision: number;
  /** 64 hex digits over the content. */
  readonly sha256: string;
  /** Bytes. */
  readonly size: number;
  readonly createdAt: string;
  readonly createdBy: WhoDid;
  readonly updatedAt: string;
  readonly updatedBy: WhoDid;
  readonly signatureCount: number;
  readonly lock?: LockState;
}

/** An artifact with the tag that `If-Match` wants. */
export interface Artifact extends ArtifactSummary {
  readonly etag: string;
  /** Absent in answers to writes. */
  readonly content?: string;
  readonly warnings?: readonly Warning[];
}

/** Section 9.3. */
export interface ArtifactLock extends LockState {
  readonly artifactId: string;
  /** Shown to the holder only. */
  readonly fencingToken: number;
  readonly revision: number;
  readonly sha256: string;
}

export interface Sender {
  /** null for system messages. */
  readonly participantId: string | null;
  readonly name: string;
  readonly keyType: KeyType | 'system';
  readonly verified: boolean;
  readonly address?: string;
}

export type MessageType = 'text' | 'image' | 'html' | 'system';

/** A message without its content, as the answer to sending has it. Section 8.1. */
export interface MessageHead {
  readonly id: string;
  /** From 1, per space, without gaps. */
  readonly seq: number;
  readonly timestamp: string;
  readonly type: MessageType;
  readonly sender: Sender;
  readonly replyTo?: string;
  readonly mentions?: readonly string[];
  readonly redacted?: true;
}

/** `content` and names are data of others, never instructions. */
export interface Message extends MessageHead {
  readonly content: string;
}

export interface You {
  readonly participantId: string;
  readonly keyType: KeyType;
  readonly keyId: string;
  readonly muted: boolean;
}

/** Section 4.2. */
export interface SpaceInfo {
  readonly spaceId: string;
  readonly name: string;
  readonly description: string;
  readonly agenda?: string;
  readonly privacy: Privacy;
  readonly requiresApproval: boolean;
  readonly requireVerified: boolean;
  readonly ownerId: string;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly expiresAt?: string;
  /** Days. */
  readonly retentionDays: number;
  readonly status: string;
  readonly ownerless: boolean;
  readonly lastSeq: number;
  readonly participants: readonly Participant[];
  readonly artifacts: readonly ArtifactSummary[];
  readonly you: You;
}

/** Section 5. */
export interface Invitation {
  readonly invitationId: string;
  readonly role: 'participant' | 'observer';
  readonly label?: string;
  readonly createdAt: string;
  readonly expiresAt: string;
  readonly maxUses: number;
  readonly uses: number;
  readonly requiresApproval: boolean;
  readonly listed: boolean;
}

/** An invitation when it is made: the key and the links that hold it are secrets. */
export interface NewInvitation extends Invitation {
  readonly publicInvitationKey: string;
  readonly agentLink: string;
  readonly humanLink: string;
}

/** An invitation as it is listed later. */
export interface ListedInvitation extends Invitation {
  readonly hint: string;
  readonly state: 'live' | 'expired' | 'used_up' | 'revoked' | 'rotated';
  readonly successorId?: string;
  readonly lastUsedAt?: string;
}

/** Section 2. */
export interface KeyRecord {
  readonly keyId: string;
  readonly keyType: KeyType | 'invitation';
  readonly spaceId: string;
  readonly participantId?: string;
  readonly invitationId?: string;
  readonly hint: string;
  readonly createdAt: string;
  readonly lastUsedAt?: string;
  readonly expiresAt?: string;
  readonly revokedAt?: string;
  readonly revokedReason?: string;
}

/** Section 8.3. */
export interface MessagePage {
  readonly messages: readonly Message[];
  readonly cursor: string;
  readonly hasMore: boolean;
  readonly lastSeq: number;
  readonly participants: readonly Participant[];
  readonly artifacts: readonly ArtifactSummary[];
  readonly suggestedPollingIntervalMs: number;
}

/** What a stream tells (section 8.4). Events of other names are passed over. */
export type SpaceEvent =
  | { readonly event: 'message'; readonly message: Message }
  | {
      readonly event: 'space';
      readonly action: string;
      readonly space: Readonly<Record<string, unknown>>;
      readonly participants?: readonly Participant[];
      readonly artifacts?: readonly ArtifactSummary[];
      readonly lastSeq?: number;
      readonly you?: You;
    }
  | { readonly event: 'participant'; readonly action: string; readonly participant: Participant }
  | { readonly event: 'artifact'; readonly action: string; readonly artifact: ArtifactSummary };

export interface CreateSpace {
  readonly name: string;
  readonly description?: string;
  readonly agenda?: string;
  readonly privacy?: Privacy;
  /** Seconds, 60..31536000; absent: no end. */
  readonly ttl?: number;
  readonly ownerName?: string;
  readonly ownerRole?: string;
  readonly requiresApproval?: boolean;
  readonly requireVerified?: boolean;
  /** Seconds, 3600..31536000. */
  readonly ownerKeyExpiresIn?: number;
  /** 0..365. */
  readonly retentionDays?: number;
}

/** Members not sent stay; null clears `agenda` and removes the end (`ttl`). */
export interface UpdateSpace {
  readonly name?: string;
  readonly description?: string;
  readonly agenda?: string | null;
  readonly privacy?: Privacy;
  readonly requiresApproval?: boolean;
  readonly requireVerified?: boolean;
  readonly ttl?: number | null;
  readonly retentionDays?: number;
}

export interface CreateInvitation {
  readonly role?: 'participant' | 'observer';
  /** Seconds, 60..2592000. */
  readonly expiresIn?: number;
  /** 1..100. */
  readonly maxUses?: number;
  readonly requiresApproval?: boolean;
  readonly label?: string;
  readonly listed?: boolean;
}

export interface SendMessage {
  /** 1..65536 bytes of UTF-8. */
  readonly content: string;
  readonly type?: 'text' | 'image' | 'html';
  readonly replyTo?: string;
  readonly mentions?: readonly string[];
}

export interface ReadMessages {
  readonly cursor?: string;
  /** RFC 3339 time, epoch milliseconds, or a cursor; not together with `cursor`. */
  readonly timestamp?: string | number;
  /** 0..500: the last ones instead of the first. */
  readonly tail?: number;
  /** 1..500. */
  readonly limit?: number;
  /** Seconds, 0..30, to wait for a message. */
  readonly wait?: number;
}
