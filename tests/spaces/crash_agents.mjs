// What each agent does in spaces while the server crashes, and what it notes of the answers.
import { randomKey } from './lib/space.mjs';
import { Artifact, Invitation, Member, Space, never, sha256, shape } from './crash_support.mjs';

export const places = 5; // spaces that are open at the same time, at least
const writers = ['owner', 'participant'];
export const guests = ['participant', 'observer'];
export const everybody = ['owner', ...guests];

/** A request to the space of the key. */
export const as = (key, method, suffix, more = {}) => ({
  ...{ method, path: `${key.space.path}${suffix}`, key: key.text, life: key, space: key.space },
  ...more,
});
const repeatable = (trial, share = 0.6) =>
  trial.dice.chance(share) ? { idem: trial.fresh('once') } : {};
export const openSpaces = (trial) => trial.spaces.filter((space) => !space.isDead());
export const alive = (lives) => [...lives].filter((life) => !life.isDead());
export const membersOf = (space, types) =>
  alive(space.members.values()).filter(({ type }) => types.includes(type));
/** A key of a member of one of these types; nothing when there is none. */
export const keyOf = (trial, space, types) =>
  trial.dice.of(membersOf(space, types).flatMap((member) => alive(member.keys)));

function addInvitation(space, json) {
  const { invitationId: id, publicInvitationKey: text, maxUses, uses, label } = json;
  space.invitations.set(id, new Invitation(space, { id, text, maxUses, uses, label }));
}

