// Every kind of credential that can be presented to a route of spaces, with what is found about it.
import { randomBytes } from 'node:crypto';

import { Host } from './host.mjs';
import { Scene } from './scene.mjs';
import { randomKey, revokePresented, Space } from './space.mjs';

const types = ['owner', 'participant', 'observer', 'invitation'];
const text = (bytes) => randomBytes(bytes).toString('base64url');

/** { what: credential }: dead for this reason. */
const dead = (name, key, code, reason, space = undefined) => ({
  name,
  send: { key },
  finding: `401 ${code}`,
  reason,
  space,
});
const revoked = (name, key, reason) => dead(name, key, 'key_revoked', reason);

/** A space with one key of each type; the invitation is not used. */
async function furnished(host, { settings = {}, keys = {}, invitation = {} } = {}) {
  const space = await Space.create(host, settings);
  const participant = await space.admit('participant', 'participant', keys);
  const observer = await space.admit('observer', 'observer', keys);
  const { publicInvitationKey } = await space.invite(invitation);
  return {
    space,
    keys: {
      owner: space.owner.key,
      participant: participant.key,
      observer: observer.key,
      invitation: publicInvitationKey,
    },
    participant,
  };
}

const closed = ({ space, keys }, reason) =>
  types.map((type) =>
    dead(`${type} of a space that ended (${reason})`, keys[type], 'space_closed', reason, space),
  );

/** What died eight days and two hours ago, by a clock that was set back. */
async function longDead(home) {
  const found = [];
  let host = await Host.start({ home, shift: '-8d' });
  const unused = await Space.create(host);
  found.push(dead('owner of an unused space', unused.owner.key, 'space_closed', 'unused', unused));
  // An invitation ends with its space at the latest, so that it has two reasons at once.
  const timed = closed(await furnished(host, { settings: { ttl: 3600 } }), 'ttl');
  found.push(...timed.filter(({ name }) => !name.startsWith('invitation')));
  const left = await furnished(host);
  await left.space.owner.do('DELETE', `/keys/${left.space.owner.keyId}?force=true`);
  found.push(
    dead(
      'participant of an ownerless space',
      left.keys.participant,
      'space_closed',
      'ownerless',
      left.space,
    ),
  );
  await host.stop();

  host = await Host.start({ home, shift: '-2h' });
  const short = await Space.create(host, { ownerKeyExpiresIn: 3600 });
  await short.owner.read();
  found.push(dead('owner, expired', short.owner.key, 'key_expired', 'expired', short));
  const { space, keys } = await furnished(host, {
    keys: { keyExpiresIn: 3600 },
    invitation: { expiresIn: 60 },
  });
  for (const type of types.slice(1))
    found.push(dead(`${type}, expired`, keys[type], 'key_expired', 'expired', space));
  await host.stop();
  return found;
}

/** Keys of the scene that were ended in each of the ways of section 11.2. */
async function ended(scene) {
  const { space, host } = scene;
  const found = [];
  for (const role of ['participant', 'observer']) {
    const ends = {
      kicked: (member) => space.kick(member, { rotateInvitations: false }),
      left: (member) => member.do('POST', '/leave'),
      rotated: (member) => member.do('POST', '/keys/rotate'),
      revoked: (member) => space.owner.do('DELETE', `/keys/${member.keyId}`),
      revoked_by_holder: (member) => revokePresented(host, member.key),
      reissued: (member) => space.owner.do('POST', `/participants/${member.participantId}/reissue`),
    };
    for (const [reason, end] of Object.entries(ends)) {
      const member = await space.admit(role, `${role} ${reason}`);
      await end(member);
      found.push(revoked(`${role}, ${reason}`, member.key, reason));
    }
  }
  return [...found, ...(await endedOfOwner(space, host)), ...(await endedInvitations(space, host))];
}

async function endedOfOwner(space, host) {
  const found = [];
  const ends = {
    rotated: () => undefined,
    revoked: (keyId) => space.owner.do('DELETE', `/keys/${keyId}`),
    revoked_by_holder: (keyId, key) => revokePresented(host, key),
  };
  for (const [reason, end] of Object.entries(ends)) {
    const { key, keyId } = space.owner;
    const graceSeconds = reason === 'rotated' ? 0 : 3600;
    const turned = await space.owner.do('POST', '/keys/rotate', { graceSeconds });
    Object.assign(space.owner, { key: turned.ownerPrivateKey, keyId: turned.keyId });
    await end(keyId, key);
    found.push(revoked(`owner, ${reason}`, key, reason));
  }
  return found;
}

