/** Runs that fail, stop short or outlast a lease, on a server that dies as they do. */
import { describe, expect, test } from '@jest/globals';
import { type Step, calls, hang, httpError, length, text } from '../support/scripted-model.ts';
import { START_MS } from '../support/manual-clock.ts';
import { QUESTION, ask, endOf, onServer } from './ending.ts';
import { TEST_MS, around } from './points.ts';

const ASKED = `user: ${QUESTION}`;
const refused = (): Step => httpError(400, { message: 'The model has no wish to answer.' });

describe.each([
  ['polled', false],
  ['streamed', true],
])('%s', (_, streamed) => {
  test.concurrent.each(around('end-run-failed'))('a run that fails has failed after a kill -9 at %s', async (crashAt) => {
    await onServer({ crashAt }, [refused(), refused()], async (server, model) => {
      expect(await endOf(server, await ask(server, streamed))).toEqual({ status: 'failed', transcript: [ASKED], steps: [] });
      expect(server.crashes).toEqual([crashAt]);
      // Asked again only if the refusal was not on record yet.
      expect(model.requests).toHaveLength(crashAt.startsWith('after') ? 2 : 3);
    });
  }, TEST_MS);

  test.concurrent.each(around('end-run-incomplete'))('a run that is cut short is incomplete after a kill -9 at %s', async (crashAt) => {
    await onServer({ crashAt }, [length('Well, I'), length('Well, I')], async (server, model) => {
      const expected = { status: 'incomplete', transcript: [ASKED, 'assistant: Well, I'], steps: ['message_creation completed'] };
      expect(await endOf(server, await ask(server, streamed))).toEqual(expected);
      expect(server.crashes).toEqual([crashAt]);
      expect(model.requests).toHaveLength(crashAt.startsWith('after') ? 2 : 3);
    });
  }, TEST_MS);

  test.concurrent.each(around('renew-lease'))('a run is taken over after a kill -9 at %s', async (crashAt) => {
    const slow = hang('Let me think');
    await onServer({ crashAt, clockMs: START_MS }, [slow, text('No.')], async (server) => {
      const asked = await ask(server, streamed);
      await slow.reached;
      expect(await server.pass(15_000)).toBe(false);
      expect(await endOf(server, asked)).toEqual({ status: 'completed', transcript: [ASKED, 'assistant: No.'], steps: ['message_creation completed'] });
      expect(server.crashes).toEqual([crashAt]);
    });
  }, TEST_MS);

  test.concurrent.each([3, 6])('an upstream that fails, then a kill -9 while %i chunks of the next try are there', async (chunks) => {
    const crashAt = `model:chunk:${chunks}`;
    await onServer({ crashAt }, [httpError(500), text('I am not so sure of that.'), text('I am.')], async (server, model) => {
      expect(await endOf(server, await ask(server, streamed))).toEqual({ status: 'completed', transcript: [ASKED, 'assistant: I am.'], steps: ['message_creation completed'] });
      expect(server.crashes).toEqual([crashAt]);
      expect(model.requests).toHaveLength(4);
    });
  }, TEST_MS);

  test.concurrent('a run that dies in the middle of many parallel calls asks for them all, once', async () => {
    const many = Array.from({ length: 20 }, (_, n) => ({ name: 'lookup', arguments: { city: `City ${n}` } }));
    await onServer({ crashAt: 'model:chunk:30' }, [calls(many), calls(many)], async (server) => {
      const asked = await ask(server, streamed);
      const { required_action } = await server.insist((client) => client.beta.threads.runs.poll(asked.runId, { thread_id: asked.threadId }));
      const open = required_action?.submit_tool_outputs.tool_calls.map((call) => JSON.parse(call.function.arguments) as unknown);
      expect(open).toEqual(many.map((call) => call.arguments));
      expect(server.crashes).toEqual(['model:chunk:30']);
    });
  }, TEST_MS);
});