export const actions = {
  create(trial, space, agent) {
    if (openSpaces(trial).length > places + 1) return undefined;
    const mark = trial.mark('space');
    const body = { name: mark.text, description: trial.fresh('d'), agenda: trial.fresh('a') };
    const note = ({ json }, since) => {
      const path = `/oresundspace/space/${json.spaceId}`;
      const made = new Space(undefined, { id: json.spaceId, path, name: mark.text });
      made.owner = new Member(made, { id: json.ownerId, type: 'owner', isImmediate: true });
      made.owner.add(json.ownerPrivateKey, json.keyId, since, trial.tick);
      made.members.set(json.ownerId, made.owner);
      for (const name of ['description', 'agenda']) made[name].settle(body[name], trial.tick);
      trial.spaces.push(made);
    };
    const path = '/oresundspace/space';
    return trial.perform({ method: 'POST', path, body, mark, note }, agent);
  },

  close(trial, space, agent) {
    const key = keyOf(trial, space, ['owner']);
    const certain = openSpaces(trial).filter(({ unsure }) => unsure === 0);
    if (!key || certain.length <= places) return undefined;
    const last = { isLast: () => true, isRepeatable: () => true };
    const more = { ends: [space], frees: [space], ...last, ...repeatable(trial) };
    return trial.perform(as(key, 'DELETE', '', more), agent);
  },

  settings(trial, space, agent) {
    const key = keyOf(trial, space, ['owner']);
    if (!key) return undefined;
    const names = trial.dice.of([['description'], ['agenda'], ['description', 'agenda']]);
    const body = Object.fromEntries(names.map((name) => [name, trial.fresh(name)]));
    const writes = names.map((name) => space[name].begin(body[name], trial.tick));
    const decide = (state) => () => {
      for (const write of writes) Object.assign(write, { state, end: trial.tick });
    };
    const [note, refuse] = [decide('acknowledged'), decide('refused')];
    return trial.perform(as(key, 'PUT', '', { body, note, refuse, ...repeatable(trial) }), agent);
  },

  look(trial, space, agent) {
    const key = keyOf(trial, space, everybody);
    const note = ({ json }, since) => trial.checkSpace(space, json, since, call);
    const call = key && as(key, 'GET', '', { note });
    return call && trial.perform(call, agent);
  },

  invite(trial, space, agent) {
    const key = keyOf(trial, space, ['owner']);
    if (!key || alive(space.invitations.values()).length > 20) return undefined;
    const mark = trial.mark('invitation');
    const role = trial.dice.chance(0.85) ? 'participant' : 'observer';
    const requiresApproval = trial.dice.chance(0.5);
    const maxUses = trial.dice.of([1, 2, 5, 100]);
    const body = { label: mark.text, role, requiresApproval, maxUses };
    const note = ({ json }) => addInvitation(space, json);
    const more = { body, mark, note, ...repeatable(trial) };
    return trial.perform(as(key, 'POST', '/invite', more), agent);
  },

  endInvitation(trial, space, agent) {
    const key = keyOf(trial, space, ['owner']);
    const invitation = trial.dice.of(alive(space.invitations.values()));
    if (!key || !invitation) return undefined;
    const ends = { ends: [invitation] };
    const note = ({ json }) => addInvitation(space, json);
    const may = () => (invitation.isDead() || invitation.isUnsure() ? ['404 not_found'] : []);
    const path = `/invitations/${invitation.id}`;
    const call = trial.dice.of([
      { ...revocation(invitation.text), ...ends },
      as(key, 'DELETE', path, { ...ends, ...repeatable(trial) }),
      as(key, 'POST', `${path}/rotate`, { ...ends, note, may, ...repeatable(trial) }),
    ]);
    return trial.perform(call, agent);
  },

  join(trial, space, agent) {
    const invitation = trial.dice.of(alive(space.invitations.values()));
    if (!invitation || membersOf(space, everybody).length > 40) return undefined;
    invitation.begun += 1;
    const mark = trial.mark('joiner');
    const token = trial.dice.chance(0.5) ? randomKey() : undefined;
    const fields = token ? { 'X-Join-Token': token } : {};
    const refuse = () => (invitation.begun -= 1);
    const note = (answer, since) => joined(trial, invitation, call, { answer, since, token });
    const isLast = () => invitation.uses + invitation.joined === invitation.maxUses;
    const body = { name: mark.text };
    const more = { body, fields, mark, refuse, note, isLast, ...repeatable(trial) };
    const call = as(invitation, 'POST', '/join', more);
    return trial.perform(call, agent);
  },

  poll(trial, space, agent) {
    const waiting = membersOf(space, guests).filter(({ joinToken }) => joinToken);
    const open = waiting.filter(({ delivered }) => !delivered);
    const member = trial.dice.of(open.length && trial.dice.chance(0.9) ? open : waiting);
    return member && poll(trial, member, agent);
  },

  approve(trial, space, agent) {
    const isWaiting = ({ isImmediate, approval }) =>
      !isImmediate && approval.acknowledged === never;
    const member = trial.dice.of(membersOf(space, guests).filter(isWaiting));
    const key = keyOf(trial, space, ['owner']);
    return member && key && approve(trial, member, key, agent);
  },

  kick(trial, space, agent) {
    const key = keyOf(trial, space, ['owner']);
    const member = trial.dice.of(membersOf(space, guests));
    if (!key || !member || membersOf(space, guests).length < 5) return undefined;
    const body = { rotateInvitations: trial.dice.chance(0.3), block: trial.dice.chance(0.5) };
    member.leaving.add('kicked');
    const note = ({ json }) => {
      for (const made of json.rotatedInvitations) {
        space.invitations.get(made.replacesInvitationId)?.end(trial.tick);
        addInvitation(space, made);
      }
    };
    const shakes = body.rotateInvitations ? [member.invitation] : [];
    const may = ['409 participant_state'];
    const more = { body, note, may, ends: [member], shakes, frees: [member], ...repeatable(trial) };
    return trial.perform(as(key, 'POST', `/participants/${member.id}/kick`, more), agent);
  },

  leave(trial, space, agent) {
    const key = keyOf(trial, space, guests);
    if (!key || membersOf(space, guests).length < 5) return undefined;
    key.parent.leaving.add('left');
    const last = { isLast: () => true, isRepeatable: () => true };
    const ends = { ends: [key.parent], frees: [key.parent], ...last };
    return trial.perform(as(key, 'POST', '/leave', { ...ends, ...repeatable(trial) }), agent);
  },

  rotate(trial, space, agent) {
    const key = keyOf(trial, space, everybody);
    if (!key) return undefined;
    const isOwner = key.parent.type === 'owner'; // who must never be without a key
    const graceSeconds = trial.dice.of(isOwner ? [0, 600] : [0, 1, 2]);
    const rotation = { end: never };
    key.parent.rotations.push(rotation);
    const note = ({ json }, since) => rotated(trial, key.parent, rotation, { json, since });
    const refuse = () => (rotation.end = trial.tick);
    const lose = () => {
      rotation.isLost = graceSeconds > 0;
      for (const other of key.parent.keys) other.isDoomed ||= rotation.isLost;
    };
    const isLast = ({ previousKeyId }) => graceSeconds === 0 || previousKeyId !== key.id;
    const isRepeatable = () => graceSeconds === 0;
    const more = { body: { graceSeconds }, shakes: [...key.parent.keys], isLast, isRepeatable };
    const idem = repeatable(trial, isOwner ? 1 : 0.6);
    const call = as(key, 'POST', '/keys/rotate', { ...more, note, refuse, lose, ...idem });
    return trial.perform(call, agent);
  },

  endKey(trial, space, agent) {
    const target = keyOf(trial, space, guests);
    if (!target || membersOf(space, guests).length < 5) return undefined;
    const { parent: member } = target;
    // Of two keys the last one may now end with its time of grace, and the locks with it.
    if (member.keys.length > 1) member.frees.push({ begin: trial.tick, end: never });
    const ends = { ends: [target], frees: [member] };
    if (trial.dice.chance(0.4))
      return trial.perform({ ...revocation(target.text), ...ends }, agent);
    const key = trial.dice.chance(0.5) ? target : keyOf(trial, space, ['owner']);
    const isLast = () => key === target;
    const more = { ...ends, isLast, isRepeatable: isLast, ...repeatable(trial) };
    return key && trial.perform(as(key, 'DELETE', `/keys/${target.id}`, more), agent);
  },

  send(trial, space, agent) {
    const key = keyOf(trial, space, writers);
    if (!key) return undefined;
    const mark = trial.mark('message');
    const content = `${mark.text} ${'x'.repeat(trial.dice.of([0, 20, 100, 100, 20_000]))}`;
    const note = ({ json }, since) => {
      const { seq, sender } = json;
      if (seq <= since.seqs) trial.fail(`${seq} came after ${since.seqs}`, call);
      if (sender.participantId !== key.parent.id) trial.fail('another sender', call);
      trial.saw(
        space,
        seq,
        shape({ type: 'text', ...json, content }),
        'as told to the sender',
        call,
      );
      space.top = Math.max(space.top, seq);
    };
    const more = { body: { content }, mark, note, ...repeatable(trial, 0.5) };
    const call = as(key, 'POST', '/messages', more);
    return trial.perform(call, agent);
  },

  read(trial, space, agent) {
    const key = keyOf(trial, space, everybody);
    const note = ({ json }, since) => {
      if (json.lastSeq < since.seqs) trial.fail(`a list without message ${since.seqs}`, call);
      trial.checkPage(space, json, json.lastSeq - json.messages.length, call);
    };
    const call = key && as(key, 'GET', `/messages?tail=${trial.dice.between(1, 50)}`, { note });
    return call && trial.perform(call, agent);
  },

  document(trial, space, agent) {
    const key = keyOf(trial, space, writers);
    if (!key || space.artifacts.size > 6) return undefined;
    const mark = trial.mark('artifact');
    const { text: content } = trial.mark('content');
    const note = ({ json, etag }) => {
      const artifact = new Artifact({ id: json.artifactId, name: mark.text, etag, revision: 1 });
      artifact.contents.set(sha256(content), content);
      artifact.revisions.set(1, sha256(content));
      space.artifacts.set(artifact.id, artifact);
    };
    const more = { body: { name: mark.text, content }, mark, note, ...repeatable(trial) };
    return trial.perform(as(key, 'POST', '/artifacts', more), agent);
  },

  write(trial, space, agent) {
    const artifact = trial.dice.of([...space.artifacts.values()]);
    const key = keyOf(trial, space, writers);
    if (!artifact || !key) return undefined;
    const { etag, revision } = artifact;
    const mark = trial.mark('content');
    const content = mark.text;
    const how = trial.dice.of([
      { body: { content }, fields: { 'If-Match': etag }, base: parseInt(etag.slice(1), 10) },
      { body: content, type: 'text/plain', fields: { 'If-Match': '*' } },
      { body: { content, baseRevision: revision }, base: revision },
    ]);
    return write(trial, artifact, key, { mark, ...how }, agent);
  },

  fencedWrite(trial, space, agent) {
    const { artifact, lock, key } = heldLock(trial, space) ?? {};
    if (!key) return undefined;
    const mark = trial.mark('content');
    const { token } = lock;
    const raw = { body: mark.text, type: 'text/plain', fields: { 'X-Fencing-Token': token } };
    const json = { body: { content: mark.text, fencingToken: token } };
    const how = trial.dice.chance(0.3) ? raw : json;
    return write(trial, artifact, key, { mark, token, ...how }, agent);
  },

  lock(trial, space, agent) {
    const artifact = trial.dice.of([...space.artifacts.values()]);
    const key = keyOf(trial, space, writers);
    if (!artifact || !key) return undefined;
    const body = { leaseSeconds: 10, ...(trial.dice.chance(0.2) ? { wait: 1 } : {}) };
    const note = (answer, since) => granted(trial, artifact, call, answer, since);
    const more = { artifact, body, note, may: ['423 artifact_locked'], ...repeatable(trial) };
    const call = as(key, 'POST', `/artifacts/${artifact.id}/lock`, more);
    return trial.perform(call, agent);
  },

  renew(trial, space, agent) {
    const { artifact, lock, key } = heldLock(trial, space) ?? {};
    if (!key) return undefined;
    lock.renewing += 1;
    const body = { fencingToken: lock.token, leaseSeconds: 15 };
    const refuse = () => (lock.renewing -= 1);
    const note = ({ json }, since) => {
      checkToken(trial, artifact, lock.token, call, since, 1);
      lock.renewing -= 1;
      lock.expiry = Math.max(lock.expiry, Date.parse(json.lockExpiresAt));
      checkPairs(trial, artifact, lock.token);
    };
    const more = { artifact, body, refuse, note, may: ['409 lock_lost'], ...repeatable(trial) };
    const call = as(key, 'POST', `/artifacts/${artifact.id}/lock/renew`, more);
    return trial.perform(call, agent);
  },

  unlock(trial, space, agent) {
    const { artifact, lock, key } = heldLock(trial, space) ?? {};
    const owner = keyOf(trial, space, ['owner']);
    if (!key) return undefined;
    const path = `/artifacts/${artifact.id}/unlock`;
    if (owner && trial.dice.chance(0.1)) {
      const force = { body: { force: true }, frees: [artifact], ...repeatable(trial) };
      return trial.perform(as(owner, 'POST', path, force), agent);
    }
    const note = (answer, since) => {
      checkToken(trial, artifact, lock.token, call, since);
      lock.released = Math.min(lock.released, trial.tick);
    };
    const body = { fencingToken: lock.token };
    const more = { artifact, body, note, frees: [lock], may: ['409 lock_lost'] };
    const call = as(key, 'POST', path, { ...more, ...repeatable(trial) });
    return trial.perform(call, agent);
  },

  ghost(trial, space, agent) {
    const members = [...space.members.values()].flatMap(({ keys }) => keys);
    const dead = members.filter((key) => key.isDead());
    const key = trial.dice.of(dead.length ? dead : trial.dead);
    return key && probe(trial, key, agent);
  },

  again(trial, space, agent) {
    const kept = trial.dice.of(trial.kept);
    return kept && trial.repeat(kept, agent);
  },
};

