/** Threads deleted on a server that dies of it: all or nothing for the client, and in the end not a row of theirs is left. */
import { describe, expect, test } from '@jest/globals';
import { NotFoundError } from 'openai';
import { START_MS } from '../support/manual-clock.ts';
import { calls, hang, text } from '../support/scripted-model.ts';
import { rest } from './conversation.ts';
import { type CrashableServer, eventually } from './crashable.ts';
import { ask, onServer } from './ending.ts';
import { brokenRules, readLedger } from './ledger.ts';
import { TEST_MS, around, withoutCount } from './points.ts';

/** More than one commit of the reaper takes. */
const MANY = 120;
const LOOKUP_CALL = calls([{ name: 'lookup', arguments: {} }]);

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
  expect(await brokenRules(server)).toEqual([]);
  await expect(server.client.beta.threads.retrieve(threadId)).rejects.toThrow('No thread found');
  await expect(server.client.beta.threads.messages.list(threadId)).rejects.toThrow('No thread found');
}

/** A thread with a finished run and many messages. */
async function longThread(server: CrashableServer): Promise<string> {
  const { threadId, runId, asking } = await ask(server, false);
  await asking;
  expect((await rest(server, threadId, runId)).status).toBe('completed');
  for (let n = 0; n < MANY; n++) await server.client.beta.threads.messages.create(threadId, { role: 'user', content: `More ${n}` });
  return threadId;
}

describe('a thread at rest', () => {
  // The reaper's commits: the run's steps, the run, and the messages in two.
  const reaping = [1, 2, 3, 4].flatMap((n) => around('reap-thread').map((point) => `${point}@${n}`));

  test.concurrent.each([...around('delete-thread'), ...reaping, 'before-ack:removed'])('is deleted whole, with a kill -9 at %s', async (crashAt) => {
    await onServer({ crashAt }, [text('Well.')], async (server) => {
      const other = await server.client.beta.threads.create({ messages: [{ role: 'user', content: 'I stay.' }] });
      const threadId = await longThread(server);
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

describe.each([
  ['polled', false],
  ['streamed', true],
])('a thread with a %s run', (_, streamed) => {
  const points = [...around('delete-thread'), ...around('reap-thread'), 'before-ack:removed'];

  test.concurrent.each(points)('under way is deleted whole, with a kill -9 at %s', async (crashAt) => {
    const slow = hang('Let me think');
    await onServer({ crashAt }, [slow, ...[1, 2, 3].map(() => text('Too late.'))], async (server) => {
      const { threadId } = await ask(server, streamed);
      await slow.reached;
      await deleteThread(server, threadId);
      await server.outlived();
      await expectGone(server, threadId, 0);
      expect(server.crashes).toEqual([crashAt]);
    });
  }, TEST_MS);

  test.concurrent.each(points)('that waits for outputs is deleted whole, and so is its timer, with a kill -9 at %s', async (crashAt) => {
    await onServer({ crashAt, clockMs: START_MS }, [LOOKUP_CALL], async (server) => {
      const { threadId, runId, asking } = await ask(server, streamed);
      await asking;
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
