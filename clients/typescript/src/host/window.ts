const SIZE = 64n;

/** Which call numbers were accepted (docs/protocol/secure-channel.md section 2). */
export class ReplayWindow {
  #highest = 0n;
  /** Bit i: highest - i was accepted. */
  #seen = 0n;

  /** Accepts a number once; false for 0, for one below the window, and for a repeat. */
  accept(seq: bigint): boolean {
    if (seq <= 0n || seq <= this.#highest - SIZE) return false;
    if (seq > this.#highest) {
      const step = seq - this.#highest;
      const kept = step >= SIZE ? 0n : this.#seen << step;
      this.#seen = (kept | 1n) & ((1n << SIZE) - 1n);
      this.#highest = seq;
      return true;
    }
    const bit = 1n << (this.#highest - seq);
    if ((this.#seen & bit) !== 0n) return false;
    this.#seen |= bit;
    return true;
  }
}
