/** Cancellations on a server that dies of them: once taken they hold, at once and without another call of the model. */
import { describe, expect, test } from '@jest/globals';
import { calls, hang, text } from '../support/scripted-model.ts';
import { seeThrough } from './conversation.ts';
import { type CrashableServer, eventually } from './crashable.ts';
import { type Asked, QUESTION, ask, endOf, onServer } from './ending.ts';
import { TEST_MS, around } from './points.ts';

const ASKED = `user: ${QUESTION}`;
const isTaken = (crashAt: string): boolean => !['before:cancel-run', 'inside:cancel-run'].includes(crashAt);

/** May be heard or not: the server dies before or after. */
const cancel = (server: CrashableServer, { threadId, runId }: Asked): Promise<unknown> =>
  server.survive((client) => client.beta.threads.runs.cancel(runId, { thread_id: threadId }));

const POINTS = [...around('cancel-run', 'end-run-cancelled'), 'before-ack:settle-run'];

describe.each([
  ['polled', false],
  ['streamed', true],
])('%s', (_, streamed) => {
  test.concurrent.each(POINTS)('a run is cancelled in the middle of an answer, with a kill -9 at %s', async (crashAt) => {
    const slow = hang('Hmm…');
    await onServer({ crashAt }, [slow, text('No.')], async (server, model) => {
      const asked = await ask(server, streamed);
      await slow.reached;
      await cancel(server, asked);
      const { status, transcript, steps } = await endOf(server, asked);
      expect(server.crashes).toEqual([crashAt]);
      expect(status).toBe(isTaken(crashAt) ? 'cancelled' : 'completed');
      expect(model.requests).toHaveLength(isTaken(crashAt) ? 2 : 3);
      if (!isTaken(crashAt)) return expect([transcript, steps]).toEqual([[ASKED, 'assistant: No.'], ['message_creation completed']]);
      // What the model had said is kept if the driver lived to write it down, and then with its step.
      expect([ASKED, 'assistant: Hmm…']).toEqual(expect.arrayContaining(transcript));
      expect(steps).toEqual(transcript.slice(1).map(() => 'message_creation cancelled'));
    });
  }, TEST_MS);
});

test.concurrent.each(POINTS)('a run is cancelled while it waits for outputs, with a kill -9 at %s', async (crashAt) => {
  await onServer({ crashAt }, [calls([{ name: 'lookup', arguments: { city: 'Oslo' } }])], async (server) => {
    const asked = await ask(server, false);
    const look = () => server.insist((client) => client.beta.threads.runs.retrieve(asked.runId, { thread_id: asked.threadId }));
    await eventually('the run waits', async () => ((await look()).status === 'requires_action' ? true : undefined));
    await cancel(server, asked);
    const waits = !isTaken(crashAt);
    if (waits) expect((await look()).status).toBe('requires_action');
    if (waits) await seeThrough(server, asked.threadId, asked.runId, true);
    const { status, steps } = await endOf(server, asked);
    expect(server.crashes).toEqual([crashAt]);
    expect(status).toBe(waits ? 'completed' : 'cancelled');
    expect(steps).toEqual(waits ? ['lookup -> sunny completed', 'message_creation completed'] : ['lookup -> nothing cancelled']);
  });
}, TEST_MS);
