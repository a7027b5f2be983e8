import { JsonNumber, JsonObject, type JsonValue } from './json.js';

export const U32_MAX = 0xffff_ffffn;
export const U53_MAX = 0x1f_ffff_ffff_ffffn;
export const U64_MAX = 0xffff_ffff_ffff_ffffn;

/** Thrown by `Members` for a member that is missing or has another type; never leaves a module. */
export class WrongMember extends Error {}

/**
 * Typed reading of one JSON object. The `optional` forms take an absent member and `null` as one.
 */
export class Members {
  constructor(readonly object: JsonObject) {}

  string(name: string): string {
    return required(this.optionalString(name));
  }

  optionalString(name: string): string | undefined {
    const value = this.#optional(name);
    if (value !== undefined && typeof value !== 'string') throw new WrongMember(name);
    return value;
  }

  /** An integer written plainly, 0..max. */
  unsigned(name: string, max: bigint): bigint {
    return required(this.optionalUnsigned(name, max));
  }

  optionalUnsigned(name: string, max: bigint): bigint | undefined {
    const value = this.#optional(name);
    if (value === undefined) return undefined;
    return required(value instanceof JsonNumber ? value.unsigned(max) : undefined);
  }

  /** An integer of 53 bits, `1.0` included (docs/protocol/http.md section 5). */
  integer(name: string): number {
    const value = this.#optional(name);
    return required(value instanceof JsonNumber ? value.integer() : undefined);
  }

  nested(name: string): JsonObject {
    const value = this.#optional(name);
    return required(value instanceof JsonObject ? value : undefined);
  }

  #optional(name: string): JsonValue | undefined {
    return this.object.get(name) ?? undefined;
  }
}

function required<T>(value: T | undefined): T {
  if (value === undefined) throw new WrongMember();
  return value;
}

/**
 * What `read` makes of the members of `object`; undefined when a member is wrong or there is none.
 */
export function readMembers<T>(
  object: JsonObject | undefined,
  read: (members: Members) => T,
): T | undefined {
  if (object === undefined) return undefined;
  try {
    return read(new Members(object));
  } catch (error) {
    if (error instanceof WrongMember) return undefined;
    throw error;
  }
}
