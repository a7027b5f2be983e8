// Reads the `.http` files of testdata/walks/: numbered exchanges, each a request and its answer.
import { readFileSync } from 'node:fs';

/** { line, fields: [[name, value]], body } of the text of a message. */
function message(text) {
  const end = text.indexOf('\n\n');
  const head = end < 0 ? text : text.slice(0, end);
  const [line, ...lines] = head.split('\n').filter(Boolean);
  const fields = lines.map((field) => {
    const colon = field.indexOf(': ');
    return [field.slice(0, colon), field.slice(colon + 2)];
  });
  return { line, fields, body: end < 0 ? '' : text.slice(end + 2) };
}

export function fieldOf({ fields }, name) {
  return fields.find(([key]) => key.toLowerCase() === name.toLowerCase())?.[1];
}

/** The length that a file states is that of the body as it is printed. */
function checkLength(part, where) {
  const stated = fieldOf(part, 'Content-Length');
  const length = Buffer.byteLength(part.body);
  if (stated !== undefined && Number(stated) !== length)
    throw new Error(`${where}: the body has ${length} bytes and Content-Length says ${stated}`);
}

function block(text) {
  const [heading, ...lines] = text.split('\n');
  const [, number, title] = heading.match(/^### (\d+)\. (.*)$/);
  while (lines[0].startsWith('# ')) lines.shift();
  const [asked, answered] = lines.join('\n').split('\n\n<<<\n\n');
  const request = message(asked.replace(/^\n/, ''));
  const answer = message(answered.replace(/\n$/, ''));
  // The empty line before the next heading ends the body and is no part of it.
  answer.body = answer.body.replace(/\n$/, '');
  const step = { number: Number(number), title, request, answer };
  checkLength(request, `the request of step ${number}`);
  checkLength(answer, `the answer of step ${number}`);
  [, step.method, step.path] = request.line.match(/^(\S+) (\S+) HTTP\/1\.1$/);
  const [, status, reason] = answer.line.match(/^HTTP\/1\.1 (\d{3}) (.*)$/);
  Object.assign(answer, { status: Number(status), reason });
  return step;
}

/** The steps of testdata/walks/<name>.http. */
export function readWalk(name) {
  const file = new URL(`../../../testdata/walks/${name}.http`, import.meta.url);
  const text = readFileSync(file, 'utf8');
  const starts = [...text.matchAll(/^### \d+\. /gm)].map((match) => match.index);
  return starts.map((start, index) => block(text.slice(start, starts[index + 1])));
}

export const isJson = (part) => /[/+]json$/.test(fieldOf(part, 'Content-Type') ?? '');
export const isStream = (part) => fieldOf(part, 'Content-Type')?.startsWith('text/event-stream');
