/** Threads deleted on a server that dies of it: all or nothing for the client, and in the end not a row of theirs is left. */
import { describe, expect, test } from '@jest/globals';
import { NotFoundError } from 'openai';
import { START_MS } from '../support/manual-clock.ts';
import { calls, hang, text } from '../support/scripted-model.ts';
import { createAssistant, rest } from './conversation.ts';
import { type CrashableServer, eventually } from './crashable.ts';
import { ask, onServer } from './ending.ts';
import { brokenRules, readLedger } from './ledger.ts';
import { TEST_MS, around, withoutCount } from './points.ts';

/** More than one commit of the reaper takes. */
const MANY = 120;

/** As a client does that retries: a second try may find that the first was heard. */
async function deleteThread(server: CrashableServer, threadId: string): Promise<void> {
  for (;;) {
    try {
      if (await server.survive((client) => client.beta.threads.delete(threadId))) return;
    } catch (error) {
      if (error instanceof NotFoundError) return;
      throw error;
    }
  }
}

/** Of this thread nothing can be read and nothing is stored; of others everything. */
async function expectGone(server: CrashableServer, threadId: string, others: number): Promise<void> {
  await eventually('nothing is left of the thread', () => {
    const { threads, messages, runs, steps } = readLedger(server.dataDir);
    const left = [...messages, ...runs, ...steps].filter((record) => record.threadId === threadId);
    return Promise.resolve(left.length === 0 && threads.length === others ? true : undefined);
  });
  // A job whose run is gone is looked into for a minute after it was due, half a minute at the latest, lest it came before its run.
  for (let halves = 0; halves < 4; halves++) expect(await server.pass(30_000)).toBe(true);
  expect(await brokenRules(server)).toEqual([]);
  await expect(server.client.beta.threads.retrieve(threadId)).rejects.toThrow('No thread found');
  await expect(server.client.beta.threads.messages.list(threadId)).rejects.toThrow('No thread found');
}

describe('a thread at rest', () => {
  // The reaper's commits: the run's steps, the run, and the messages in two.
  const reaping = ['before:reap-thread', 'inside:reap-thread@2', 'after:reap-thread@2', 'inside:reap-thread@3', 'after:reap-thread@3', 'after:reap-thread@4'];

  test.concurrent.each([...around('delete-thread'), ...reaping, 'before-ack:removed'])('is deleted whole, with a kill -9 at %s', async (crashAt) => {
    await onServer({ crashAt, clockMs: START_MS }, [], async (server) => {
      const other = await server.client.beta.threads.create({ messages: [{ role: 'user', content: 'I stay.' }] });
      const messages = Array.from({ length: MANY }, (_, n) => ({ role: 'user' as const, content: `Question ${n}` }));
      const { id: threadId } = await server.client.beta.threads.create({ messages });
      const run = await server.client.beta.threads.runs.createAndPoll(threadId, { assistant_id: await createAssistant(server) });
      expect(run.status).toBe('completed');
      await deleteThread(server, threadId);
      await server.outlived();
      await expectGone(server, threadId, 1);
      expect(server.crashes).toEqual([withoutCount(crashAt)]);
      const left = readLedger(server.dataDir);
      expect([left.messages.length, left.runs.length, left.steps.length]).toEqual([1, 0, 0]);
      expect((await server.client.beta.threads.messages.list(other.id)).data).toHaveLength(1);
    });
  }, TEST_MS);
});

describe('a thread with a run', () => {
  const points = [...around('delete-thread').slice(1), 'inside:reap-thread', 'after:reap-thread', 'before-ack:removed'];

  test.concurrent.each(points.flatMap((point) => [[point, 'polled'] as const, [point, 'streamed'] as const]))('under way is deleted whole, with a kill -9 at %s (%s)', async (crashAt, variant) => {
    const slow = hang('Let me think');
    await onServer({ crashAt, clockMs: START_MS }, [slow, ...[1, 2, 3].map(() => text('Too late.'))], async (server) => {
      const { threadId } = await ask(server, variant === 'streamed');
      await slow.reached;
      await deleteThread(server, threadId);
      await server.outlived();
      await expectGone(server, threadId, 0);
      expect(server.crashes).toEqual([crashAt]);
    });
  }, TEST_MS);

  test.concurrent.each(points)('that waits for outputs is deleted whole, and so is its timer, with a kill -9 at %s', async (crashAt) => {
    await onServer({ crashAt, clockMs: START_MS }, [calls([{ name: 'lookup', arguments: {} }])], async (server) => {
      const { threadId, runId } = await ask(server, false);
      expect((await rest(server, threadId, runId)).status).toBe('requires_action');
      await deleteThread(server, threadId);
      await server.outlived();
      await expectGone(server, threadId, 0);
      expect(await server.pass(600_000)).toBe(true);
      await eventually('no job is left', () => Promise.resolve(readLedger(server.dataDir).jobs.length === 0 ? true : undefined));
      expect(server.errors).toBe('');
      expect(server.crashes).toEqual([crashAt]);
    });
  }, TEST_MS);
});
