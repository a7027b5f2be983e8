// Watching a space: breaks, repeats and ends (docs/protocol/spaces.md section 8.4).
import assert from 'node:assert/strict';
import { describe as suite, test } from 'node:test';

import { SpacesClient } from '@kronborg/client';
import { answers, json, key, lost, origin, participantId, spaceId } from './scripted_host.mjs';

suite('watching', () => {
  const snapshot = (lastSeq) =>
    `event: space\ndata: {"action":"snapshot","space":{},"lastSeq":${lastSeq}}\n\n`;
  const message = (seq) =>
    `id: ${seq}\nevent: message\ndata: {"seq":${seq},"content":"m${seq}"}\n\n`;
  const redaction = (seq) =>
    `event: message\ndata: {"seq":${seq},"content":"","redacted":true}\n\n`;

  /** An answer with these events that then ends, or breaks off. */
  function stream(text, isBroken = false) {
    const parts = [new TextEncoder().encode(text)];
    const body = new ReadableStream({
      pull: (controller) => {
        const part = parts.shift();
        if (part !== undefined) controller.enqueue(part);
        else if (isBroken) controller.error(new TypeError('terminated'));
        else controller.close();
      },
    });
    return new Response(body, { status: 200, headers: { 'content-type': 'text/event-stream' } });
  }

  /** Everything that is seen until `script` is used up. */
  async function watch(script, options = {}) {
    const controller = new AbortController();
    const waits = [];
    const view = answers(...script, (init) => {
      controller.abort();
      return Promise.reject(init.signal.reason);
    });
    const space = new SpacesClient({ origin, fetch: view.fetch }).space(
      spaceId,
      participantId,
      key,
    );
    const seen = [];
    const pause = async (ms) => void waits.push(ms);
    for await (const event of space.watch({ ...options, signal: controller.signal, pause })) {
      seen.push(
        event.message ? `${event.message.seq}${event.message.redacted ? 'r' : ''}` : event.event,
      );
    }
    return { seen, waits, asked: view.asked };
  }

  test('after a break it goes on behind the last message, each once', async () => {
    const { seen, waits, asked } = await watch([
      stream(`retry: 3000\n\n${snapshot(4)}${message(5)}${message(6)}`, true),
      stream(`retry: 500\n\n${snapshot(8)}${message(6)}${message(7)}${redaction(5)}${message(8)}`),
    ]);
    assert.deepEqual(seen, ['space', '5', '6', 'space', '7', '5r', '8']);
    assert.deepEqual(
      asked.map(({ headers }) => headers['last-event-id']),
      [undefined, '6', '8'],
    );
    assert.deepEqual(waits, [3000, 500]);
    assert.equal(asked[0].headers.accept, 'text/event-stream');
  });

  test('a watch that began now loses nothing when it breaks before the first message', async () => {
    const { asked } = await watch([stream(snapshot(4), true)]);
    assert.equal(asked[1].headers['last-event-id'], '4');
  });

  test('a cursor and a sequence as beginning', async () => {
    const from = async (options) => (await watch([stream(snapshot(9))], options)).asked;
    const byCursor = await from({ cursor: 'c1.x' });
    assert.deepEqual(
      byCursor.map(({ path }) => path.split('?')[1]),
      ['cursor=c1.x', 'cursor=c1.x'],
    );
    const bySeq = await from({ after: 3 });
    assert.deepEqual(
      bySeq.map(({ headers }) => headers['last-event-id']),
      ['3', '3'],
    );
  });

  test('a host that is away or busy is asked again, ever later', async () => {
    const { waits } = await watch([
      lost(),
      json(503, { error: 'x', code: 'overloaded' }),
      json(429, { error: 'x', code: 'too_many_streams' }, { 'retry-after': '90' }),
      stream(snapshot(0)),
      lost(),
    ]);
    assert.deepEqual(waits, [3000, 6000, 90_000, 3000, 3000]);
  });

  test('the end of the key ends the watch, as an event and as an answer', async () => {
    const data = { code: 'key_revoked', reason: 'kicked', keyId: 'k' };
    const revoked = `event: key_revoked\ndata: ${JSON.stringify(data)}\n\n`;
    for (const answer of [
      stream(snapshot(1) + revoked),
      json(401, { error: 'x', code: 'key_revoked', reason: 'kicked' }),
    ]) {
      await assert.rejects(watch([answer]), (error) => {
        assert.deepEqual([error.code, error.details.reason], ['key_revoked', 'kicked']);
        return true;
      });
    }
  });

  test('events of other names are passed over, and a refusal is not tried again', async () => {
    const { seen } = await watch([stream(`event: weather\ndata: {}\n\n: hb\n\n${message(1)}`)], {
      after: 0,
    });
    assert.deepEqual(seen, ['1']);
    await assert.rejects(watch([json(403, { error: 'x', code: 'wrong_space' })]), {
      code: 'wrong_space',
    });
    await assert.rejects(watch([stream('event: message\ndata: {\n\n')]), {
      code: 'answer_malformed',
    });
  });
});
