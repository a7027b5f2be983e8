import { fromUtf8 } from './bytes.js';
import { isWellFormed } from './text.js';

/** Depth up to which JSON is read (docs/protocol/http.md section 3). */
const DEPTH_MAX = 32;

/** A number as it was written: 64-bit values never pass through a floating-point type. */
export class JsonNumber {
  constructor(readonly text: string) {}

  /** The value when it is written as `0` or `[1-9][0-9]*` and is at most `max`; else undefined. */
  unsigned(max: bigint): bigint | undefined {
    if (!/^(?:0|[1-9][0-9]{0,19})$/.test(this.text)) return undefined;
    const value = BigInt(this.text);
    return value <= max ? value : undefined;
  }

  /**
   * The value when it is an integer of at most 53 bits, however written (`1.0`); else undefined.
   */
  integer(): number | undefined {
    const value = Number(this.text);
    return Number.isSafeInteger(value) ? value : undefined;
  }
}

/** Members in the order they came; a name occurs once. */
export class JsonObject extends Map<string, JsonValue> {}

export type JsonValue = string | boolean | null | JsonNumber | JsonValue[] | JsonObject;

const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const PLAIN = /[^"\\\u0000-\u001f]*/y;
const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};

class Malformed extends Error {}

class Reader {
  #at = 0;

  constructor(
    private readonly text: string,
    private readonly flat: boolean,
  ) {}

  whole(): JsonValue {
    const value = this.#value(0);
    this.#space();
    if (this.#at !== this.text.length) throw new Malformed();
    return value;
  }

  #value(depth: number): JsonValue {
    this.#space();
    const next = this.text[this.#at];
    if (next === '"') return this.#string();
    if (next === '{') return this.#object(this.#deeper(depth));
    if (next === '[') return this.#array(this.#deeper(depth));
    for (const [word, value] of [
      ['true', true],
      ['false', false],
      ['null', null],
    ] as const) {
      if (this.text.startsWith(word, this.#at)) {
        this.#at += word.length;
        return value;
      }
    }
    return new JsonNumber(this.#match(NUMBER));
  }

  /** Flat JSON has one object, the outermost. */
  #deeper(depth: number): number {
    if (depth >= (this.flat ? 1 : DEPTH_MAX)) throw new Malformed();
    return depth + 1;
  }

  #object(depth: number): JsonObject {
    const members = new JsonObject();
    this.#take('{');
    this.#space();
    if (this.#tries('}')) return members;
    do {
      this.#space();
      const name = this.#string();
      if (members.has(name)) throw new Malformed();
      this.#space();
      this.#take(':');
      members.set(name, this.#value(depth));
      this.#space();
    } while (this.#tries(','));
    this.#take('}');
    return members;
  }

  #array(depth: number): JsonValue[] {
    const items: JsonValue[] = [];
    this.#take('[');
    this.#space();
    if (this.#tries(']')) return items;
    do {
      items.push(this.#value(depth));
      this.#space();
    } while (this.#tries(','));
    this.#take(']');
    return items;
  }

  #string(): string {
    this.#take('"');
    let value = this.#match(PLAIN);
    while (this.#tries('\\')) {
      const escape = this.text[this.#at] ?? '';
      this.#at += 1;
      value += escape === 'u' ? this.#unit() : this.#escaped(escape);
      value += this.#match(PLAIN);
    }
    this.#take('"');
    if (!isWellFormed(value)) throw new Malformed();
    return value;
  }

  #escaped(letter: string): string {
    const value = Object.hasOwn(ESCAPES, letter) ? ESCAPES[letter] : undefined;
    if (value === undefined) throw new Malformed();
    return value;
  }

  #unit(): string {
    const digits = this.text.slice(this.#at, this.#at + 4);
    if (!/^[0-9a-fA-F]{4}$/.test(digits)) throw new Malformed();
    this.#at += 4;
    return String.fromCharCode(Number.parseInt(digits, 16));
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.text);
    if (found === null) throw new Malformed();
    this.#at += found[0].length;
    return found[0];
  }

  #space(): void {
    while (' \t\n\r'.includes(this.text[this.#at] ?? '.')) this.#at += 1;
  }

  #take(sign: string): void {
    if (!this.#tries(sign)) throw new Malformed();
  }

  #tries(sign: string): boolean {
    if (this.text[this.#at] !== sign) return false;
    this.#at += 1;
    return true;
  }
}

function parse(bytes: Uint8Array, flat: boolean): JsonObject | undefined {
  const text = fromUtf8(bytes);
  if (text === undefined) return undefined;
  try {
    const value = new Reader(text, flat).whole();
    return value instanceof JsonObject ? value : undefined;
  } catch (error) {
    if (error instanceof Malformed) return undefined;
    throw error;
  }
}

/** One JSON object without repeated names at any depth (docs/protocol/http.md section 5). */
export function parseObject(bytes: Uint8Array): JsonObject | undefined {
  return parse(bytes, false);
}

/** Flat JSON of tokens (docs/protocol/identity.md section 1): no object or array inside. */
export function parseFlat(bytes: Uint8Array): JsonObject | undefined {
  return parse(bytes, true);
}
