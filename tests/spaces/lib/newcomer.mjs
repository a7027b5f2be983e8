// An agent that knows the address of a host and nothing else: it does what the answers say.
import assert from 'node:assert/strict';

/** The parameters of a WWW-Authenticate field with one Bearer challenge. */
export function challengeOf(field) {
  const [, parameters] = field.match(/^Bearer (.*)$/);
  return Object.fromEntries(
    [...parameters.matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [name, value]),
  );
}

/** { rel: address } of a Link field. */
export function linksOf(field) {
  return Object.fromEntries(
    [...field.matchAll(/<([^>]*)>;\s*rel="([^"]*)"/g)].map(([, url, rel]) => [rel, url]),
  );
}

/** The first ```json block of a Markdown text. */
export function jsonBlock(text) {
  return JSON.parse(text.match(/```json\n([\s\S]*?)\n```/)[1]);
}

/** The ```http blocks of a Markdown text as requests. */
export function httpBlocks(text) {
  return [...text.matchAll(/```http\n([\s\S]*?)\n```/g)].map(([, block]) => {
    const [head, body] = block.split('\n\n');
    const [line, ...lines] = head.split('\n');
    const [method, url] = line.split(' ');
    return { method, url, headers: Object.fromEntries(lines.map((one) => one.split(': '))), body };
  });
}

/** The least value that a JSON schema accepts. */
export function exampleOf(schema, document) {
  if (schema.$ref) {
    const parts = schema.$ref.replace('#/', '').split('/');
    return exampleOf(
      parts.reduce((part, name) => part[name], document),
      document,
    );
  }
  if (schema.const !== undefined) return schema.const;
  if (schema.enum) return schema.enum[0];
  switch ([schema.type].flat()[0]) {
    case 'object':
      return Object.fromEntries(
        (schema.required ?? []).map((name) => [name, exampleOf(schema.properties[name], document)]),
      );
    case 'string':
      return 'x'.repeat(Math.max(1, schema.minLength ?? 0));
    case 'integer':
      return schema.minimum ?? 0;
    case 'boolean':
      return false;
    default:
      throw new Error(`no example for ${JSON.stringify(schema)}`);
  }
}

/** { method, path, operation } of an operation in an OpenAPI document. */
export function operation(document, fits) {
  for (const [path, item] of Object.entries(document.paths))
    for (const [method, operation] of Object.entries(item))
      if (fits({ method, path, operation }))
        return { method: method.toUpperCase(), path, operation };
  return undefined;
}

export async function fetchJson(url, options = {}) {
  const answer = await fetch(url, options);
  const value = await answer.json();
  assert.equal(answer.status, 200, `${url}: ${JSON.stringify(value)}`);
  return value;
}
