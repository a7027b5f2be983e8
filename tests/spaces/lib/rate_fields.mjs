// The rate-limit fields of an answer (docs/protocol/http.md section 10), and what they must be.

const list = (value) => (value ?? '').split(/,\s*/).filter(Boolean);

/** { name, q, w, r, t } of each policy that an answer lists. */
export function policiesOf(answer) {
  const listed = list(answer.field('RateLimit-Policy')).map((item) => {
    const [, name, q, w] = item.match(/^"([a-z-]+)";q=(\d+);w=(\d+)$/) ?? [];
    if (name === undefined) throw new Error(`not an item of RateLimit-Policy: ${item}`);
    return { name, q: Number(q), w: Number(w) };
  });
  list(answer.field('RateLimit')).forEach((item, index) => {
    const [, name, r, t] = item.match(/^"([a-z-]+)";r=(\d+);t=(\d+)$/) ?? [];
    if (name === undefined || name !== listed[index]?.name)
      throw new Error(`RateLimit does not go with RateLimit-Policy: ${item}`);
    Object.assign(listed[index], { r: Number(r), t: Number(t) });
  });
  return listed;
}

/** What is wrong with the fields in themselves. */
export function inconsistencies(answer) {
  const policies = policiesOf(answer);
  if (policies.length === 0) return ['there are no rate-limit fields'];
  const wrong = [];
  for (const { name, q, w, r, t } of policies) {
    // r is the whole tokens left, so between q-r-1 and q-r are missing; t is the time they need.
    const [least, most] = [Math.ceil(((q - r - 1) * w) / q), Math.ceil(((q - r) * w) / q)];
    if (!(r <= q) || !(t >= least && t <= Math.max(most, least)))
      wrong.push(`${name}: r=${r} t=${t}`);
  }
  const smallest = policies.reduce((a, b) => (b.r * a.q < a.r * b.q ? b : a));
  const earlier = ['Limit', 'Remaining', 'Reset'].map((name) => answer.field(`RateLimit-${name}`));
  if (earlier.join() !== [smallest.q, smallest.r, smallest.t].join())
    wrong.push(`the earlier fields say ${earlier.join()}, not those of ${smallest.name}`);
  return wrong;
}

/** Counts what a walk has taken from each bucket. */
export class Buckets {
  #taken = new Map();

  /** What is wrong with the fields of this answer, which the example lists with `wanted`. */
  check(answer, wanted, caller) {
    const wrong = inconsistencies(answer);
    const policies = policiesOf(answer);
    const form = ({ name, q, w }) => `"${name}";q=${q};w=${w}`;
    if (policies.map(form).join(', ') !== wanted)
      wrong.push(`lists ${policies.map(form).join(', ')}, not ${wanted}`);
    this.#count('source');
    for (const { name, q, r } of policies) {
      const taken = name === 'source' ? this.#taken.get(name) : this.#count(name, caller);
      if (r > q - 1 || r < q - taken) wrong.push(`${name}: r=${r} after ${taken} requests`);
    }
    return wrong;
  }

  #count(name, caller = '') {
    const bySource = ['source', 'discovery', 'space-create', 'bad-credential', 'mcp'].includes(
      name,
    );
    const bucket = bySource ? name : `${name} ${caller}`;
    this.#taken.set(bucket, (this.#taken.get(bucket) ?? 0) + 1);
    return this.#taken.get(bucket);
  }
}
