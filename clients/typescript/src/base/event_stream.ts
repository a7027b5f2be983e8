/** One event of `text/event-stream`. */
export interface ServerEvent {
  /** `message` where the stream names none. */
  readonly event: string;
  readonly data: string;
  /** The id of this event; undefined where it has none. */
  readonly id?: string | undefined;
  /** Milliseconds to wait before connecting again, when the block said so. */
  readonly retry?: number | undefined;
}

const EVENT_MAX = 16 * 1_048_576;

/**
 * Cuts bytes into events, as the HTML standard's section on server-sent events reads them. Comments
 * are passed over; an event that is cut off by the end of the stream is not given.
 */
export class EventStreamReader {
  readonly #decoder = new TextDecoder('utf-8');
  #rest = '';

  /** The events that these bytes complete. Throws RangeError for an event above 16 MiB. */
  push(bytes: Uint8Array): ServerEvent[] {
    this.#rest += this.#decoder.decode(bytes, { stream: true });
    const events: ServerEvent[] = [];
    for (let end = blockEnd(this.#rest); end !== undefined; end = blockEnd(this.#rest)) {
      const event = parseBlock(this.#rest.slice(0, end.at));
      this.#rest = this.#rest.slice(end.at + end.size);
      if (event !== undefined) events.push(event);
    }
    if (this.#rest.length > EVENT_MAX) throw new RangeError('an event is larger than 16 MiB');
    return events;
  }
}

function blockEnd(text: string): { at: number; size: number } | undefined {
  const found = /\r\n\r\n|\n\n|\r\r(?!\n)/.exec(text);
  return found === null ? undefined : { at: found.index, size: found[0].length };
}

function parseBlock(block: string): ServerEvent | undefined {
  const data: string[] = [];
  let event = 'message';
  let id: string | undefined;
  let retry: number | undefined;
  for (const line of block.split(/\r\n|\n|\r/)) {
    const colon = line.indexOf(':');
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (name === 'data') data.push(value);
    else if (name === 'event') event = value;
    else if (name === 'id' && !value.includes('\0')) id = value;
    else if (name === 'retry' && /^[0-9]+$/.test(value)) retry = Number(value);
  }
  if (data.length === 0 && retry === undefined) return undefined;
  return { event, data: data.join('\n'), id, retry };
}
