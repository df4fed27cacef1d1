import { describe, expect, test } from '@jest/globals';
import { type Step, cut, drop, httpError, streamError, text } from '../../support/scripted-model.ts';
import type { Run } from '../clients/client.ts';
import { type Stage, textOf } from '../stage.ts';
import { read, shape } from '../streams.ts';
import { functionTool } from '../tools.ts';

const SOMETHING_WENT_WRONG = { code: 'server_error', message: 'Sorry, something went wrong.' };
const QUOTA = {
  code: 'rate_limit_exceeded',
  message: 'You exceeded your current quota, please check your plan and billing details. For more information on this error, read the docs: https://platform.openai.com/docs/guides/error-codes/api-errors.',
};

/** A run on a thread of one message, when the model answers with these steps. */
async function runOn(stage: Stage, ...steps: Step[]): Promise<Run> {
  const { assistant_id, thread_id } = await stage.newPair();
  stage.model.script(...steps);
  return stage.runs.createAndPoll(thread_id, { assistant_id });
}

async function expectFree(stage: Stage, { thread_id }: Run): Promise<void> {
  await stage.messages.create(thread_id, { role: 'user', content: 'The thread is free.' });
}

export function upstream(use: () => Stage): void {
  describe('an upstream that fails', () => {
    test.each([
      ['too many requests', () => httpError(429, { retryAfterMs: 20 })],
      ['an error', () => httpError(500, { retryAfterMs: 1 })],
      ['too busy', () => httpError(503, { retryAfterMs: 1 })],
      ['no answer at all', () => drop()],
    ])('and passes is asked again: %s', async (_what, step) => {
      const stage = use();

      const run = await runOn(stage, step(), text('Hello again.'));

      expect(run).toMatchObject({ status: 'completed', last_error: null, usage: { total_tokens: 15 } });
      expect((await stage.messagesOf(run.thread_id)).map(textOf)).toEqual(['Hello', 'Hello again.']);
      expect(await stage.stepsOf(run)).toHaveLength(1);
    });

    test('more than once is asked more than once', async () => {
      const stage = use();

      const run = await runOn(stage, httpError(429, { retryAfterMs: 1 }), httpError(500), text('Hello again.'));

      expect(run).toMatchObject({ status: 'completed', last_error: null });
      expect(stage.model.requests).toHaveLength(3);
    });

    test('and passes leaves no trace in the stream', async () => {
      const stage = use();
      const { assistant_id, thread_id } = await stage.newPair();
      stage.model.script(httpError(429, { retryAfterMs: 1 }), text('Hello.'));

      const told = await read(await stage.runs.create(thread_id, { assistant_id, stream: true }));

      expect(shape(told.names).slice(0, 4)).toEqual(['run.created', 'run.queued', 'run.in_progress', 'run.step.created']);
      expect(told.names.at(-1)).toBe('thread.run.completed');
    });

    test('and asks for more time than the run has fails it at once', async () => {
      const stage = use();

      const run = await runOn(stage, httpError(429, { retryAfterMs: 700_000 }));

      expect(run).toMatchObject({ status: 'failed', last_error: { code: 'rate_limit_exceeded' } });
    });

    test('for want of quota fails the run at once', async () => {
      const stage = use();

      const run = await runOn(stage, httpError(429, { code: 'insufficient_quota', type: 'insufficient_quota', message: 'You exceeded your current quota.' }));

      expect(run).toMatchObject({ status: 'failed', last_error: QUOTA });
      await expectFree(stage, run);
    });

    test('because it does not like the request fails the run at once, in its own words', async () => {
      const stage = use();

      const run = await runOn(stage, httpError(400, { message: 'Unsupported value: temperature.', code: 'unsupported_value' }));

      expect(run).toMatchObject({ status: 'failed', last_error: { code: 'server_error', message: expect.stringMatching(/Unsupported value: temperature\./) as unknown } });
      await expectFree(stage, run);
    });

    test('because it filters the prompt fails the run as an invalid prompt', async () => {
      const stage = use();

      const run = await runOn(stage, httpError(400, { message: 'The prompt was filtered.', code: 'content_filter' }));

      expect(run).toMatchObject({ status: 'failed', last_error: { code: 'invalid_prompt' } });
    });

    test('because the prompt is too long is asked with a shorter one', async () => {
      const stage = use();
      const { assistant_id, thread_id } = await stage.newPair({}, ...Array.from({ length: 20 }, (_, n) => `${n}:${' word'.repeat(6000)}`));
      const tooLong = () => httpError(400, { code: 'context_length_exceeded', message: "This model's maximum context length is 4000 tokens." });
      stage.model.script(tooLong(), tooLong(), text('That fits.'));

      const run = await stage.runs.createAndPoll(thread_id, { assistant_id });

      expect(run.status).toBe('completed');
      const shown = stage.model.requests.map(({ body }) => body.messages.map(({ content }) => Number.parseInt(typeof content === 'string' ? content : '', 10)));
      const [first = [], second = [], third = []] = shown;
      expect(first.length).toBeGreaterThan(second.length);
      expect(second.length).toBeGreaterThan(third.length);
      for (const numbers of shown) expect(numbers.at(-1)).toBe(19);
    });

    test('because the prompt is too long, told behind a text, goes on behind that text', async () => {
      const stage = use();
      const { assistant_id, thread_id } = await stage.newPair({ tools: [functionTool('a')] }, 'Well?', 'Hello?');
      const tooLong = { code: 'context_length_exceeded', message: "This model's maximum context length is 4000 tokens." };
      stage.model.script(streamError({ text: 'Let me see.', calls: [{ name: 'a', arguments: {} }] }, tooLong), text('There it is.'));

      const run = await stage.runs.createAndPoll(thread_id, { assistant_id });

      expect(run.status).toBe('completed');
      expect((await stage.messagesOf(thread_id)).map(textOf)).toEqual(['Well?', 'Hello?', 'Let me see.', 'There it is.']);
      expect(stage.model.requests.at(-1)?.body.messages.at(-1)).toMatchObject({ role: 'assistant', content: 'Let me see.' });
      expect((await stage.stepsOf(run)).map(({ type }) => type)).toEqual(['message_creation', 'message_creation']);
    });

    test('because one message alone is too long fails the run as an invalid prompt', async () => {
      const stage = use();

      const run = await runOn(stage, httpError(400, { code: 'context_length_exceeded', message: 'Too long.' }));

      expect(run).toMatchObject({ status: 'failed', last_error: { code: 'invalid_prompt' } });
    });

    test.each([
      ['broken off', () => cut('Hello to')],
      ['ended too early', () => cut('Hello to', { clean: true })],
      ['ended by an error', () => streamError('Hello to')],
    ])('in the middle of its answer, %s, fails the run and keeps what was said', async (_how, step) => {
      const stage = use();
      const { assistant_id, thread_id } = await stage.newPair();
      stage.model.script(step());

      const told = await read(await stage.runs.create(thread_id, { assistant_id, stream: true }));

      expect(shape(told.names).slice(-4)).toEqual(['message.delta', 'message.incomplete', 'run.step.failed', 'run.failed']);
      const [run] = (await stage.runs.list(thread_id)).data;
      expect(run).toMatchObject({ status: 'failed', last_error: SOMETHING_WENT_WRONG });
      expect(run?.usage?.completion_tokens).toBeGreaterThan(0);
      const message = (await stage.messagesOf(thread_id)).at(-1);
      expect(message).toMatchObject({ status: 'incomplete', incomplete_details: { reason: 'run_failed' } });
      expect(textOf(message)).toBe('Hello to');
      expect(run && (await stage.stepsOf(run))).toMatchObject([{ status: 'failed', last_error: SOMETHING_WENT_WRONG }]);
    });

    test('in the middle of a call fails the run, and the call is not asked for', async () => {
      const stage = use();

      const run = await runOn(stage, cut([{ name: 'a', arguments: { n: 1 } }]));

      expect(run).toMatchObject({ status: 'failed', required_action: null });
      expect(await stage.stepsOf(run)).toMatchObject([{ type: 'tool_calls', status: 'failed' }]);
      await expectFree(stage, run);
    });

    test('to tell its usage has it estimated', async () => {
      const stage = use();

      const run = await runOn(stage, text('Hello to you, my friend.').withoutUsage());

      expect(run.status).toBe('completed');
      expect(run.usage?.prompt_tokens).toBeGreaterThan(0);
      expect(run.usage?.completion_tokens).toBeGreaterThan(3);
      expect(run.usage?.completion_tokens).toBeLessThan(20);
      expect(run.usage?.total_tokens).toBe((run.usage?.prompt_tokens ?? 0) + (run.usage?.completion_tokens ?? 0));
    });
  });
}
