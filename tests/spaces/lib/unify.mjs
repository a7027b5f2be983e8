// Compares what a server says with what an example says. Ids, keys, hashes, cursors, nonces and times
// of the example are variables: bound where they are seen first, the same from then on.

const kinds = {
  signature: '0x[0-9a-f]{130}',
  uuid: '[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}',
  digits: '(?<![0-9a-zA-Z])[0-9a-f]{64}(?![0-9a-zA-Z])', // a key, a token, a hash
  nonce: '(?<![0-9a-zA-Z])[0-9a-f]{32}(?![0-9a-zA-Z])',
  time: '\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z',
  cursor: 'c1\\.[A-Za-z0-9_-]{22}',
  tag: '(?<=(?:^|: )")[0-9a-f]{16}(?="(?:\\r|$))', // the ETag of a document
};
const anyToken = new RegExp(
  Object.entries(kinds)
    .map(([kind, form]) => `(?<${kind}>${form})`)
    .join('|'),
  'g',
);
const close = 50; // ms between two clock readings of one request

const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** The variables of an example text: [{ kind, token, at }]. */
export function tokens(text) {
  return [...text.matchAll(anyToken)].map((match) => {
    const [kind] = Object.entries(match.groups).find(([, token]) => token !== undefined);
    return { kind, token: match[0], at: match.index };
  });
}

export class Bindings {
  #values = new Map(); // token of the example: value of the server
  #owners = new Map(); // value of the server: token of the example
  #members = new Map(); // time of the example: the member it was first seen in

  /** This token stands for itself: it can be computed from what is sent. */
  fix(token) {
    this.set(token, token);
  }

  set(token, value) {
    this.#values.set(token, value);
    this.#owners.set(value, token);
  }

  get(token) {
    return this.#values.get(token);
  }

  /** The text with every token that is bound replaced. */
  substitute(text) {
    return text.replace(anyToken, (token) => this.#values.get(token) ?? token);
  }

  /** The last four digits of the key that ends so in the example. */
  hint(four) {
    for (const [token, value] of this.#values)
      if (token.length === 64 && token.endsWith(four)) return value.slice(-4);
    return undefined;
  }

  /** Undefined when `value` may stand for `token`, else what is wrong. */
  bind({ kind, token }, value, moment) {
    if (kind === 'time') return this.#bindTime(token, value, moment);
    const known = this.#values.get(token);
    if (known !== undefined) return known === value ? undefined : `${value}, and ${known} before`;
    const other = this.#owners.get(value);
    if (other !== undefined) return `${value} stands for ${other} and for ${token}`;
    this.set(token, value);
    return undefined;
  }

  #bindTime(token, value, moment) {
    const known = this.#values.get(token);
    if (known === undefined) {
      const wrong = moment.fits(token, value);
      this.#values.set(token, value);
      this.#members.set(token, moment.member);
      return wrong;
    }
    const apart = Math.abs(Date.parse(value) - Date.parse(known));
    const allowed = this.#members.get(token) === moment.member ? 0 : close;
    return apart <= allowed ? undefined : `${value}, and ${known} before`;
  }
}

/** When one answer was made, by the clock of this side and by the Date of the example. */
export class Moment {
  #fresh = []; // times first seen in this answer
  member = '';

  constructor(sent, received, exampleDate) {
    Object.assign(this, { sent, received, date: Date.parse(exampleDate) });
  }

  /** A time first seen here: as far from now as in the example, and from its fellows too. */
  fits(token, value) {
    const example = Date.parse(token);
    const actual = Date.parse(value);
    for (const other of this.#fresh) {
      const drift = actual - other.actual - (example - other.example);
      if (Math.abs(drift) > close && example >= this.date && other.example >= this.date)
        return `${value} is ${drift} ms off from ${other.value}`;
    }
    this.#fresh.push({ example, actual, value });
    if (example < this.date)
      return actual <= this.received + close ? undefined : `${value} is to come`;
    const ahead = Math.floor((example - this.date) / 1000) * 1000;
    if (actual >= this.sent + ahead - close && actual <= this.received + ahead + close)
      return undefined;
    return `${value} is not ${ahead / 1000} s after ${new Date(this.sent).toISOString()}`;
  }

  /** The clock reading of a member that is only exact to a minute. */
  isPast(value) {
    return Date.parse(value) <= this.received + close;
  }
}

/** One comparison: gathers what differs. */
export class Comparison {
  differences = [];
  texts = new Map(); // message of the example: message of the server

