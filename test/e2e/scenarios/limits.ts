import { describe, expect, test } from '@jest/globals';
import { calls, contentFilter, length, refusal, silent, text } from '../../support/scripted-model.ts';
import type { Run } from '../clients/client.ts';
import { SMALL_MODEL } from '../model-names.ts';
import { type Stage, textOf } from '../stage.ts';
import { read, shape } from '../streams.ts';
import { functionTool, outputsFor } from '../tools.ts';

/** About 100 tokens, and a number to know it by. */
const longWords = (n: number): string => `${n}:${' word'.repeat(98)}`;
const numbersOf = (stage: Stage, request = -1): number[] => (stage.model.requests.at(request)?.body.messages ?? []).map(({ content }) => Number.parseInt(typeof content === 'string' ? content : '', 10));
const upTo = (count: number): number[] => Array.from({ length: count }, (_, n) => n);

/** A run with a budget that has asked for a function, after a model call of `usage`. */
async function waiting(stage: Stage, limits: { max_prompt_tokens?: number; max_completion_tokens?: number }, usage: { prompt: number; completion: number }): Promise<Run> {
  const { assistant_id, thread_id } = await stage.newPair({ tools: [functionTool('a')] });
  stage.model.script(calls([{ name: 'a', arguments: {} }], { usage }));
  return stage.runs.createAndPoll(thread_id, { assistant_id, ...limits });
}

const submit = (stage: Stage, run: Run) => stage.runs.submitToolOutputsAndPoll(run.id, { thread_id: run.thread_id, tool_outputs: outputsFor(run) });

