// HTTP/1.1 over a bare socket: what is sent is sent byte for byte, what comes is kept as it came.
import net from 'node:net';

const patience = 30_000; // ms; a machine under load is slow, not wrong

/** One answer, with its fields in the order and the letters in which they came. */
export class Answer {
  constructor(head) {
    const [line, ...lines] = head.split('\r\n');
    const parts = line.match(/^HTTP\/1\.1 (\d{3})(?: (.*))?$/);
    if (!parts) throw new Error(`not a status line: ${line}`);
    this.status = Number(parts[1]);
    this.reason = parts[2] ?? '';
    this.fields = lines.map((text) => {
      const colon = text.indexOf(':');
      return [text.slice(0, colon), text.slice(colon + 1).trim()];
    });
    this.body = Buffer.alloc(0);
    this.interim = []; // status codes of 1xx answers that came before
  }

  /** The value of a field that may come once; undefined when it did not come. */
  field(name) {
    const found = this.fields.filter(([key]) => key.toLowerCase() === name.toLowerCase());
    if (found.length > 1) throw new Error(`the field ${name} came ${found.length} times`);
    return found[0]?.[1];
  }

  get text() {
    return this.body.toString('utf8');
  }

  get json() {
    this.parsed ??= JSON.parse(this.text);
    return this.parsed;
  }

  /** "401 key_missing"; the status alone where the body has no code. */
  get finding() {
    const isJson = /[/+]json/.test(this.field('content-type') ?? '') && this.body.length > 0;
    const code = isJson ? this.json.code : undefined;
    return code === undefined ? String(this.status) : `${this.status} ${code}`;
  }
}

/** A connection: bytes out, answers in. */
export class Connection {
  static async open(port) {
    const connection = new Connection();
    connection.socket = net.connect({ port, host: '127.0.0.1', noDelay: true });
    await new Promise((resolve, reject) => {
      connection.socket.once('connect', resolve);
      connection.socket.once('error', reject);
    });
    connection.#listen();
    return connection;
  }

  #buffer = Buffer.alloc(0);
  #waiting = undefined;
  ended = false;

  #listen() {
    const stop = () => {
      this.ended = true;
      this.#waiting?.();
    };
    this.socket.on('data', (bytes) => {
      this.#buffer = this.#buffer.length ? Buffer.concat([this.#buffer, bytes]) : bytes;
      this.#waiting?.();
    });
    this.socket.on('end', stop);
    this.socket.on('close', stop);
    this.socket.on('error', stop);
  }

  write(bytes) {
    this.socket.write(bytes);
  }

  /** Waits until `find(buffer)` gives [value, bytes used]; undefined at the end of the connection. */
  async until(find, within = patience) {
    const deadline = Date.now() + within;
    for (;;) {
      const found = find(this.#buffer);
      if (found) {
        this.#buffer = this.#buffer.subarray(found[1]);
        return found[0];
      }
      if (this.ended) return undefined;
      const left = deadline - Date.now();
      if (left <= 0) throw new Error(`nothing came within ${within} ms`);
      await this.#more(left);
    }
  }

  #more(within) {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, within);
      this.#waiting = () => {
        clearTimeout(timer);
        this.#waiting = undefined;
        resolve();
      };
    });
  }

  bytes(count, within) {
    return this.until(
      (buffer) => buffer.length >= count && [buffer.subarray(0, count), count],
      within,
    );
  }

  line(within) {
    return this.until((buffer) => {
      const end = buffer.indexOf('\r\n');
      return end >= 0 && [buffer.toString('latin1', 0, end), end + 2];
    }, within);
  }

  /** The next head, of a 1xx answer too; undefined when the connection ended instead. */
  async anyHead(within) {
    const head = await this.until((buffer) => {
      const end = buffer.indexOf('\r\n\r\n');
      return end >= 0 && [buffer.toString('utf8', 0, end), end + 4];
    }, within);
    return head === undefined ? undefined : new Answer(head);
  }

  async head(within) {
    const interim = [];
    for (;;) {
      const answer = await this.anyHead(within);
      if (answer === undefined) throw new Error('the connection ended before an answer');
      answer.interim = interim;
      if (answer.status >= 200) return answer;
      interim.push(answer.status);
    }
  }

  /** The next chunk of a chunked body; empty at its end, undefined when the connection broke. */
  async chunk(within) {
    const line = await this.line(within);
    if (line === undefined) return undefined;
    const size = parseInt(line, 16);
    const bytes = await this.bytes(size + 2, within);
    return bytes?.subarray(0, size);
  }

  async readBody(answer, method) {
    if (method === 'HEAD' || answer.status === 204 || answer.status === 304) return;
    if (answer.field('transfer-encoding') === 'chunked') {
      const parts = [];
      for (let part = await this.chunk(); part?.length !== 0; part = await this.chunk()) {
        if (part === undefined) throw new Error('the body was cut off');
        parts.push(part);
      }
      answer.body = Buffer.concat(parts);
      return;
    }
    const length = Number(answer.field('content-length') ?? 0);
    answer.body = await this.bytes(length);
    if (answer.body === undefined) throw new Error('the body was cut off');
  }

  /** Sends the bytes of one request and reads its answer. */
  async exchange(bytes, method = 'GET', within = undefined) {
    this.write(bytes);
    const answer = await this.head(within);
    await this.readBody(answer, method);
    if (/close/i.test(answer.field('connection') ?? '')) this.close();
    return answer;
  }

  close() {
    this.ended = true;
    this.socket.destroy();
  }
}
