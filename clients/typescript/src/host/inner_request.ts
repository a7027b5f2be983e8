import { fromBase64Url } from '../base/base64url.js';
import { JsonObject, parseObject } from '../base/json.js';
import { type Members, readMembers } from '../base/members.js';

/** An inner request that may be served (docs/protocol/secure-channel.md section 2). */
export interface OpenedRequest {
  readonly method: string;
  readonly path: string;
  readonly authorization?: string | undefined;
  readonly accept?: string | undefined;
  readonly contentType?: string | undefined;
  /** Lower-case names, without those that count for nothing. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const UPPER_TOKEN = /^[!#$%&'*+.^_`|~0-9A-Z-]+$/;
const IGNORED = new Set([
  'host',
  'content-length',
  'connection',
  'transfer-encoding',
  'authorization',
  'accept',
  'content-type',
  'x-osaurus-relay-origin',
  'forwarded',
  'x-real-ip',
]);
const PREFIXES = ['/v1/api', '/api', '/v1'];

/** The path after the normalising of docs/protocol/identity.md section 9. */
export function normalisedPath(target: string): string {
  const path = target.split('?')[0]!;
  const prefix = PREFIXES.find((one) => path === one || path.startsWith(`${one}/`));
  if (prefix === undefined) return path;
  return path === prefix ? '/' : path.slice(prefix.length);
}

/** Whether a target is one that docs/protocol/http.md section 2 lets through. */
function isTarget(target: string): boolean {
  if (!target.startsWith('/') || !/^[\x21-\x7e]*$/.test(target)) return false;
  const path = target.split('?')[0]!;
  if (/\/\/|\\|%2f|%5c|%00/i.test(path) || /%(?![0-9a-fA-F]{2})/.test(target)) return false;
  const segments = path.replace(/%2e/gi, '.').split('/');
  return !segments.some((segment) => segment === '.' || segment === '..');
}

function isToItself(target: string): boolean {
  return target.startsWith('/secure/') || normalisedPath(target).startsWith('/secure/');
}

function isIgnored(name: string): boolean {
  return IGNORED.has(name) || name.startsWith('x-forwarded-');
}

function readHeaders(members: Members): Record<string, string> | undefined {
  const given = members.object.get('headers') ?? undefined;
  if (given === undefined) return {};
  if (!(given instanceof JsonObject)) return undefined;
  const kept: Record<string, string> = {};
  for (const [name, value] of given) {
    if (typeof value !== 'string' || !TOKEN.test(name) || /[\r\n\0]/.test(value)) return undefined;
    if (!isIgnored(name.toLowerCase())) kept[name.toLowerCase()] = value;
  }
  return kept;
}

function isField(value: string | undefined): boolean {
  return value === undefined || !/[\r\n\0]/.test(value);
}

/** Reads the plaintext of a call; undefined when it is not well formed. */
export function readInnerRequest(plaintext: Uint8Array): OpenedRequest | undefined {
  return readMembers(parseObject(plaintext), (members) => {
    const method = members.string('method');
    const path = members.string('path');
    const authorization = members.optionalString('authorization');
    const accept = members.optionalString('accept');
    const contentType = members.optionalString('contentType');
    const headers = readHeaders(members);
    const body = fromBase64Url(members.optionalString('body') ?? '');
    const isGood = UPPER_TOKEN.test(method) && isTarget(path) && !isToItself(path);
    const areFields = [authorization, accept, contentType].every(isField);
    if (!isGood || !areFields || headers === undefined || body === undefined) return undefined;
    return { method, path, authorization, accept, contentType, headers, body };
  });
}