function joined(trial, invitation, call, { answer, since, token }) {
  const { json } = answer;
  const { space } = invitation;
  invitation.joined += 1;
  const uses = invitation.uses + invitation.joined;
  if (uses > invitation.maxUses) trial.fail(`${uses} joins of ${invitation.maxUses}`, call);
  if (uses === invitation.maxUses) invitation.end(trial.tick);
  if (json.name !== call.body.name) trial.fail('one join made two participants', call);
  const isImmediate = json.status === 'approved';
  const { participantId: id, name, keyType: type, participantPrivateKey: key } = json;
  const joinToken = token ?? json.joinToken;
  const member = new Member(space, { id, name, type, invitation, joinToken, isImmediate });
  space.members.set(id, member);
  if (isImmediate) member.delivered = { key, call };
  if (key) member.add(key, json.keyId, since, trial.tick);
}

export function poll(trial, member, agent, idem = undefined) {
  const shared = `poll-${member.id}`;
  const chosen = idem ?? trial.dice.of([undefined, shared, trial.fresh('once')]);
  const { space, invitation, joinToken } = member;
  const may = () => [
    ...(member.leaving.size ? ['403 participant_removed'] : []),
    ...(chosen === shared ? ['409 idempotency_in_flight'] : []),
  ];
  const call = {
    ...{ method: 'GET', path: `${space.path}/join/${member.id}`, key: invitation.text },
    ...{ life: space, fields: { 'X-Join-Token': joinToken }, idem: chosen, may },
    isShared: chosen === shared,
    keeps: ({ participantPrivateKey }) => participantPrivateKey !== undefined,
    lose: () => (member.lostPolls += 1),
    note: (answer, since) => polled(trial, member, call, answer, since),
  };
  return trial.perform(call, agent);
}

