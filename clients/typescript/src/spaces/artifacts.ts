import { type Ask, type SpaceKey, type SpaceRequests, type Told, query } from './requests.js';
import type { Artifact, ArtifactLock, ArtifactSummary } from './types.js';

export interface CreateArtifact {
  /** 1..120, unique among the live artifacts of the space. */
  readonly name: string;
  /** At most 1 MiB of UTF-8. */
  readonly content?: string;
  readonly mediaType?: 'text/markdown' | 'text/plain' | 'application/json';
  readonly note?: string;
}

/**
 * A write and what it rests on (section 9.2). With `etag` it is refused by `revision_conflict`
 * (412) when somebody wrote in between; under a lock `fencingToken` is needed.
 */
export interface WriteArtifact {
  readonly content?: string;
  readonly name?: string;
  readonly note?: string;
  readonly etag?: string;
  readonly fencingToken?: number;
}

/** Shared documents of one space (docs/protocol/spaces.md section 9). */
export class Artifacts {
  readonly #requests: SpaceRequests;
  readonly #path: string;
  readonly #key: () => SpaceKey;

  constructor(requests: SpaceRequests, spacePath: string, key: () => SpaceKey) {
    this.#requests = requests;
    this.#path = `${spacePath}/artifacts`;
    this.#key = key;
  }

  async create(artifact: CreateArtifact): Promise<Artifact> {
    return tagged(
      await this.#ask<Artifact>({ method: 'POST', path: '', body: artifact, repeat: 'fresh' }),
    );
  }

  /** All of them, page by page. */
  async *list(): AsyncGenerator<ArtifactSummary, void, undefined> {
    let cursor: string | undefined;
    for (let hasMore = true; hasMore; ) {
      const path = query({ limit: 500, cursor });
      const { value } = await this.#ask<ArtifactPage>({ path });
      yield* value.artifacts;
      ({ cursor, hasMore } = value);
    }
  }

  /** With its content. */
  async get(artifactId: string): Promise<Artifact> {
    return tagged(await this.#ask<Artifact>({ path: one(artifactId) }));
  }

  /** `artifact_locked` (423), `lock_lost` (409) or `revision_conflict` (412). */
  async write(artifactId: string, write: WriteArtifact): Promise<Artifact> {
    const { etag, ...body } = write;
    const headers = ifMatch(etag);
    const path = one(artifactId);
    return tagged(
      await this.#ask<Artifact>({ method: 'PUT', path, body, headers, repeat: 'fresh' }),
    );
  }

  async delete(
    artifactId: string,
    options: Pick<WriteArtifact, 'etag' | 'fencingToken'> = {},
  ): Promise<void> {
    const { etag, fencingToken } = options;
    const headers = ifMatch(etag);
    const body = fencingToken === undefined ? undefined : { fencingToken };
    await this.#ask({ method: 'DELETE', path: one(artifactId), headers, body, repeat: 'fresh' });
  }

  /**
   * A lease of 10..600 s; `waitSeconds` 0..30 for another holder's end. Held: `artifact_locked`.
   */
  async lock(
    artifactId: string,
    lease: { readonly leaseSeconds?: number; readonly waitSeconds?: number } = {},
  ): Promise<ArtifactLock> {
    const { leaseSeconds, waitSeconds } = lease;
    const body = { leaseSeconds, wait: waitSeconds };
    const timeoutMs = 30_000 + (waitSeconds ?? 0) * 1000;
    const ask = {
      method: 'POST',
      path: `${one(artifactId)}/lock`,
      body,
      timeoutMs,
      repeat: 'fresh',
    } as const;
    return (await this.#ask<ArtifactLock>(ask)).value;
  }

  /** `lock_lost` when it is not the live lock any more. */
  async renew(lock: ArtifactLock, leaseSeconds?: number): Promise<ArtifactLock> {
    const body = { fencingToken: lock.fencingToken, leaseSeconds };
    const path = `${one(lock.artifactId)}/lock/renew`;
    return (await this.#ask<ArtifactLock>({ method: 'POST', path, body, repeat: 'fresh' })).value;
  }

  async unlock(lock: Pick<ArtifactLock, 'artifactId' | 'fencingToken'>): Promise<void> {
    const body = { fencingToken: lock.fencingToken };
    const path = `${one(lock.artifactId)}/unlock`;
    await this.#ask({ method: 'POST', path, body, repeat: 'fresh' });
  }

  #ask<T>(ask: Ask): Promise<Told<T>> {
    return this.#requests.ask<T>({ ...ask, path: this.#path + ask.path, key: this.#key() });
  }
}

interface ArtifactPage {
  readonly artifacts: readonly ArtifactSummary[];
  readonly cursor: string;
  readonly hasMore: boolean;
}

function ifMatch(etag: string | undefined): Record<string, string> {
  return etag === undefined ? {} : { 'if-match': etag };
}

function one(artifactId: string): string {
  return `/${encodeURIComponent(artifactId)}`;
}

function tagged(told: Told<Artifact>): Artifact {
  return { ...told.value, etag: told.headers.get('etag') ?? '' };
}
