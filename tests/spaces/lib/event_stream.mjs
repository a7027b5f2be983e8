// A reader of `GET <space>/messages/stream`.

/** One block of the stream: an event, or the `retry:` and comments that stand alone. */
function parse(block) {
  const event = { raw: block, names: [] };
  for (const line of block.split('\n')) {
    if (line.startsWith(':')) {
      event.comment = line.slice(1).trim();
      continue;
    }
    const colon = line.indexOf(':');
    const name = line.slice(0, colon);
    if (name in event) throw new Error(`two ${name} lines in one event: ${block}`);
    event.names.push(name);
    event[name] = line.slice(colon + 1).replace(/^ /, '');
  }
  if (event.data !== undefined) event.json = JSON.parse(event.data);
  return event;
}

export class EventStream {
  /** Opens the stream; `answer` has the head, and the body when it is a refusal. */
  static async open(host, path, options = {}) {
    const stream = new EventStream();
    stream.connection = await host.connect();
    const { fields = {}, ...more } = options;
    const accept = { Accept: 'text/event-stream', ...fields };
    stream.connection.write(host.bytes('GET', path, { ...more, fields: accept }));
    return stream.begin();
  }

  /** Over a connection on which the request has been written. */
  static over(connection) {
    const stream = new EventStream();
    stream.connection = connection;
    return stream.begin();
  }

  events = []; // all of them, without comments
  heartbeats = []; // when each came, on the clock of performance.now()
  endedAt = undefined;
  clean = false; // the body was ended as chunked coding wants it
  #taken = 0;
  #wakes = new Set();

  async begin() {
    this.answer = await this.connection.head();
    this.isOpen = this.answer.status === 200;
    if (this.isOpen) {
      this.finished = this.#pump();
    } else {
      await this.connection.readBody(this.answer, 'GET');
      this.connection.close();
    }
    return this;
  }

  async #pump() {
    const decoder = new TextDecoder();
    let text = '';
    for (;;) {
      const part = await this.connection.chunk(120_000).catch(() => undefined);
      if (part === undefined || part.length === 0) {
        this.clean = part !== undefined;
        break;
      }
      text += decoder.decode(part, { stream: true });
      for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
        this.#take(parse(text.slice(0, end)));
        text = text.slice(end + 2);
      }
    }
    this.endedAt = performance.now();
    this.connection.close();
    this.#wake();
  }

  #take(event) {
    event.at = performance.now();
    if (event.names.length === 0) this.heartbeats.push(event.at);
    else this.events.push(event);
    this.#wake();
  }

  #wake() {
    for (const wake of [...this.#wakes]) wake();
  }

  /** Waits until `found()` gives something; its value. Throws when the stream ends before. */
  async #when(found, what, within) {
    const deadline = Date.now() + within;
    for (;;) {
      const value = found();
      if (value !== undefined) return value;
      const left = deadline - Date.now();
      if (this.endedAt !== undefined) throw new Error(`the stream ended before ${what}`);
      if (left <= 0) throw new Error(`no ${what} within ${within} ms: ${this.names().join(' ')}`);
      await new Promise((resolve) => {
        const timer = setTimeout(resolve, left);
        const wake = () => {
          clearTimeout(timer);
          this.#wakes.delete(wake);
          resolve();
        };
        this.#wakes.add(wake);
      });
    }
  }

  /** The next event, in order, that `fits`; those before it are passed over. */
  next(fits, what = 'such event', within = 20_000) {
    return this.#when(
      () => {
        while (this.#taken < this.events.length) {
          const event = this.events[this.#taken];
          this.#taken += 1;
          if (fits(event)) return event;
        }
        return undefined;
      },
      what,
      within,
    );
  }

  message(content) {
    return this.next((event) => event.json?.content === content, `message ${content}`);
  }

  /** The first `count` events. */
  first(count, within = 20_000) {
    const enough = () => (this.events.length >= count ? this.events.slice(0, count) : undefined);
    return this.#when(enough, `${count} events`, within);
  }

  heartbeat(within) {
    return this.#when(() => this.heartbeats[0], 'heartbeat', within);
  }

  /** Waits for the end that the server makes; when it came. */
  async end(within = 20_000) {
    let timer;
    const late = new Promise((resolve, reject) => {
      timer = setTimeout(
        () => reject(new Error(`the stream was still open after ${within} ms`)),
        within,
      );
    });
    await Promise.race([this.finished, late]).finally(() => clearTimeout(timer));
    return this.endedAt;
  }

  names() {
    return this.events.map((event) =>
      event.event ? `${event.event}:${event.json?.action ?? event.id ?? ''}` : 'retry',
    );
  }

  close() {
    this.connection.close();
  }
}
