import { utf8, wipe } from '../base/bytes.js';
import { KronborgError } from '../base/error.js';
import { type Random, systemRandom } from '../base/sources.js';
import { JsonObject } from '../base/json.js';
import { readMembers } from '../base/members.js';
import type { Secret } from '../base/secret.js';
import { ExchangeKey, usableEncPub } from '../crypto/x25519.js';
import { sameAddress } from '../identity/address.js';
import { PREFIX, recoverHexSigner } from '../identity/envelope.js';
import { FrameReader } from './answer.js';
import { responseKey, sealCall } from './seal.js';
import {
  type ChannelKeys,
  type ClientHello,
  type ServerHello,
  channelKeys,
  channelTranscript,
  clientHello,
} from './transcript.js';

/** A sealed call with what opens its answer. */
export interface SealedCall {
  /** Body of `POST /secure/call`. */
  readonly body: string;
  readonly seq: bigint;
  /** Reads the frames of the answer. */
  readonly frames: FrameReader;
  /** To be wiped when the answer has been read. */
  readonly responseKey: Secret;
}

/** A handshake that waits for the server's hello. */
export class ChannelHandshake {
  readonly hello: ClientHello;
  readonly #key: ExchangeKey;

  constructor(
    readonly agentAddress: string,
    random: Random = systemRandom,
  ) {
    this.#key = ExchangeKey.create(random);
    this.hello = clientHello(agentAddress, this.#key.encPub, random(16));
  }

  /**
   * The session, when the hello is signed by the pinned address. Else `channel_hello_invalid`, and
   * there is no session: a caller MUST NOT fall back to plain HTTP.
   */
  accept(answer: JsonObject): ClientSession {
    try {
      return acceptHello(this.hello, this.#key, this.agentAddress, answer);
    } finally {
      this.#key.wipe();
    }
  }
}

function readHello(object: JsonObject): ServerHello | undefined {
  return readMembers(object, (members) => ({
    v: members.integer('v'),
    sid: members.string('sid'),
    encPub: members.string('encPub'),
    expiresAt: members.integer('expiresAt'),
    signature: members.string('signature'),
  }));
}

/** Checks a server hello against the pin (docs/protocol/secure-channel.md section 1). */
export function acceptHello(
  hello: ClientHello,
  key: ExchangeKey,
  pinnedAddress: string,
  answer: JsonObject,
): ClientSession {
  const server = readHello(answer);
  const transcript = server === undefined ? '' : channelTranscript(hello, server);
  const signer = recoverHexSigner(PREFIX.channel, transcript, server?.signature ?? '');
  const isSigned = signer !== undefined && sameAddress(signer, pinnedAddress);
  const theirs = usableEncPub(server?.encPub ?? '');
  const isForm = server?.v === 1 && server.sid !== '';
  const shared = !isForm || !isSigned || theirs === undefined ? undefined : key.sharedWith(theirs);
  if (server === undefined || shared === undefined) {
    throw new KronborgError('channel_hello_invalid', 'The host did not prove the pinned address.');
  }
  return new ClientSession(server.sid, server.expiresAt, channelKeys(shared, transcript));
}

/** The client's end of a session. Every number is used for one call, whatever becomes of it. */
export class ClientSession {
  #seq = 0n;

  constructor(
    readonly sid: string,
    /** Unix seconds. */
    readonly expiresAt: number,
    readonly keys: ChannelKeys,
  ) {}

  /** Seals the JSON text of an inner request under the next number. */
  seal(request: string): SealedCall {
    this.#seq += 1n;
    const seq = this.#seq;
    const plaintext = utf8(request);
    const ct = sealCall(this.keys.c2s, this.sid, seq, plaintext);
    wipe(plaintext);
    const key = responseKey(this.keys.s2c, seq);
    const body = `{"v":1,"sid":${JSON.stringify(this.sid)},"seq":${seq},"ct":"${ct}"}`;
    return { body, seq, frames: new FrameReader(key, this.sid, seq), responseKey: key };
  }

  wipe(): void {
    this.keys.c2s.wipe();
    this.keys.s2c.wipe();
  }
}
