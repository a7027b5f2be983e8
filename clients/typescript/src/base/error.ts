/** What an error may carry besides its code. None of it ever holds a secret. */
export interface ErrorFacts {
  /** HTTP status of the answer that was refused; absent for what this side found by itself. */
  readonly status?: number;
  /** The next step to take, in words. */
  readonly hint?: string;
  /** Seconds to wait before the next try. */
  readonly retryAfter?: number;
  /** Further members of the answer (docs/protocol/http.md section 7), as they were sent. */
  readonly details?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/**
 * The only error this package throws on purpose.
 *
 * `code` is stable: a code of the protocol pages when a host sent it or a page names it, otherwise
 * one of the codes listed in the README. `message` may change.
 */
export class KronborgError extends Error {
  override readonly name: string = 'KronborgError';
  readonly code: string;
  readonly status: number | undefined;
  readonly hint: string | undefined;
  readonly retryAfter: number | undefined;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: string, message: string, facts: ErrorFacts = {}) {
    super(message, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.code = code;
    this.status = facts.status;
    this.hint = facts.hint;
    this.retryAfter = facts.retryAfter;
    this.details = facts.details ?? {};
  }
}

/** Whether `error` is a KronborgError with this code. */
export function hasCode(error: unknown, code: string): error is KronborgError {
  return error instanceof KronborgError && error.code === code;
}
