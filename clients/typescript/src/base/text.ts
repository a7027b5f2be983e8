/**
 * White space of docs/protocol/identity.md section 1. JavaScript's own class differs in two places.
 */
export const WHITE_SPACE =
  '\\u0009-\\u000d\\u0020\\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000';

const RUN = new RegExp(`[${WHITE_SPACE}]+`, 'g');
const LONE_SURROGATE = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;

/** ASCII letters A-Z turned into a-z, nothing else. */
export function lower(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

/** Each run of white space as one space, none at the ends. */
export function collapseSpace(text: string): string {
  return text.replace(RUN, ' ').replace(/^ | $/g, '');
}

/** The words between white space. */
export function wordsOf(text: string): string[] {
  return text.split(RUN).filter((word) => word !== '');
}

export function withoutSpace(text: string): string {
  return text.replace(RUN, '');
}

/** Number of Unicode scalar values. */
export function scalarCount(text: string): number {
  return [...text].length;
}

/** Whether every surrogate has its partner, so that the text has a UTF-8 form. */
export function isWellFormed(text: string): boolean {
  return !LONE_SURROGATE.test(text);
}

/** The longest beginning of at most `limit` bytes of UTF-8 that ends between characters. */
export function cutToBytes(text: string, limit: number): string {
  let size = 0;
  let kept = '';
  for (const character of text) {
    const code = character.codePointAt(0)!;
    size += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    if (size > limit) break;
    kept += character;
  }
  return kept;
}