  constructor(bindings, moment) {
    Object.assign(this, { bindings, moment });
  }

  differ(path, what) {
    this.differences.push(`${path}: ${what}`);
  }

  text(path, example, actual) {
    const variables = tokens(example);
    let pattern = '';
    let from = 0;
    for (const { kind, token, at } of variables) {
      pattern += `${escaped(example.slice(from, at))}(${kinds[kind]})`;
      from = at + token.length;
    }
    const match = actual.match(new RegExp(`^${pattern}${escaped(example.slice(from))}$`));
    if (!match) {
      this.differ(path, `is ${JSON.stringify(actual)}, not like ${JSON.stringify(example)}`);
      return;
    }
    this.moment.member = path.split('/').at(-1);
    variables.forEach((variable, index) => {
      const wrong = this.bindings.bind(variable, match[index + 1], this.moment);
      if (wrong) this.differ(path, wrong);
    });
    if (variables.length && path.endsWith('/message')) this.texts.set(example, actual);
  }

  json(path, example, actual) {
    const kind = (value) =>
      value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value;
    if (kind(example) !== kind(actual)) {
      this.differ(path, `is ${JSON.stringify(actual)}, not ${JSON.stringify(example)}`);
    } else if (kind(example) === 'object') {
      this.#object(path, example, actual);
    } else if (kind(example) === 'array') {
      if (example.length !== actual.length)
        this.differ(path, `has ${actual.length} items, not ${example.length}`);
      example.forEach((item, i) => i < actual.length && this.json(`${path}/${i}`, item, actual[i]));
    } else {
      this.#leaf(path, example, actual);
    }
  }

  #object(path, example, actual) {
    const [wanted, found] = [example, actual].map((value) => orderOf(value, path));
    if (wanted.join() !== found.join())
      this.differ(path, `has members ${found.join()}, not ${wanted.join()}`);
    for (const name of Object.keys(example))
      if (name in actual) this.json(`${path}/${name}`, example[name], actual[name]);
      else if (name === 'hint') this.differ(path, 'has no hint');
    if ('code' in actual && 'hint' in actual && !(actual.hint?.length > 0))
      this.differ(path, `has the hint ${actual.hint}`);
  }

  #leaf(path, example, actual) {
    const name = path.split('/').at(-1);
    if (name === 'retryAfter') return; // judged with its field
    if (isWording(path, example)) {
      if (actual === '') this.differ(path, 'is empty');
    } else if (name === 'lastSeenAt' || name === 'lastUsedAt') {
      const isTime = new RegExp(`^${kinds.time}$`).test(actual);
      if (!isTime || !this.moment.isPast(actual)) this.differ(path, `is ${actual}`);
    } else if (name === 'sourceAddress') {
      if (actual !== '127.0.0.1') this.differ(path, `is ${actual}, not the address of this side`);
    } else if (name === 'hint') {
      const hint = this.bindings.hint(example);
      if (actual !== hint) this.differ(path, `is ${actual}, and the key ends in ${hint}`);
    } else if (typeof example === 'string' && example.startsWith('{')) {
      this.#jsonText(path, example, actual);
    } else if (typeof example === 'string') {
      this.text(path, example, actual);
    } else if (example !== actual) {
      this.differ(path, `is ${actual}, not ${example}`);
    }
  }

  #jsonText(path, example, actual) {
    try {
      this.json(path, JSON.parse(example), JSON.parse(actual));
    } catch {
      this.differ(path, `is ${actual}, not JSON`);
    }
  }
}

/**
 * The members in the order that counts. A hint MAY stand in any error (http.md section 7.1), and the
 * examples have it in two places. `subject` and `keyId` of an audit entry come in both orders there,
 * and `content` of a message behind `sender` in the results of MCP only.
 */
function orderOf(value, path) {
  const names = Object.keys(value);
  if ('code' in value) return names.filter((name) => name !== 'hint');
  const free = 'eventId' in value ? ['subject', 'keyId'] : [];
  if (path.startsWith('/result/') && 'sender' in value) free.push('content');
  return [...names.filter((name) => !free.includes(name)), ...free.filter((name) => name in value)];
}

/** Sentences for a person: there or not there, in words of the server's own. */
function isWording(path, example) {
  if (typeof example !== 'string') return false;
  if (/\/hint$/.test(path)) return !/^[0-9a-f]{4}$/.test(example);
  return /\/(error|title|detail|warnings\/\d+\/message|error\/message)$/.test(path);
}
