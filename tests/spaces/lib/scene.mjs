// A space with one holder of every key type, and what the routes of routes.mjs work on.
import { Wallet } from './ethereum.mjs';
import { must } from './host.mjs';
import { Member, Space } from './space.mjs';

const signOffText = (origin, space, artifact, address) =>
  [
    'kronborg artifact sign-off v1',
    `origin: ${origin}`,
    `space: ${space}`,
    `artifact: ${artifact.artifactId}`,
    `revision: ${artifact.revision}`,
    `sha256: ${artifact.sha256}`,
    'intent: approve',
    `address: ${address}`,
  ].join('\n');

export class Scene {
  static async set(host) {
    const scene = new Scene();
    const space = await Space.create(host);
    Object.assign(scene, { host, space, owner: space.owner });
    scene.participant = await space.admit('participant', 'participant');
    scene.observer = await space.admit('observer', 'observer');
    const invitation = await space.invite({ requiresApproval: true });
    scene.invitation = new Member(space, invitation.publicInvitationKey);
    scene.pending = await space.join(scene.invitation.key, 'waiting');
    scene.wallet = Wallet.createRandom();
    const message = await scene.participant.send('Said by the participant');
    scene.artifact = await scene.participant.do('POST', '/artifacts', {
      name: 'a.md',
      content: 'one',
    });
    scene.values = {
      spaceId: space.id,
      keyId: scene.participant.keyId,
      invitationId: invitation.invitationId,
      publicInvitationKey: scene.invitation.key,
      participantId: scene.participant.participantId,
      pendingId: scene.pending.participantId,
      messageId: message.id,
      artifactId: scene.artifact.artifactId,
      revision: 1,
    };
    return scene;
  }

  /** Brings about what a request of `type` needs to succeed. */
  async prepare(what, type) {
    const member = this[type];
    if (type === 'observer') this.values.keyId = member.keyId;
    if (what === 'lock') {
      const locked = await member.do('POST', `/artifacts/${this.values.artifactId}/lock`, {
        leaseSeconds: 600,
      });
      this.fencingToken = locked.fencingToken;
    }
    if (what === 'challenge' || what === 'signOff') {
      const { challengeId, message } = await member.do('POST', '/identity/challenge', {
        address: this.wallet.address,
      });
      this.proof = { challengeId, signature: this.wallet.signMessageSync(message) };
    }
    if (what === 'signOff') {
      await member.do('POST', '/identity', this.proof);
      this.signOff = this.signed(this.artifact);
    }
  }

  /** The body that signs a revision off with the wallet of this scene. */
  signed({ artifactId, revision, sha256 }) {
    const { host, space, wallet } = this;
    const artifact = { artifactId, revision, sha256 };
    const text = signOffText(host.origin, space.id, artifact, wallet.address);
    return { revision, sha256, signature: wallet.signMessageSync(text) };
  }

  /** What a refused request must leave as it was. */
  async state() {
    const { participants, artifacts, lastSeq, updatedAt } = must(
      await this.host.ask('GET', this.space.path, { key: this.owner.key }),
    );
    const { keys } = await this.owner.do('GET', '/keys');
    const { invitations } = await this.owner.do('GET', '/invitations');
    const without = (rows, ...names) =>
      rows.map((row) =>
        Object.fromEntries(Object.entries(row).filter(([name]) => !names.includes(name))),
      );
    return {
      artifacts,
      lastSeq,
      updatedAt,
      participants: without(participants, 'lastSeenAt'),
      keys: without(keys, 'lastUsedAt'),
      invitations: without(invitations, 'lastUsedAt'),
    };
  }
}
