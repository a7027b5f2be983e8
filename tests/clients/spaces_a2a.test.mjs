// The official A2A clients through the door of the spaces: one that speaks 0.3 and one that speaks
// 1.0. Each begins with nothing but the address of the server.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';

import { Role, TaskState } from '@a2a-js/sdk';
import * as newer from '@a2a-js/sdk/client';
import * as older from 'a2a-sdk-0.3/client';

import { freePort, Home, Server } from '../support/node/kronborg.mjs';

let home;
let server;
before(async () => {
  home = new Home();
  home.ask(['init', '--keystore', 'file']);
  const port = await freePort();
  home.configure(`[http]\npublic_origin = "http://127.0.0.1:${port}"\n`);
  server = await Server.start(home, [], port);
});
after(async () => {
  await server?.stop();
  home?.remove();
});

/** A call of the REST surface that must succeed. */
async function rest(method, path, key, body = undefined) {
  const answer = await fetch(server.url + path, {
    method,
    headers: {
      ...(key ? { 'X-Private-Key': key } : {}),
      ...(body ? { 'Content-Type': 'application/json' } : {}),
    },
    body: body && JSON.stringify(body),
  });
  const value = await answer.json();
  assert.equal(answer.status, 200, JSON.stringify(value));
  return value;
}

/** A key of a participant of the space. */
async function join(spaceId, ownerKey, name) {
  const { publicInvitationKey } = await rest(
    'POST',
    `/oresundspace/space/${spaceId}/invite`,
    ownerKey,
    { requiresApproval: false },
  );
  const path = `/oresundspace/space/${spaceId}/join`;
  return (await rest('POST', path, publicInvitationKey, { name })).participantPrivateKey;
}

function withKey(key, signal = undefined) {
  return { ...(key ? { serviceParameters: { 'X-Private-Key': key } } : {}), signal };
}

// What the two protocols say differently, so that one test can speak both.
const speakers = {
  0.3: {
    sdk: older,
    part: (text) => ({ kind: 'text', text }),
    data: (data) => ({ kind: 'data', data }),
    message: (parts, taskId) => ({
      message: { kind: 'message', messageId: randomUUID(), role: 'user', parts, taskId },
    }),
    text: (part) => part.text,
    dataOf: (part) => part.data,
    states: { working: 'working', canceled: 'canceled' },
    roles: { user: 'user', agent: 'agent' },
    kindOf: (event) => event.kind,
    inside: (event) => event,
  },
  '1.0': {
    sdk: newer,
    part: (value) => ({ content: { $case: 'text', value }, filename: '', mediaType: '' }),
    data: (value) => ({ content: { $case: 'data', value }, filename: '', mediaType: '' }),
    message: (parts, taskId = '') => ({
      tenant: '',
      message: {
        messageId: randomUUID(),
        role: Role.ROLE_USER,
        parts,
        taskId,
        contextId: '',
        extensions: [],
        referenceTaskIds: [],
      },
    }),
    text: (part) => part.content.value,
    dataOf: (part) => part.content.value,
    states: { working: TaskState.TASK_STATE_WORKING, canceled: TaskState.TASK_STATE_CANCELED },
    roles: { user: Role.ROLE_USER, agent: Role.ROLE_AGENT },
    kindOf: (event) =>
      ({ task: 'task', statusUpdate: 'status-update', artifactUpdate: 'artifact-update' })[
        event.payload.$case
      ],
    inside: (event) => event.payload.value,
  },
};

