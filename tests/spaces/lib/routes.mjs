// docs/protocol/spaces.md section 3 as data: every route, who may call it, and a request that succeeds.

const O = 'owner';
const P = 'participant';
const V = 'observer';
const I = 'invitation';
const members = [O, P, V];
const writers = [O, P];
const space = '/oresundspace/space/{spaceId}';
const artifact = `${space}/artifacts/{artifactId}`;

const get = (path, keys, more = {}) => ({ method: 'GET', path, keys, ...more });
const post = (path, keys, more = {}) => ({ method: 'POST', path, keys, ...more });
const put = (path, keys, more = {}) => ({ method: 'PUT', path, keys, ...more });
const remove = (path, keys, more = {}) => ({ method: 'DELETE', path, keys, ...more });
const speaks = true; // a muted participant may not

/**
 * `keys`: the key types that may call it; empty: no key is needed. `body`: of a request that succeeds,
 * or a function of the scene (scene.mjs) and the caller's type. `fills`: what stands for a name of
 * the path, when it is not what the scene has under that name. `by`: how it is answered for one type
 * that may call it, when that is not 200.
 */
export const routes = [
  post('/oresundspace/space', [], { body: { name: 'Made by the matrix' } }),
  get('/oresundspace/spaces', []),
  get('/oresundspace/whoami', [O, P, V, I]),
  get(space, members),
  put(space, [O], { body: { description: 'Changed by the matrix' } }),
  remove(space, [O]),
  get(`${space}/keys`, members),
  post(`${space}/keys/rotate`, members, { body: { graceSeconds: 0 } }),
  remove(`${space}/keys/{keyId}`, members),
  post(`${space}/invite`, [O], { body: {} }),
  get(`${space}/invitations`, [O]),
  get(`${space}/invitations/{invitationId}`, [O]),
  remove(`${space}/invitations/{invitationId}`, [O]),
  post(`${space}/invitations/{invitationId}/rotate`, [O]),
  get('/space/{spaceId}/{publicInvitationKey}/.well-known/agent.md', [I], { keyInPath: true }),
  get('/space/{spaceId}/.well-known/agent.md', [I]),
  get('/join/{spaceId}', []),
  post(`${space}/join`, [I], { body: { name: 'matrix' } }),
  get(`${space}/join/{participantId}`, [I], {
    fills: { participantId: 'pendingId' },
    by: { invitation: '202' },
  }),
  get(`${space}/participants`, members),
  post(`${space}/participants/{participantId}/approve`, [O], {
    fills: { participantId: 'pendingId' },
  }),
  post(`${space}/participants/{participantId}/deny`, [O], {
    fills: { participantId: 'pendingId' },
  }),
  post(`${space}/participants/{participantId}/kick`, [O]),
  post(`${space}/participants/{participantId}/mute`, [O]),
  post(`${space}/participants/{participantId}/unmute`, [O]),
  post(`${space}/participants/{participantId}/reissue`, [O]),
  // The table names P and V; an owner is told that it cannot leave (section 7).
  post(`${space}/leave`, members, { by: { owner: '409 owner_protected' } }),
  post(`${space}/messages`, writers, { speaks, body: { content: 'Hello' } }),
  get(`${space}/messages`, members),
  get(`${space}/messages/stream`, members, { stream: true }),
  remove(`${space}/messages/{messageId}`, writers, { speaks }),
  post(`${space}/artifacts`, writers, { speaks, body: { name: 'new.md', content: 'x' } }),
  put(artifact, writers, { speaks, body: { content: 'y', baseRevision: 1 } }),
  get(`${space}/artifacts`, members),
  get(artifact, members),
  get(`${artifact}/revisions`, members),
  get(`${artifact}/revisions/{revision}`, members),
  get(`${artifact}/signatures`, members),
  remove(artifact, writers, { speaks }),
  post(`${artifact}/lock`, writers, { speaks, body: { leaseSeconds: 10 } }),
  post(`${artifact}/lock/renew`, writers, {
    speaks,
    body: (scene) => ({ fencingToken: scene.fencingToken, leaseSeconds: 20 }),
    prepare: 'lock',
  }),
  post(`${artifact}/unlock`, writers, {
    speaks,
    body: (scene) => ({ fencingToken: scene.fencingToken }),
    prepare: 'lock',
  }),
  post(`${artifact}/signatures`, writers, {
    speaks,
    body: (scene) => scene.signOff,
    prepare: 'signOff',
  }),
  post(`${space}/identity/challenge`, [O, P, V, I], {
    body: (scene) => ({ address: scene.wallet.address }),
  }),
  post(`${space}/identity`, members, { body: (scene) => scene.proof, prepare: 'challenge' }),
  remove(`${space}/identity`, members),
  get(`${space}/export`, [O]),
  get(`${space}/audit`, [O]),
];

/** In the table for the session of a human; without accounts every request to it is refused. */
export const recovery = ['GET', 'POST'].map((method) => ({ method, path: `${space}/key` }));

export const nameOf = ({ method, path }) => `${method} ${path}`;
export const namesSpace = ({ path }) => path.includes('{spaceId}');

/** The path with its names filled in from the scene. */
export function pathOf({ path, fills = {} }, values) {
  return path.replace(/\{(\w+)\}/g, (whole, name) => {
    const value = values[fills[name] ?? name];
    if (value === undefined) throw new Error(`nothing stands for ${name} in ${path}`);
    return value;
  });
}
