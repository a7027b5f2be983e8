import { toBase64Url } from '../base/base64url.js';
import { KronborgError } from '../base/error.js';

/** What travels inside a call (docs/protocol/secure-channel.md section 2). */
export interface InnerRequest {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly authorization?: string;
  readonly accept?: string;
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** base64url. */
  readonly body?: string;
}

/** Fields that have a member of their own, or that the host sets itself. */
const OWN_PLACE = new Set([
  'authorization',
  'accept',
  'content-type',
  'host',
  'content-length',
  'connection',
  'transfer-encoding',
  'x-osaurus-relay-origin',
  'forwarded',
  'x-real-ip',
]);

/**
 * The inner request for what would be given to `fetch`. `channel_request_invalid` for a GET with
 * body.
 */
export async function innerRequest(url: URL, init: RequestInit): Promise<InnerRequest> {
  const headers = new Headers(init.headers);
  const method = (init.method ?? 'GET').toUpperCase();
  const hasBody = init.body !== undefined && init.body !== null;
  if (hasBody && (method === 'GET' || method === 'HEAD')) {
    throw new KronborgError('channel_request_invalid', `A ${method} request has no body.`);
  }
  const field = (name: string): string | undefined => headers.get(name) ?? undefined;
  // One Response gives both: the media type of a form names the border that its bytes use.
  const content = hasBody ? new Response(init.body) : undefined;
  const contentType = field('content-type') ?? content?.headers.get('content-type') ?? undefined;
  const bytes = content === undefined ? undefined : new Uint8Array(await content.arrayBuffer());
  const others = [...headers].filter(
    ([name]) => !OWN_PLACE.has(name) && !name.startsWith('x-forwarded-'),
  );
  const request: InnerRequest = {
    method,
    path: url.pathname + url.search,
    ...present('authorization', field('authorization')),
    ...present('accept', field('accept')),
    ...present('contentType', contentType),
    ...(others.length === 0 ? {} : { headers: Object.fromEntries(others) }),
    ...present('body', bytes === undefined ? undefined : toBase64Url(bytes)),
  };
  return request;
}

function present(name: keyof InnerRequest, value: string | undefined): Partial<InnerRequest> {
  return value === undefined ? {} : { [name]: value };
}
