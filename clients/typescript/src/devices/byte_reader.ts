/** Thrown for a structure that is cut short or of another form; never leaves `devices/`. */
export class MalformedEvidence extends Error {}

/** Reads big-endian structures from the front. */
export class ByteReader {
  #at = 0;

  constructor(private readonly bytes: Uint8Array) {}

  take(length: number): Uint8Array {
    const end = this.#at + length;
    if (length < 0 || end > this.bytes.length) throw new MalformedEvidence();
    const part = this.bytes.slice(this.#at, end);
    this.#at = end;
    return part;
  }

  /** Unsigned integer of 1 to 6 bytes. */
  unsigned(length: number): number {
    return this.take(length).reduce((value, byte) => value * 256 + byte, 0);
  }

  get isAtEnd(): boolean {
    return this.#at === this.bytes.length;
  }

  /** Throws when something is left. */
  end(): void {
    if (!this.isAtEnd) throw new MalformedEvidence();
  }
}

/** What `read` makes of the bytes; undefined when they are malformed. */
export function attemptRead<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof MalformedEvidence) return undefined;
    throw error;
  }
}
