import { describe, expect, test } from '@jest/globals';
import { hold, text } from '../../support/scripted-model.ts';
import { functionTool } from '../tools.ts';
import { type Stage, all, ids, textOf } from '../stage.ts';

export function runs(use: () => Stage): void {
  describe('runs', () => {
    test('answer by createAndPoll, with every field as the contract has it', async () => {
      const stage = use();
      const tools = [functionTool('look_up')];
      const { assistant_id, thread_id } = await stage.newPair({ instructions: 'Be brief.', tools, temperature: 0.3, metadata: { of: 'assistant' } }, 'Hello');
      stage.model.script(text('Hello to you.', { usage: { prompt: 31, completion: 7, cached: 4, reasoning: 2 } }));

      const run = await stage.runs.createAndPoll(thread_id, { assistant_id, metadata: { of: 'run' } });

      const { id, created_at, started_at, completed_at, ...fields } = run;
      expect(id).toMatch(/^run_[A-Za-z0-9]{24}$/);
      for (const moment of [started_at, completed_at]) expect(Math.abs((moment ?? 0) - created_at)).toBeLessThan(60);
      const usage = { prompt_tokens: 31, completion_tokens: 7, total_tokens: 38, prompt_token_details: { cached_tokens: 4 }, completion_tokens_details: { reasoning_tokens: 2 } };
      expect(fields).toEqual({
        object: 'thread.run',
        assistant_id,
        thread_id,
        status: 'completed',
        expires_at: null,
        cancelled_at: null,
        failed_at: null,
        required_action: null,
        last_error: null,
        model: 'gpt-4o',
        instructions: 'Be brief.',
        tools,
        tool_resources: {},
        metadata: { of: 'run' },
        temperature: 0.3,
        top_p: 1,
        reasoning_effort: null,
        max_completion_tokens: null,
        max_prompt_tokens: null,
        truncation_strategy: { type: 'auto', last_messages: null },
        incomplete_details: null,
        usage,
        response_format: 'auto',
        tool_choice: 'auto',
        parallel_tool_calls: true,
      });
      const [asked, answered] = await stage.messagesOf(thread_id);
      expect(asked).toMatchObject({ role: 'user', run_id: null });
      expect(answered).toMatchObject({ role: 'assistant', run_id: id, assistant_id, thread_id, status: 'completed', attachments: [], metadata: {} });
      expect(answered?.content).toEqual([{ type: 'text', text: { value: 'Hello to you.', annotations: [] } }]);
      expect(await stage.stepsOf(run)).toMatchObject([
        {
          object: 'thread.run.step',
          type: 'message_creation',
          status: 'completed',
          run_id: id,
          assistant_id,
          thread_id,
          step_details: { type: 'message_creation', message_creation: { message_id: answered?.id } },
          usage,
          last_error: null,
          cancelled_at: null,
          failed_at: null,
          expired_at: null,
          metadata: {},
        },
      ]);
    });

    test('are created queued or in progress, and polled to their end', async () => {
      const stage = use();
      const { assistant_id, thread_id } = await stage.newPair();
      const step = hold('Hello you');
      stage.model.script(step);

      const run = await stage.runs.create(thread_id, { assistant_id });

      expect(['queued', 'in_progress']).toContain(run.status);
      expect(run).toMatchObject({ usage: null, completed_at: null, expires_at: run.created_at + 600 });
      await step.reached;
      expect(await stage.runs.retrieve(run.id, { thread_id })).toMatchObject({ status: 'in_progress', usage: null, expires_at: run.created_at + 600 });
      step.release();
      const polled = await stage.runs.poll(run.id, { thread_id });
      expect(polled.status).toBe('completed');
      expect(textOf((await stage.messagesOf(thread_id)).at(-1))).toBe('Hello you');
    });

    test('make their thread by createAndRunPoll', async () => {
      const stage = use();
      const assistant = await stage.newAssistant();
      stage.model.script(text('Hi.'));

      const run = await stage.threads.createAndRunPoll({ assistant_id: assistant.id, thread: { messages: [{ role: 'user', content: 'Hello' }], metadata: { k: 'v' } } });

      expect(run.status).toBe('completed');
      expect(await stage.threads.retrieve(run.thread_id)).toMatchObject({ metadata: { k: 'v' } });
      expect((await stage.messagesOf(run.thread_id)).map(textOf)).toEqual(['Hello', 'Hi.']);
    });

    test('make an empty thread when createAndRun is given none', async () => {
      const stage = use();
      const assistant = await stage.newAssistant({ instructions: 'Greet.' });
      stage.model.script(text('Welcome.'));

      const run = await stage.threads.createAndRun({ assistant_id: assistant.id });

      expect((await stage.runs.poll(run.id, { thread_id: run.thread_id })).status).toBe('completed');
      expect((await stage.messagesOf(run.thread_id)).map(textOf)).toEqual(['Welcome.']);
      expect(stage.model.requests[0]?.body.messages).toEqual([{ role: 'system', content: 'Greet.' }]);
    });

    test('let the model speak first where nobody has said anything', async () => {
      const stage = use();
      const assistant = await stage.newAssistant();
      stage.model.script(text('Welcome.'));

      const run = await stage.threads.createAndRunPoll({ assistant_id: assistant.id });

      expect(run).toMatchObject({ status: 'completed', last_error: null });
      expect((await stage.messagesOf(run.thread_id)).map(textOf)).toEqual(['Welcome.']);
    });

    test('see what earlier runs have said', async () => {
      const stage = use();
      const { assistant_id, thread_id } = await stage.newPair({}, 'One?');
      stage.model.script(text('One.'), text('Two.'));

      await stage.runs.createAndPoll(thread_id, { assistant_id });
      await stage.messages.create(thread_id, { role: 'user', content: 'Two?' });
      await stage.runs.createAndPoll(thread_id, { assistant_id });

      expect(stage.model.requests[1]?.body.messages).toEqual([
        { role: 'user', content: 'One?' },
        { role: 'assistant', content: 'One.' },
        { role: 'user', content: 'Two?' },
      ]);
    });

    test('are listed and updated in their metadata', async () => {
      const stage = use();
      const { assistant_id, thread_id } = await stage.newPair();
      stage.model.script(text('1'), text('2'), text('3'));
      const made = [];
      for (let n = 0; n < 3; n++) made.push(await stage.runs.createAndPoll(thread_id, { assistant_id }));

      const updated = await stage.runs.update(made[1]?.id ?? '', { thread_id, metadata: { checked: 'yes' } });

      expect(updated).toEqual({ ...made[1], metadata: { checked: 'yes' } });
      expect(await all(stage.runs.list(thread_id, { limit: 2 }))).toEqual([made[2], updated, made[0]]);
      expect(ids(await all(stage.runs.list(thread_id, { order: 'asc' })))).toEqual(ids(made));
      expect(await stage.runs.update(updated.id, { thread_id, metadata: null })).toEqual({ ...made[1], metadata: {} });
    });

    test('may be relabelled while they go on', async () => {
      const stage = use();
      const { assistant_id, thread_id } = await stage.newPair();
      const step = hold('Hello you');
      stage.model.script(step);
      const run = await stage.runs.create(thread_id, { assistant_id });
      await step.reached;

      const updated = await stage.runs.update(run.id, { thread_id, metadata: { label: 'late' } });
      step.release();

      expect(updated).toMatchObject({ status: 'in_progress', metadata: { label: 'late' } });
      expect(await stage.runs.poll(run.id, { thread_id })).toMatchObject({ status: 'completed', metadata: { label: 'late' } });
      expect((await stage.messagesOf(thread_id)).map(textOf)).toEqual(['Hello', 'Hello you']);
    });

    test('show their steps in pages and one by one, with include[]', async () => {
      const stage = use();
      const { assistant_id, thread_id } = await stage.newPair();
      stage.model.script(text('Hello'));
      const run = await stage.runs.createAndPoll(thread_id, { assistant_id });
      const include: ['step_details.tool_calls[*].file_search.results[*].content'] = ['step_details.tool_calls[*].file_search.results[*].content'];

      const [step] = await all(stage.runs.steps.list(run.id, { thread_id, limit: 1, include }));

      expect(step).toBeDefined();
      expect(await stage.runs.steps.retrieve(step?.id ?? '', { thread_id, run_id: run.id, include })).toEqual(step);
      const { error, message } = await stage.failure(stage.runs.steps.retrieve('step_none', { thread_id, run_id: run.id }));
      expect(error).toBeInstanceOf(stage.sdk.errors.NotFoundError);
      expect(message).toBe("No run step found with id 'step_none'.");
    });

    test('tell pollers when to look again', async () => {
      const stage = use();
      const { assistant_id, thread_id } = await stage.newPair();
      stage.model.script(text('Hello'));

      const { data, response } = await stage.runs.create(thread_id, { assistant_id }).withResponse();

      expect(Number(response.headers.get('openai-poll-after-ms'))).toBeLessThanOrEqual(100);
      await stage.runs.poll(data.id, { thread_id });
      const again = await stage.runs.retrieve(data.id, { thread_id }).withResponse();
      expect(Number(again.response.headers.get('openai-poll-after-ms'))).toBeGreaterThan(0);
    });
  });
}
