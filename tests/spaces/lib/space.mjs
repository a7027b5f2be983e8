// A space and its members, made through the public routes.
import { randomBytes, randomUUID } from 'node:crypto';

import { must } from './host.mjs';

export const randomKey = () => randomBytes(32).toString('hex');
export const nobody = () => randomUUID();

/** One holder of a key in a space. */
export class Member {
  constructor(space, key, participantId, keyId) {
    Object.assign(this, { space, key, participantId, keyId });
  }

  ask(method, suffix, body = undefined, more = {}) {
    return this.space.host.ask(method, `${this.space.path}${suffix}`, {
      key: this.key,
      body,
      ...more,
    });
  }

  async do(method, suffix, body = undefined, more = {}) {
    return must(await this.ask(method, suffix, body, more));
  }

  send(content, more = {}) {
    return this.do('POST', '/messages', { content, ...more });
  }

  read(query = '') {
    return this.do('GET', `/messages${query}`);
  }
}

export class Space {
  static async create(host, settings = {}, more = {}) {
    const body = { name: 'A space of a test', requiresApproval: false, ...settings };
    const made = must(await host.ask('POST', '/oresundspace/space', { body, ...more }));
    const space = new Space();
    space.host = host;
    space.id = made.spaceId;
    space.made = made;
    space.path = `/oresundspace/space/${made.spaceId}`;
    space.owner = new Member(space, made.ownerPrivateKey, made.ownerId, made.keyId);
    return space;
  }

  /** The answer of `invite`. */
  invite(settings = {}) {
    return this.owner.do('POST', '/invite', settings);
  }

  /** Joins with an invitation key; a Member, whose `pending` is set when the owner has to decide. */
  async join(invitationKey, name = 'guest', more = {}) {
    const { fields, ...body } = more;
    const asked = await this.host.ask('POST', `${this.path}/join`, {
      key: invitationKey,
      body: { name, ...body },
      fields,
    });
    const joined = must(asked);
    const member = new Member(
      this,
      joined.participantPrivateKey,
      joined.participantId,
      joined.keyId,
    );
    member.invitationKey = invitationKey;
    member.joinToken = joined.joinToken;
    member.pending = joined.status === 'pending';
    return member;
  }

  /** A new participant (or observer) with an invitation of its own. */
  async admit(role = 'participant', name = role, more = {}) {
    const invitation = await this.invite({ role, requiresApproval: false });
    // With a join token of its own it could collect a new key after a reissue.
    const joinToken = randomKey();
    const fields = { 'X-Join-Token': joinToken };
    const member = await this.join(invitation.publicInvitationKey, name, { fields, ...more });
    member.joinToken = joinToken;
    member.invitation = invitation;
    return member;
  }

  /** Waits for approval with its join token. */
  poll(member, fields = { 'X-Join-Token': member.joinToken }) {
    return this.host.ask('GET', `${this.path}/join/${member.participantId}`, {
      key: member.invitationKey,
      fields,
    });
  }

  approve(member) {
    return this.owner.do('POST', `/participants/${member.participantId}/approve`);
  }

  kick(member, more = {}) {
    return this.owner.do('POST', `/participants/${member.participantId}/kick`, more);
  }

  mute(member, more = undefined) {
    return this.owner.do('POST', `/participants/${member.participantId}/mute`, more);
  }

  close(more = undefined) {
    return this.owner.do('DELETE', '', more);
  }
}

/** Whoever presents a key may end it. */
export function revokePresented(host, key) {
  return host.ask('POST', '/oauth/revoke', {
    body: `token=${key}`,
    type: 'application/x-www-form-urlencoded',
  });
}