function polled(trial, member, call, { status, json, replayed }, since) {
  const { approval, delivered } = member;
  if (replayed && !json.participantPrivateKey) return;
  if (status === 202) {
    if (member.isImmediate || approval.acknowledged < since.begin)
      trial.fail('an approval was lost', call, approval.call);
    return;
  }
  if (!member.isImmediate && approval.begun === 0) trial.fail('approved by nobody', call);
  if (member.endedAt < since.begin && !replayed) trial.fail('the removed was admitted', call);
  const key = json.participantPrivateKey;
  if (!key) {
    member.collected ??= call;
  } else if (!delivered) {
    member.delivered = { key, call };
    member.add(key, json.keyId, since, trial.tick);
  } else if (delivered.key !== key || !call.idem || delivered.call.idem !== call.idem) {
    trial.fail('a join key was delivered twice', delivered.call, call);
  }
}

export function approve(trial, member, key, agent) {
  const { approval, leaving } = member;
  approval.begun += 1;
  const may = () => (leaving.size ? ['409 participant_state'] : []);
  const note = ({ json }) => {
    approval.acknowledged = Math.min(approval.acknowledged, trial.tick);
    approval.call = call;
    if (json.status !== 'active' && !leaving.size) trial.fail('approved and not active', call);
  };
  const more = { note, may, ...repeatable(trial) };
  const call = as(key, 'POST', `/participants/${member.id}/approve`, more);
  return trial.perform(call, agent);
}