export function limits(use: () => Stage): void {
  describe('limits of what the model is shown', () => {
    test('last_messages: the newest ones alone', async () => {
      const stage = use();
      const { assistant_id, thread_id } = await stage.newPair({ instructions: 'Count.' }, ...upTo(6).map(String));
      stage.model.script(text('6'));

      const run = await stage.runs.createAndPoll(thread_id, { assistant_id, truncation_strategy: { type: 'last_messages', last_messages: 2 } });

      expect(run.truncation_strategy).toEqual({ type: 'last_messages', last_messages: 2 });
      expect(stage.model.requests[0]?.body.messages.map(({ content }) => content)).toEqual(['Count.', '4', '5']);
    });

    test('auto: as many of the newest as the window of the model takes', async () => {
      const stage = use();
      const { assistant_id, thread_id } = await stage.newPair({ model: SMALL_MODEL }, ...upTo(30).map(longWords));
      stage.model.script(text('Seen.'));

      const run = await stage.runs.createAndPoll(thread_id, { assistant_id });

      expect(run.status).toBe('completed');
      const shown = numbersOf(stage);
      expect(shown).toEqual(upTo(30).slice(-shown.length));
      // 768 tokens of the window are for the prompt.
      expect(shown.length).toBeGreaterThanOrEqual(5);
      expect(shown.length).toBeLessThanOrEqual(7);
    });

    test('auto: everything when it fits', async () => {
      const stage = use();
      const { assistant_id, thread_id } = await stage.newPair({}, ...upTo(120).map(longWords));
      stage.model.script(text('Seen.'));

      await stage.runs.createAndPoll(thread_id, { assistant_id });

      expect(numbersOf(stage)).toEqual(upTo(120));
    });

    test('max_prompt_tokens shortens the history', async () => {
      const stage = use();
      const { assistant_id, thread_id } = await stage.newPair({}, ...upTo(10).map(longWords));
      stage.model.script(text('Seen.'));

      const run = await stage.runs.createAndPoll(thread_id, { assistant_id, max_prompt_tokens: 256 });

      expect(run).toMatchObject({ status: 'completed', max_prompt_tokens: 256 });
      expect(numbersOf(stage)).toEqual([8, 9]);
    });

    test('max_prompt_tokens that not even the newest message fits ends the run incomplete', async () => {
      const stage = use();
      const { assistant_id, thread_id } = await stage.newPair({}, 'word '.repeat(400));

      const run = await stage.runs.createAndPoll(thread_id, { assistant_id, max_prompt_tokens: 256 });

      expect(run).toMatchObject({ status: 'incomplete', incomplete_details: { reason: 'max_prompt_tokens' }, usage: { total_tokens: 0 } });
      expect(run.completed_at).not.toBeNull();
      expect(stage.model.requests).toEqual([]);
      await stage.messages.create(thread_id, { role: 'user', content: 'The thread is free.' });
    });

    test('max_prompt_tokens holds over all calls to the model', async () => {
      const stage = use();
      const run = await waiting(stage, { max_prompt_tokens: 256 }, { prompt: 250, completion: 5 });

      const done = await submit(stage, run);

      expect(done).toMatchObject({ status: 'incomplete', incomplete_details: { reason: 'max_prompt_tokens' }, usage: { prompt_tokens: 250, completion_tokens: 5 } });
      expect(stage.model.requests).toHaveLength(1);
    });
  });

  describe('limits of what the model says', () => {
    test('max_completion_tokens: each call gets what is left', async () => {
      const stage = use();
      const run = await waiting(stage, { max_completion_tokens: 1000 }, { prompt: 200, completion: 300 });
      stage.model.script(calls([{ name: 'a', arguments: {} }], { usage: { prompt: 10, completion: 600 } }), text('Done.', { usage: { prompt: 10, completion: 100 } }));

      const done = await submit(stage, await submit(stage, run));

      expect(stage.model.requests.map(({ body }) => body.max_completion_tokens)).toEqual([1000, 700, 100]);
      expect(done).toMatchObject({ status: 'completed', usage: { prompt_tokens: 220, completion_tokens: 1000, total_tokens: 1220 } });
    });

    test('max_completion_tokens used up ends the run incomplete', async () => {
      const stage = use();
      const run = await waiting(stage, { max_completion_tokens: 256 }, { prompt: 20, completion: 256 });

      const done = await submit(stage, run);

      expect(done).toMatchObject({ status: 'incomplete', incomplete_details: { reason: 'max_completion_tokens' }, usage: { completion_tokens: 256 } });
      expect(stage.model.requests).toHaveLength(1);
    });

    test('a text cut at the limit stays, incomplete', async () => {
      const stage = use();
      const { assistant_id, thread_id } = await stage.newPair();
      stage.model.script(length('Hello to', { usage: { prompt: 5, completion: 2 } }));

      const told = await read(await stage.runs.create(thread_id, { assistant_id, stream: true }));

      expect(shape(told.names).slice(-4)).toEqual(['message.delta', 'message.incomplete', 'run.step.completed', 'run.incomplete']);
      const run = (await stage.runs.list(thread_id)).data[0];
      expect(run).toMatchObject({ status: 'incomplete', incomplete_details: { reason: 'max_completion_tokens' }, usage: { total_tokens: 7 }, last_error: null });
      const message = (await stage.messagesOf(thread_id)).at(-1);
      expect(message).toMatchObject({ status: 'incomplete', incomplete_details: { reason: 'max_tokens' }, completed_at: null });
      expect(typeof message?.incomplete_at).toBe('number');
      expect(textOf(message)).toBe('Hello to');
    });

    test('a call cut at the limit is not asked for', async () => {
      const stage = use();
      const { assistant_id, thread_id } = await stage.newPair({ tools: [functionTool('a')] });
      stage.model.script(length([{ name: 'a', arguments: '{"n": ' }]));

      const run = await stage.runs.createAndPoll(thread_id, { assistant_id });

      expect(run).toMatchObject({ status: 'incomplete', required_action: null, incomplete_details: { reason: 'max_completion_tokens' } });
      await stage.messages.create(thread_id, { role: 'user', content: 'The thread is free.' });
    });

    test('a filtered text stays, incomplete', async () => {
      const stage = use();
      const { assistant_id, thread_id } = await stage.newPair();
      stage.model.script(contentFilter('Hello to'));

      const run = await stage.runs.createAndPoll(thread_id, { assistant_id });

      expect(run).toMatchObject({ status: 'failed', last_error: { code: 'server_error' }, usage: { total_tokens: 15 } });
      const message = (await stage.messagesOf(thread_id)).at(-1);
      expect(message).toMatchObject({ status: 'incomplete', incomplete_details: { reason: 'content_filter' } });
      expect(textOf(message)).toBe('Hello to');
    });

    test('a refusal is a part of its own', async () => {
      const stage = use();
      const { assistant_id, thread_id } = await stage.newPair();
      stage.model.script(refusal('I would rather not.'), text('Well.'));

      const told = await read(await stage.runs.create(thread_id, { assistant_id, stream: true }));
      await stage.runs.createAndPoll(thread_id, { assistant_id });

      expect(told.names.at(-1)).toBe('thread.run.completed');
      const [, message] = await stage.messagesOf(thread_id);
      expect(message).toMatchObject({ status: 'completed', content: [{ type: 'refusal', refusal: 'I would rather not.' }] });
      expect(stage.model.requests[1]?.body.messages[1]).toEqual({ role: 'assistant', content: 'I would rather not.' });
    });

    test('a model that says nothing completes the run with an empty text', async () => {
      const stage = use();
      const { assistant_id, thread_id } = await stage.newPair();
      stage.model.script(silent());

      const told = await read(await stage.runs.create(thread_id, { assistant_id, stream: true }));

      expect(told.names.at(-1)).toBe('thread.run.completed');
      expect((await stage.messagesOf(thread_id)).map(textOf)).toEqual(['Hello', '']);
    });
  });
}
