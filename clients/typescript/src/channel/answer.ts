import { wipe } from '../base/bytes.js';
import { KronborgError } from '../base/error.js';
import { parseObject } from '../base/json.js';
import { readMembers } from '../base/members.js';
import { fromBase64Url } from '../base/base64url.js';
import type { Secret } from '../base/secret.js';
import { openFrame } from './seal.js';

const FRAMES_MAX = BigInt(Number.MAX_SAFE_INTEGER);

/** A whole answer, out of its one frame. */
export interface WholeReply {
  readonly status: number;
  readonly contentType?: string | undefined;
  readonly body: Uint8Array;
}

function invalid(): KronborgError {
  return new KronborgError('channel_frame_invalid', 'A frame of the answer does not verify.');
}

/**
 * Opens the frames of one answer in order, from 0 (docs/protocol/secure-channel.md section 3). The
 * first one that does not fit ends it: `channel_frame_invalid`, and no later frame is opened.
 */
export class FrameReader {
  #next = 0;
  #isDone = false;
  #isBroken = false;

  constructor(
    private readonly key: Secret,
    private readonly sid: string,
    private readonly seq: bigint,
  ) {}

  /** Whether the frame with `fin` has been read: without it the answer was cut. */
  get isComplete(): boolean {
    return this.#isDone;
  }

  /** Plaintext of the next frame, from its JSON. */
  read(json: Uint8Array): Uint8Array {
    const frame = readMembers(parseObject(json), (members) => ({
      number: Number(members.unsigned('seq', FRAMES_MAX)),
      ct: members.string('ct'),
      fin: members.object.get('fin'),
    }));
    const isFin = frame?.fin === true;
    const isForm = isFin || frame?.fin === undefined;
    const plaintext =
      this.#isDone || this.#isBroken || !isForm || frame?.number !== this.#next
        ? undefined
        : openFrame(
            this.key,
            { sid: this.sid, seq: this.seq, number: this.#next, fin: isFin },
            frame.ct,
          );
    if (plaintext === undefined) {
      this.#isBroken = true;
      throw invalid();
    }
    this.#next += 1;
    this.#isDone = isFin;
    return plaintext;
  }

  /** Throws `channel_truncated` unless the last frame was seen. */
  end(): void {
    if (!this.#isDone) {
      throw new KronborgError('channel_truncated', 'The answer was cut off before its end.');
    }
  }
}

/** The inner answer of a whole one; `channel_frame_invalid` when it is none. */
export function readWholeReply(reader: FrameReader, json: Uint8Array): WholeReply {
  const plaintext = reader.read(json);
  reader.end();
  const reply = readMembers(parseObject(plaintext), (members) => ({
    status: members.integer('status'),
    contentType: members.optionalString('contentType'),
    body: fromBase64Url(members.optionalString('body') ?? ''),
  }));
  wipe(plaintext);
  if (reply?.body === undefined || reply.status < 200 || reply.status > 599) throw invalid();
  return { status: reply.status, contentType: reply.contentType, body: reply.body };
}
