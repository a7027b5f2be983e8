import { KronborgError } from './error.js';
import { wipe } from './bytes.js';

/**
 * Bytes that must not be shown. Nothing prints them, `use` lends them, `wipe` ends them.
 *
 * JavaScript may have moved a buffer before it was wiped; what was put into a string stays until it
 * is collected. Texts that must be sent, such as access keys, are therefore plain strings.
 */
export class Secret {
  #bytes: Uint8Array | undefined;

  private constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Takes the buffer itself: the caller does not use it any more. */
  static take(bytes: Uint8Array): Secret {
    return new Secret(bytes);
  }

  static copyOf(bytes: Uint8Array): Secret {
    return new Secret(Uint8Array.from(bytes));
  }

  /** Lends the bytes to `task`, which does not keep them. `secret_wiped` after `wipe`. */
  use<T>(task: (bytes: Uint8Array) => T): T {
    if (this.#bytes === undefined) {
      throw new KronborgError('secret_wiped', 'This secret has been wiped.');
    }
    return task(this.#bytes);
  }

  get isWiped(): boolean {
    return this.#bytes === undefined;
  }

  wipe(): void {
    wipe(this.#bytes);
    this.#bytes = undefined;
  }

  toString(): string {
    return '[secret]';
  }

  toJSON(): string {
    return '[secret]';
  }
}
