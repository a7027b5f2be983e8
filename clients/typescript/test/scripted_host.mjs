// A host of spaces whose answers are made up.
import assert from 'node:assert/strict';

export const origin = 'http://localhost:1337';
export const spaceId = 'ccf9c3be-9e61-45f4-9519-a4a65f0e9f1f';
export const participantId = 'd9741469-9628-4f1a-ae09-bc1b8921cec8';
export const key = 'ab'.repeat(32);
export const agentLink = `${origin}/space/${spaceId}/${key}/.well-known/agent.md`;

export const json = (status, value, headers = {}) =>
  new Response(JSON.stringify(value), {
    status,
    headers: { 'content-type': 'application/json', ...headers },
  });

/** A fetch that gives these answers in order; what was asked is in `asked`. */
export function answers(...script) {
  const asked = [];
  const fetch = async (url, init = {}) => {
    const { pathname, search } = new URL(url);
    const headers = Object.fromEntries(new Headers(init.headers));
    asked.push({
      method: init.method ?? 'GET',
      path: pathname + search,
      headers,
      redirect: init.redirect,
      body: init.body && JSON.parse(init.body),
    });
    const next = script.shift();
    assert.ok(next !== undefined, `not expected: ${pathname}`);
    if (next instanceof Error) throw next;
    return typeof next === 'function' ? next(init) : next;
  };
  return { asked, fetch };
}

export const lost = () => new TypeError('fetch failed');