for (const [version, speaker] of Object.entries(speakers)) {
  describe(`A2A ${version}`, () => {
    let client;
    let card;
    before(async () => {
      client = await new speaker.sdk.ClientFactory().createFromUrl(server.url);
      card = await client.getAgentCard();
    });

    /** A space made from text; its task and what only its maker is told. */
    async function create(parts) {
      const task = await client.sendMessage(speaker.message(parts), withKey());
      return { task, told: speaker.dataOf(task.status.message.parts[1]) };
    }

    test('the card names the skills', () => {
      assert.deepEqual(
        card.skills.map((skill) => skill.id),
        ['space.create', 'space.negotiate', 'space.incident'],
      );
      assert.ok(card.capabilities.streaming);
    });

    test('text opens a space, and its key reads and writes it', async () => {
      const { task, told } = await create([speaker.part('Plan the move\nWho moves which shelf?')]);
      assert.equal(task.id, told.spaceId);
      assert.equal(task.status.state, speaker.states.working);
      assert.equal(task.metadata.name, 'Plan the move');
      assert.match(told.ownerPrivateKey, /^[0-9a-f]{64}$/);

      const parts = [speaker.part('I take shelf 4.'), speaker.data({ shelf: 4 })];
      const request = speaker.message(parts, task.id);
      const sent = await client.sendMessage(request, withKey(told.ownerPrivateKey));
      assert.deepEqual(
        sent.history.map((message) => speaker.text(message.parts[0])),
        ['I take shelf 4.', '{"shelf":4}'],
      );
      // The same message again says nothing new.
      await client.sendMessage(request, withKey(told.ownerPrivateKey));

      const helper = await join(task.id, told.ownerPrivateKey, 'helper');
      const read = await client.getTask({ id: task.id, historyLength: 2 }, withKey(helper));
      assert.deepEqual(
        read.history.map((message) => message.metadata.seq),
        [2, 3],
      );
      assert.equal(read.history[0].role, speaker.roles.agent);
      assert.equal(JSON.stringify(read).includes(told.ownerPrivateKey), false);
    });

    test('a skill opens a space with an invitation and a document', async () => {
      const { task, told } = await create([
        speaker.data({ skill: 'space.negotiate', name: 'Licence 2027' }),
      ]);
      assert.equal(told.invitation.maxUses, 5);
      assert.match(told.invitation.agentLink, /\.well-known\/agent\.md$/);
      const read = await client.getTask({ id: task.id }, withKey(told.ownerPrivateKey));
      assert.equal(read.artifacts[0].name, 'agreement.md');
      assert.match(speaker.text(read.artifacts[0].parts[0]), /^# Agreement/);
      assert.equal(read.metadata.requiresApproval, true);
    });

    test('a stream tells messages, revisions and the end', async () => {
      const { task, told } = await create([speaker.part('Streamed')]);
      const key = told.ownerPrivateKey;
      const helper = await join(task.id, key, 'helper');
      const events = client.sendMessageStream(
        speaker.message([speaker.part('Are you there?')], task.id),
        withKey(key, AbortSignal.timeout(30_000)),
      );
      const next = async () => {
        const { value, done } = await events.next();
        assert.ok(!done);
        return { kind: speaker.kindOf(value), ...speaker.inside(value) };
      };

      const first = await next();
      assert.equal(first.kind, 'task');
      assert.equal(speaker.text(first.history.at(-1).parts[0]), 'Are you there?');

      const space = `/oresundspace/space/${task.id}`;
      await rest('POST', `${space}/messages`, helper, { content: 'Yes.' });
      const said = await next();
      assert.equal(said.kind, 'status-update');
      assert.equal(speaker.text(said.status.message.parts[0]), 'Yes.');
      assert.equal(said.status.message.role, speaker.roles.agent);
      assert.equal(said.status.message.metadata.sender.name, 'helper');

      await rest('POST', `${space}/artifacts`, helper, { name: 'notes.md', content: '# Notes' });
      const heard = [await next(), await next()]; // the document, and the system's word of it
      const written = heard.find((event) => event.kind === 'artifact-update');
      assert.equal(written.artifact.name, 'notes.md');
      assert.equal(speaker.text(written.artifact.parts[0]), '# Notes');
      assert.equal(written.artifact.metadata.revision, 1);

      await assert.rejects(client.cancelTask({ id: task.id }, withKey(helper)), (error) =>
        isCode(error, -32002),
      );
      const canceled = await client.cancelTask({ id: task.id }, withKey(key));
      assert.equal(canceled.status.state, speaker.states.canceled);
      let last = await next();
      while (last.status?.message) last = await next();
      assert.equal(last.status.state, speaker.states.canceled);
      if (version === '0.3') assert.equal(last.final, true);
      assert.ok((await events.next()).done);
    });

    test('a space is made and streamed in one call, and followed again', async () => {
      const patience = AbortSignal.timeout(30_000);
      const making = client.sendMessageStream(
        speaker.message([speaker.part('At once')]),
        withKey(undefined, patience),
      );
      const made = speaker.inside((await making.next()).value);
      const told = speaker.dataOf(made.status.message.parts[1]);
      const following = client.resubscribeTask(
        { id: made.id },
        withKey(told.ownerPrivateKey, patience),
      );
      assert.equal(speaker.inside((await following.next()).value).id, made.id);
      const request = speaker.message([speaker.part('Hello')], made.id);
      await client.sendMessage(request, withKey(told.ownerPrivateKey));
      for (const stream of [making, following]) {
        const said = speaker.inside((await stream.next()).value);
        assert.equal(speaker.text(said.status.message.parts[0]), 'Hello');
        assert.equal(said.status.message.role, speaker.roles.user);
        await stream.return();
      }
    });

    test('without its key a task does not exist', async () => {
      const { task } = await create([speaker.part('Mine')]);
      const { told } = await create([speaker.part('Yours')]);
      await assert.rejects(
        client.getTask({ id: task.id }, withKey(told.ownerPrivateKey)),
        (error) => isCode(error, -32001),
      );
      await assert.rejects(client.getTask({ id: task.id }, withKey()), (error) =>
        isCode(error, -32000),
      );
    });
  });
}

/** The code of JSON-RPC that an error of either client stands for. */
function isCode(error, code) {
  const response = error.errorResponse ?? {};
  const known = error.envelopeCode ?? response.error?.code;
  assert.equal(known ?? Number(/-32\d{3}/.exec(error.message)?.[0]), code, error.message);
  return true;
}

test('version 1.0 lists the one task of a key', async () => {
  const client = await new newer.ClientFactory().createFromUrl(server.url);
  const made = await rest('POST', '/oresundspace/space', undefined, { name: 'Alone' });
  const { tasks, totalSize } = await client.listTasks(
    { tenant: '', contextId: '', status: 0, pageToken: '' },
    withKey(made.ownerPrivateKey),
  );
  assert.equal(totalSize, 1);
  assert.equal(tasks[0].id, made.spaceId);
});

test('a refused request leads to the metadata of the door', async () => {
  const answer = await fetch(`${server.url}/a2a`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'A2A-Version': '1.0' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 7, method: 'GetTask', params: { id: randomUUID() } }),
  });
  assert.equal(answer.status, 401);
  const { error, id } = await answer.json();
  assert.equal(id, 7);
  assert.equal(error.data[0].reason, 'KEY_MISSING');
  const [, metadata] = /resource_metadata="([^"]+)"/.exec(answer.headers.get('www-authenticate'));
  assert.equal(metadata, `${server.url}/.well-known/oauth-protected-resource/a2a`);
  assert.equal((await (await fetch(metadata)).json()).resource, `${server.url}/a2a`);
});
