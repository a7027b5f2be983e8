import { argon2idAsync } from '@noble/hashes/argon2';

/** Cost of a key derivation, as sealed files write it. */
export interface StretchCost {
  /** Passes, 1..16. */
  readonly opslimit: number;
  /** Bytes of memory, at most 1 GiB. */
  readonly memlimit: number;
}

/**
 * Argon2id version 1.3, one lane, 32 bytes out (RFC 9106). A native one may be put in place of
 * `argon2id`, which is plain JavaScript and takes many seconds at the cost that sealed files use.
 */
export type Stretch = (
  password: Uint8Array,
  salt: Uint8Array,
  cost: StretchCost,
) => Uint8Array | Promise<Uint8Array>;

export const argon2id: Stretch = (password, salt, cost) => {
  return argon2idAsync(password, salt, {
    t: cost.opslimit,
    m: Math.floor(cost.memlimit / 1024),
    p: 1,
    version: 0x13,
    dkLen: 32,
    asyncTick: 50,
  });
};
