/** Lower-case hex without a prefix. */
export function toHex(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += byte.toString(16).padStart(2, '0');
  return text;
}

function bytesOf(digits: string): Uint8Array {
  const bytes = new Uint8Array(digits.length / 2);
  for (let i = 0; i < bytes.length; i += 1) {
    bytes[i] = Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16);
  }
  return bytes;
}

/**
 * Strict hex of tokens: lower case, no `0x` (docs/protocol/identity.md section 1); else undefined.
 */
export function fromStrictHex(text: string): Uint8Array | undefined {
  return /^(?:[0-9a-f]{2})*$/.test(text) ? bytesOf(text) : undefined;
}

/** Hex elsewhere: either case, one optional leading `0x`; else undefined. */
export function fromHex(text: string): Uint8Array | undefined {
  const digits = text.startsWith('0x') ? text.slice(2) : text;
  return /^(?:[0-9a-fA-F]{2})*$/.test(digits) ? bytesOf(digits) : undefined;
}