function rotated(trial, member, rotation, { json, since }) {
  Object.assign(rotation, { end: trial.tick, made: json.keyId });
  const until = Date.parse(json.previousKeyValidUntil);
  for (const key of member.keys) {
    if (key.id === json.previousKeyId) key.until = until;
    else if (key.added < since.begin) key.end(trial.tick);
    else key.unsure += 1;
  }
  member.fates.set(json.previousKeyId, until);
  member.add(json.ownerPrivateKey ?? json.participantPrivateKey, json.keyId, since, trial.tick);
}

/** Whoever has a key may end it (section 11.5). */
const revocation = (token) => ({
  ...{ method: 'POST', path: '/oauth/revoke', body: `token=${token}` },
  type: 'application/x-www-form-urlencoded',
});

function write(trial, artifact, key, { mark, base, token, ...how }, agent) {
  const hash = sha256(mark.text);
  artifact.contents.set(hash, mark.text);
  const note = (answer, since) => {
    const { revision, sha256: stored } = answer.json;
    const known = artifact.revisions.get(revision) ?? hash;
    if (stored !== hash || known !== hash) trial.fail('another content was stored', call);
    if (revision <= since.revision) trial.fail(`written after ${since.revision}`, call);
    if (base !== undefined && revision !== base + 1) trial.fail('an update was lost', call);
    if (token !== undefined) checkToken(trial, artifact, token, call, since);
    const held = token === undefined && artifact.heldSince(since, trial.tick, answer.at);
    if (held) trial.fail('written without the token of the lock', held.call, call);
    artifact.revisions.set(revision, hash);
    if (revision > artifact.revision) Object.assign(artifact, { revision, etag: answer.etag });
  };
  const may = ['423 artifact_locked', '409 lock_lost', '412 revision_conflict'];
  if (base !== undefined) may.push('409 revision_conflict');
  const more = { artifact, mark, note, may, ...how, ...repeatable(trial) };
  const call = as(key, 'PUT', `/artifacts/${artifact.id}`, more);
  return trial.perform(call, agent);
}

