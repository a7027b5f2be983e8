import { utf8 } from '../base/bytes.js';
import { cutToBytes } from '../base/text.js';

const INSTANCE_MAX = 63;
const DESCRIPTION_MAX = 200;

/** mDNS instance of a shared agent, at most 63 bytes (docs/protocol/pairing.md section 8). */
export function serviceInstance(name: string, agentId: string): string {
  const tail = `@${agentId.toUpperCase()}`;
  return cutToBytes(name, INSTANCE_MAX - utf8(tail).length) + tail;
}

/** TXT `description`, at most 200 bytes. */
export function serviceDescription(text: string): string {
  return cutToBytes(text, DESCRIPTION_MAX);
}
