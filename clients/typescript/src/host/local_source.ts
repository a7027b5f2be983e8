/**
 * Whether an address is loopback, private (RFC 1918, RFC 6598, ULA) or link-local
 * (docs/protocol/pairing.md section 5).
 */
export function isLocalSource(source: string): boolean {
  const address = source.split('%')[0]!.toLowerCase();
  const mapped = /^::ffff:([0-9.]+)$/.exec(address)?.[1];
  if (mapped !== undefined || !address.includes(':')) return isLocalV4(mapped ?? address);
  if (address === '::1') return true;
  const first = Number.parseInt(address.split(':')[0] || '0', 16);
  return (first & 0xfe00) === 0xfc00 || (first & 0xffc0) === 0xfe80;
}

function isLocalV4(text: string): boolean {
  const parts = text.split('.').map(Number);
  const isAddress = parts.length === 4 && parts.every((part) => part >= 0 && part <= 255);
  if (!isAddress) return false;
  const [a, b] = parts as [number, number];
  const isPrivate = a === 10 || (a === 172 && b >= 16 && b <= 31) || (a === 192 && b === 168);
  const isShared = a === 100 && b >= 64 && b <= 127;
  return a === 127 || isPrivate || isShared || (a === 169 && b === 254);
}