/** The newest lock of an artifact, or an older one, and a key of its holder. */
function heldLock(trial, space) {
  const artifact = trial.dice.of([...space.artifacts.values()].filter(({ token }) => token > 0));
  if (!artifact) return undefined;
  const newest = artifact.locks.get(artifact.token);
  const lock = trial.dice.chance(0.8) ? newest : trial.dice.of([...artifact.locks.values()]);
  return { artifact, lock, key: trial.dice.of(alive(lock.holder.keys)) };
}

/** What had an effect by a token was done by the newest lock, during its lease. */
function checkToken(trial, artifact, token, call, since, renewing = 0) {
  const lock = artifact.locks.get(token);
  const newest = artifact.locks.get(since.token);
  if (since.token > token) trial.fail('an older token had an effect', newest.call, call);
  if (lock.released < since.begin) trial.fail('a released lock had an effect', lock.call, call);
  if (since.at > lock.expiry && lock.renewing === renewing)
    trial.fail(`an effect after the lease (${lock.expiry})`, lock.call, call);
}

function checkPairs(trial, artifact, token) {
  for (const lock of artifact.usurped(token))
    trial.fail('two held one lock', lock.call, artifact.usurper(lock).call);
}

function granted(trial, artifact, call, { json, tick, at }, since) {
  const { fencingToken: token, lockedBy } = json;
  const holder = call.life.parent;
  if (lockedBy !== holder.id) trial.fail('another holder', call);
  if (token <= since.token)
    trial.fail(`token ${token} after ${since.token}`, artifact.locks.get(since.token)?.call, call);
  const twin = artifact.locks.get(token);
  if (twin) trial.fail('a fencing token was given twice', twin.call, call);
  const expiry = Date.parse(json.lockExpiresAt);
  const times = { begin: since.begin, answered: tick, answeredAt: at, expiry, released: never };
  artifact.locks.set(token, { token, holder, call, renewing: 0, frees: [], ...times });
  artifact.token = Math.max(artifact.token, token);
  checkPairs(trial, artifact, token);
}

/** A request with a key that ended, which the judge expects to be refused. */
export function probe(trial, key, agent) {
  const mark = trial.mark('message');
  const call = trial.dice.of([
    { ...as(key, 'GET', ''), path: '/oresundspace/whoami' },
    as(key, 'GET', ''),
    as(key, 'GET', '/messages'),
    as(key, 'GET', '/keys'),
    as(key, 'POST', '/messages', { body: { content: mark.text }, mark }),
    as(key, 'POST', '/join', { body: { name: mark.text }, mark }),
    as(key, 'POST', '/keys/rotate'),
  ]);
  return trial.perform(call, agent);
}
