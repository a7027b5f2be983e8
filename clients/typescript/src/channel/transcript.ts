import { fromBase64Url, toBase64Url } from '../base/base64url.js';
import { utf8, wipe } from '../base/bytes.js';
import { Secret } from '../base/secret.js';
import { lower } from '../base/text.js';
import { hkdfSha256, sha256 } from '../crypto/hash.js';

export interface ClientHello {
  readonly v: number;
  /** Lower. */
  readonly agentAddress: string;
  readonly encPub: string;
  /** base64url of 16..64 random bytes. */
  readonly nonce: string;
}

export interface ServerHello {
  readonly v: number;
  /** base64url of 16 random bytes. */
  readonly sid: string;
  readonly encPub: string;
  /** Unix seconds. */
  readonly expiresAt: number;
  /** `0x` and 130 hex digits over the transcript. */
  readonly signature: string;
}

/** Keys of one session. Wiped at its end. */
export interface ChannelKeys {
  readonly c2s: Secret;
  readonly s2c: Secret;
}

const NONCE_MIN = 16;
const NONCE_MAX = 64;

/** Whether the text is a nonce that a host takes. */
export function isChannelNonce(text: string): boolean {
  const size = fromBase64Url(text)?.length ?? 0;
  return size >= NONCE_MIN && size <= NONCE_MAX;
}

/** A client hello for a pinned address. `nonce` has 16 bytes. */
export function clientHello(agentAddress: string, encPub: string, nonce: Uint8Array): ClientHello {
  return { v: 1, agentAddress: lower(agentAddress), encPub, nonce: toBase64Url(nonce) };
}

/** The line that the host signs (docs/protocol/secure-channel.md section 1). */
export function channelTranscript(
  client: ClientHello,
  server: Omit<ServerHello, 'v' | 'signature'>,
): string {
  return [
    'osaurus-sc1|v=1',
    `aA=${lower(client.agentAddress)}`,
    `eC=${client.encPub}`,
    `nC=${client.nonce}`,
    `sid=${server.sid}`,
    `eS=${server.encPub}`,
    `exp=${server.expiresAt}`,
  ].join('|');
}

/** Session keys from the X25519 result, which is wiped. */
export function channelKeys(shared: Uint8Array, transcript: string): ChannelKeys {
  const salt = sha256(utf8(transcript));
  const c2s = Secret.take(hkdfSha256(shared, salt, 'osaurus-sc1:c2s', 32));
  const s2c = Secret.take(hkdfSha256(shared, salt, 'osaurus-sc1:s2c', 32));
  wipe(shared);
  return { c2s, s2c };
}
