/** Time across restarts, on a clock that stands still until the test moves it: windows close at their second, whoever was up then. */
import { describe, expect, test } from '@jest/globals';
import { APIError } from 'openai';
import { START_MS } from '../support/manual-clock.ts';
import { calls, hang, text } from '../support/scripted-model.ts';
import { addMessage, rest } from './conversation.ts';
import { type CrashableServer, eventually } from './crashable.ts';
import { type Asked, QUESTION, ask, endOf, onServer } from './ending.ts';
import { brokenRules, readLedger } from './ledger.ts';
import { TEST_MS, around } from './points.ts';

const DAY_MS = 86_400_000;
const ASKED = `user: ${QUESTION}`;
const LOOKUP = () => [calls([{ name: 'lookup', arguments: {} }])];
/** Not a whole second, which is what windows are counted in. */
const clockMs = START_MS + 345;
const BY_HAND = { clockMs, byHand: true };

const storedRun = (server: CrashableServer, { runId }: Asked) => readLedger(server.dataDir).runs.find(({ id }) => id === runId);
const seen = (server: CrashableServer, { threadId, runId }: Asked) => server.insist((client) => client.beta.threads.runs.retrieve(runId, { thread_id: threadId }));
const isStored = (server: CrashableServer, asked: Asked, status: string) =>
  eventually(`the run is stored as ${status}`, () => Promise.resolve(storedRun(server, asked)?.status === status ? true : undefined));

/** A run that waits for outputs, and how far away the second is at which it no longer does. */
async function waiting(server: CrashableServer): Promise<Asked & { windowMs: number; callId: string }> {
  const asked = await ask(server, false);
  await asked.asking;
  const run = await rest(server, asked.threadId, asked.runId);
  expect(run.status).toBe('requires_action');
  const callId = run.required_action?.submit_tool_outputs.tool_calls[0]?.id ?? '';
  return { ...asked, callId, windowMs: (run.expires_at ?? 0) * 1000 - server.nowMs };
}

async function submit(server: CrashableServer, { threadId, runId, callId }: Asked & { callId: string }): Promise<string> {
  try {
    const body = { thread_id: threadId, tool_outputs: [{ tool_call_id: callId, output: 'sunny' }] };
    return (await server.client.beta.threads.runs.submitToolOutputs(runId, body)).status;
  } catch (error) {
    return error instanceof APIError ? error.message : String(error);
  }
}

describe('a run that waits for outputs', () => {
  test.concurrent('expires at its very second after a kill -9', async () => {
    await onServer({ clockMs, crashAt: 'after:require-action' }, LOOKUP(), async (server) => {
      const asked = await waiting(server);
      expect(server.crashes).toHaveLength(1);
      expect(await server.pass(asked.windowMs - 1)).toBe(true);
      expect((await seen(server, asked)).status).toBe('requires_action');
      expect(storedRun(server, asked)?.status).toBe('requires_action');
      await expect(server.client.beta.threads.messages.create(asked.threadId, { role: 'user', content: 'Now?' })).rejects.toThrow('is active');
      expect(await server.pass(1)).toBe(true);
      expect((await seen(server, asked)).status).toBe('expired');
      expect(await submit(server, asked)).toContain('Runs in status "expired" do not accept tool outputs.');
      // Only the timer writes it down; nobody else has touched the run.
      await isStored(server, asked, 'expired');
      expect(await endOf(server, asked)).toEqual({ status: 'expired', transcript: [ASKED], steps: ['lookup -> nothing expired'] });
    });
  }, TEST_MS);

  test.concurrent('takes outputs a millisecond before its second, after kill -9 upon kill -9', async () => {
    await onServer(BY_HAND, LOOKUP(), async (server) => {
      const asked = await waiting(server);
      await server.kill();
      await server.restart({ afterMs: 300_000 });
      await server.kill();
      await server.restart({ afterMs: asked.windowMs - 300_001 });
      expect(await submit(server, asked)).toBe('queued');
      // As long as the clock stands still the last millisecond is long enough for the model.
      expect(await endOf(server, asked)).toMatchObject({ status: 'completed', transcript: [ASKED, 'assistant: Yes.'] });
    });
  }, TEST_MS);

  test.concurrent.each([0, 1, 3_600_000])('is expired when the server comes back %i ms too late, and its thread is free at once', async (lateMs) => {
    await onServer(BY_HAND, LOOKUP(), async (server) => {
      const asked = await waiting(server);
      await server.kill();
      await server.restart({ afterMs: asked.windowMs + lateMs });
      await addMessage(server, asked.threadId, 'Anybody there?');
      expect((await seen(server, asked)).status).toBe('expired');
      await isStored(server, asked, 'expired');
      expect(await brokenRules(server)).toEqual([]);
    });
  }, TEST_MS);

  test.concurrent.each([...around('end-run-expired'), 'before-ack:expire-run'])('has expired after a kill -9 at %s', async (crashAt) => {
    await onServer({ ...BY_HAND, crashAt }, LOOKUP(), async (server) => {
      const asked = await waiting(server);
      expect(await server.pass(asked.windowMs).then(() => server.died())).toBe(crashAt);
      await server.restart();
      await isStored(server, asked, 'expired');
      expect(await endOf(server, asked)).toMatchObject({ status: 'expired', steps: ['lookup -> nothing expired'] });
    });
  }, TEST_MS);
});

describe.each([
  ['polled', false],
  ['streamed', true],
])('a %s run under way', (_, streamed) => {
  test.concurrent.each(around('end-run-expired'))('that takes too long has expired after a kill -9 at %s', async (crashAt) => {
    const slow = hang('Hmm…');
    await onServer({ clockMs, crashAt }, [slow], async (server) => {
      const asked = await ask(server, streamed);
      await slow.reached;
      expect(await server.pass(600_000).then(() => server.died())).toBe(crashAt);
      const { status, transcript, steps } = await endOf(server, asked);
      expect(status).toBe('expired');
      // What was said is lost with the driver, or kept with its step.
      expect([ASKED, 'assistant: Hmm…']).toEqual(expect.arrayContaining(transcript));
      expect(steps).toEqual(transcript.slice(1).map(() => 'message_creation expired'));
    });
  }, TEST_MS);

  test.concurrent('has expired when nobody was there to drive it until its window closed', async () => {
    await onServer({ ...BY_HAND, crashAt: 'after:create-run' }, [], async (server, model) => {
      const asking = ask(server, streamed);
      expect(await server.died()).toBe('after:create-run');
      await server.restart({ afterMs: 600_000 });
      const asked = await asking;
      expect(await endOf(server, asked)).toEqual({ status: 'expired', transcript: [ASKED], steps: [] });
      // Not even asked: there was nobody left to answer.
      expect(model.requests).toHaveLength(1);
    });
  }, TEST_MS);
});

test.concurrent('a thread that fell due while the server was down is gone when it is back, with all that hung under it', async () => {
  await onServer(BY_HAND, [text('Well.')], async (server) => {
    const asked = await ask(server, false);
    await endOf(server, asked);
    await server.kill();
    await server.restart({ afterMs: 60 * DAY_MS - 1 });
    expect((await server.client.beta.threads.retrieve(asked.threadId)).id).toBe(asked.threadId);
    await server.kill();
    await server.restart({ afterMs: 1 });
    await expect(server.client.beta.threads.retrieve(asked.threadId)).rejects.toThrow('No thread found');
    await eventually('nothing is left', () => {
      const { threads, messages, runs, steps } = readLedger(server.dataDir);
      return Promise.resolve(threads.length + messages.length + runs.length + steps.length === 0 ? true : undefined);
    });
  });
}, TEST_MS);