async function endedInvitations(space, host) {
  const path = (invitation) => `/invitations/${invitation.invitationId}`;
  const gone = await space.invite();
  await space.owner.do('DELETE', path(gone));
  const turned = await space.invite();
  await space.owner.do('POST', `${path(turned)}/rotate`);
  const presented = await space.invite();
  await revokePresented(host, presented.publicInvitationKey);
  const spent = await space.invite({ maxUses: 1, requiresApproval: false });
  await space.join(spent.publicInvitationKey, 'the last use');
  return [
    revoked('invitation, revoked', gone.publicInvitationKey, 'invitation_revoked'),
    revoked('invitation, rotated', turned.publicInvitationKey, 'invitation_rotated'),
    revoked(
      'invitation, revoked by its holder',
      presented.publicInvitationKey,
      'revoked_by_holder',
    ),
    dead('invitation, used up', spent.publicInvitationKey, 'key_expired', 'max_uses'),
  ];
}

/** Live keys of the scene, as they may be sent. */
function live(scene) {
  const found = types.map((type) => ({
    name: type,
    type,
    send: { key: scene[type].key },
    base: true,
  }));
  for (const type of types) {
    const { key } = scene[type];
    found.push(
      { name: `${type}, as Bearer`, type, send: { bearer: key } },
      { name: `${type}, in both places`, type, send: { key, bearer: key.toUpperCase() } },
      { name: `${type}, in capital letters`, type, send: { key: key.toUpperCase() } },
      { name: `${type}, beside an osp_ token`, type, send: { key, bearer: `osp_${text(36)}` } },
      {
        name: `${type}, beside an access key`,
        type,
        send: { key, bearer: `osk-v1.${text(60)}.${text(65)}` },
      },
    );
  }
  return found;
}

/** What is no key of this server, or two at once. */
function foreign(scene, corpse) {
  const { key } = scene.owner;
  const malformed = {
    'cut off': key.slice(0, 40),
    'one digit short': key.slice(1),
    'one digit long': `${key}0`,
    'not hexadecimal': `${key.slice(1)}g`,
    'an access key': `osk-v1.${text(60)}.${text(65)}`,
    'an osp_ token': `osp_${text(36)}`,
    'a JWT': `${text(30)}.${text(90)}.${text(64)}`,
  };
  const found = [{ name: 'nothing', send: {}, finding: '401 key_missing' }];
  for (const [name, value] of Object.entries(malformed)) {
    found.push({
      name: `${name}, in X-Private-Key`,
      send: { key: value },
      finding: '401 key_malformed',
    });
    const isToken = value.startsWith('osp_');
    found.push({
      name: `${name}, as Bearer`,
      send: { bearer: value },
      finding: '401 key_malformed',
      isToken,
    });
  }
  found.push(
    { name: 'unknown', send: { key: randomKey() }, finding: '401 key_unknown' },
    { name: 'unknown, as Bearer', send: { bearer: randomKey() }, finding: '401 key_unknown' },
  );
  for (const [name, other] of [
    ['a participant', scene.participant.key],
    ['nobody', randomKey()],
    ['the dead', corpse],
  ]) {
    const finding = '400 credential_conflict';
    found.push(
      {
        name: `owner in X-Private-Key, ${name} as Bearer`,
        send: { key, bearer: other },
        finding,
        isConflict: true,
      },
      {
        name: `${name} in X-Private-Key, owner as Bearer`,
        send: { key: other, bearer: key },
        finding,
        isConflict: true,
      },
    );
  }
  const twice = [
    ['X-Private-Key', key],
    ['X-Private-Key', key],
  ];
  found.push({
    name: 'X-Private-Key twice',
    send: { fields: twice },
    finding: '400 duplicate_header',
    isMalformed: true,
  });
  return found;
}

/** { host, scene, credentials }: a server, a space on it, and everything that can be presented to it. */
export async function gather(home) {
  const buried = await longDead(home);
  const host = await Host.start({ home });
  const scene = await Scene.set(host);
  const gone = await ended(scene);
  const mute = await scene.space.admit('participant', 'muted');
  await scene.space.mute(mute);
  const hush = await scene.space.admit('participant', 'muted for an hour');
  await scene.space.mute(hush, { durationSeconds: 3600 });
  const other = await furnished(host);
  const shut = await furnished(host);
  await shut.space.close();
  const credentials = [
    ...live(scene),
    {
      name: 'muted participant',
      type: 'participant',
      muted: true,
      send: { key: mute.key },
      base: true,
    },
    {
      name: 'participant muted for an hour',
      type: 'participant',
      muted: 3600,
      send: { key: hush.key },
    },
    ...types.map((type) => ({
      name: `${type} of another space`,
      type,
      elsewhere: true,
      send: { key: other.keys[type] },
    })),
    ...gone,
    ...closed(shut, 'closed'),
    ...buried,
    ...foreign(scene, gone[0].send.key),
  ];
  return { host, scene, credentials };
}
