/** Thread and run in one request, on a server that dies of it: there are both or neither. */
import { describe, expect, test } from '@jest/globals';
import { APIError } from 'openai';
import { type Step, text } from '../support/scripted-model.ts';
import { createAssistant, once, rest, transcript } from './conversation.ts';
import { QUESTION, onServer } from './ending.ts';
import { brokenRules, readLedger } from './ledger.ts';
import { TEST_MS, around } from './points.ts';

const ANSWERS: () => Step[] = () => [1, 2].map(() => text('Well.'));
const THREAD = { messages: [{ role: 'user' as const, content: QUESTION }] };
const WHOLE = [`user: ${QUESTION}`, 'assistant: Well.'];

describe('create-and-run', () => {
  test.concurrent.each(around('create-run'))('polled, with an Idempotency-Key, happens once in spite of a kill -9 at %s', async (crashAt) => {
    await onServer({ crashAt }, ANSWERS(), async (server) => {
      const assistant_id = await createAssistant(server);
      const key = once();
      const run = await server.insist((client) => client.beta.threads.createAndRun({ assistant_id, thread: THREAD }, key));
      expect((await rest(server, run.thread_id, run.id)).status).toBe('completed');
      expect(server.crashes).toEqual([crashAt]);
      expect(await transcript(server, run.thread_id)).toEqual(WHOLE);
      expect(await brokenRules(server)).toEqual([]);
      const { threads, runs } = readLedger(server.dataDir);
      expect([threads.length, runs.length]).toEqual([1, 1]);
    });
  }, TEST_MS);

  test.concurrent.each(around('create-run'))('streamed, with an Idempotency-Key, happens once in spite of a kill -9 at %s', async (crashAt) => {
    await onServer({ crashAt }, ANSWERS(), async (server) => {
      const assistant_id = await createAssistant(server);
      const key = once();
      const told = await server.insist(async (client) => {
        try {
          const events: string[] = [];
          for await (const { event } of await client.beta.threads.createAndRun({ assistant_id, thread: THREAD, stream: true }, key)) events.push(event);
          return events.at(-1) ?? 'nothing';
        } catch (error) {
          if (!(error instanceof APIError) || error.status === undefined) throw error;
          return error.message;
        }
      });
      expect(server.crashes).toEqual([crashAt]);
      const isHeard = crashAt.startsWith('after');
      // A stream cannot be told twice; the answer says which run to look at.
      if (isHeard) expect(told).toMatch(/has started a stream already, of run run_\w+ on thread_\w+/);
      else expect(told).toBe('thread.run.completed');
      expect(await brokenRules(server)).toEqual([]);
      const { threads, runs } = readLedger(server.dataDir);
      expect(runs.map(({ status }) => status)).toEqual(['completed']);
      expect(threads).toHaveLength(1);
      expect(await transcript(server, threads[0]?.id ?? '')).toEqual(WHOLE);
    });
  }, TEST_MS);
});
