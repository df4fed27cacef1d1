import { describe, expect, test } from '@jest/globals';
import { type ChatRequest, calls, text } from '../../support/scripted-model.ts';
import type { AssistantCreateParams, RunBody } from '../clients/client.ts';
import { type Stage, textOf } from '../stage.ts';
import { functionTool, outputsFor } from '../tools.ts';

/** What the model is asked when a run with these settings answers at once. */
async function asked(stage: Stage, assistant: Partial<AssistantCreateParams>, run: Partial<RunBody> = {}, question = 'Answer in JSON.'): Promise<ChatRequest> {
  const { assistant_id, thread_id } = await stage.newPair(assistant, question);
  stage.model.script(text('{}'));
  const done = await stage.runs.createAndPoll(thread_id, { assistant_id, ...run });
  expect(done.status).toBe('completed');
  const body = stage.model.requests.at(-1)?.body;
  if (!body) throw new Error('the model was not asked');
  return body;
}

/** What the model is asked first, and again after one round of function calls. */
async function askedTwice(stage: Stage, run: Partial<RunBody>): Promise<[ChatRequest | undefined, ChatRequest | undefined]> {
  const { assistant_id, thread_id } = await stage.newPair({ tools: [functionTool('a'), functionTool('b')] });
  stage.model.script(calls([{ name: 'a', arguments: {} }]), text('Done.'));
  const waiting = await stage.runs.createAndPoll(thread_id, { assistant_id, ...run });
  const done = await stage.runs.submitToolOutputsAndPoll(waiting.id, { thread_id, tool_outputs: outputsFor(waiting) });
  expect(done).toMatchObject({ status: 'completed', tool_choice: waiting.tool_choice });
  return [stage.model.requests[0]?.body, stage.model.requests[1]?.body];
}

const JSON_SCHEMA = { type: 'json_schema' as const, json_schema: { name: 'answer', description: 'An answer.', schema: { type: 'object', properties: { n: { type: 'number' } }, required: ['n'], additionalProperties: false }, strict: true } };

export function settings(use: () => Stage): void {
  describe('settings', () => {
    test('left out are the defaults of the model', async () => {
      const stage = use();

      const body = await asked(stage, {});

      expect(body).toEqual({ model: 'gpt-4o', messages: [{ role: 'user', content: 'Answer in JSON.' }], stream: true, stream_options: { include_usage: true } });
    });

    test('of the assistant reach the model', async () => {
      const stage = use();

      const body = await asked(stage, { model: 'gpt-4o-mini', instructions: 'Be brief.', temperature: 0, top_p: 0.5, reasoning_effort: 'low', tools: [functionTool('a')], response_format: { type: 'json_object' } });

      expect(body).toMatchObject({ model: 'gpt-4o-mini', temperature: 0, top_p: 0.5, reasoning_effort: 'low', response_format: { type: 'json_object' } });
      // The default of every provider, whether it is sent or not.
      expect(body.parallel_tool_calls ?? true).toBe(true);
      expect(body.messages[0]).toEqual({ role: 'system', content: 'Be brief.' });
      expect(body.tools).toEqual([{ type: 'function', function: { name: 'a', description: 'Does a.', parameters: functionTool('a').function.parameters } }]);
    });

    test('of the run come before those of the assistant, and are echoed', async () => {
      const stage = use();
      const { assistant_id, thread_id } = await stage.newPair({ model: 'gpt-4o-mini', instructions: 'Be brief.', temperature: 0, top_p: 0.5, reasoning_effort: 'low', tools: [functionTool('a')], response_format: { type: 'json_object' }, metadata: { of: 'assistant' } });
      const overrides: Omit<RunBody, 'assistant_id'> = { model: 'gpt-4o', instructions: 'Be long.', temperature: 1.5, top_p: 0.25, reasoning_effort: 'high', tools: [functionTool('b')], response_format: { type: 'text' }, max_completion_tokens: 500, max_prompt_tokens: 5000, parallel_tool_calls: false, truncation_strategy: { type: 'last_messages', last_messages: 3 } };
      stage.model.script(text('Yes.'));

      const run = await stage.runs.createAndPoll(thread_id, { assistant_id, ...overrides });

      expect(run).toMatchObject({ ...overrides, metadata: {} });
      const body = stage.model.requests[0]?.body;
      expect(body).toMatchObject({ model: 'gpt-4o', temperature: 1.5, top_p: 0.25, reasoning_effort: 'high', response_format: { type: 'text' }, max_completion_tokens: 500, parallel_tool_calls: false });
      expect(body?.messages[0]).toEqual({ role: 'system', content: 'Be long.' });
      expect(body?.tools).toMatchObject([{ function: { name: 'b' } }]);
      expect(await stage.assistants.retrieve(assistant_id)).toMatchObject({ model: 'gpt-4o-mini', instructions: 'Be brief.' });
    });

    test('of createAndRun likewise', async () => {
      const stage = use();
      const assistant = await stage.newAssistant({ instructions: 'Be brief.', tools: [functionTool('a')] });
      stage.model.script(text('Yes.'));

      const run = await stage.threads.createAndRunPoll({
        assistant_id: assistant.id,
        thread: { messages: [{ role: 'user', content: 'Hello' }] },
        model: 'gpt-4o-mini',
        instructions: 'Be long.',
        temperature: 0.5,
        top_p: 0.5,
        tools: [],
        tool_resources: { code_interpreter: { file_ids: [] } },
        response_format: { type: 'text' },
        max_completion_tokens: 300,
        max_prompt_tokens: 3000,
        truncation_strategy: { type: 'auto' },
        metadata: { k: 'v' },
      });

      expect(run).toMatchObject({ status: 'completed', model: 'gpt-4o-mini', instructions: 'Be long.', tools: [], metadata: { k: 'v' }, max_completion_tokens: 300, max_prompt_tokens: 3000 });
      expect(stage.model.requests[0]?.body).toEqual({
        model: 'gpt-4o-mini',
        messages: [{ role: 'system', content: 'Be long.' }, { role: 'user', content: 'Hello' }],
        temperature: 0.5,
        top_p: 0.5,
        response_format: { type: 'text' },
        max_completion_tokens: 300,
        stream: true,
        stream_options: { include_usage: true },
      });
    });

    test('additional_instructions come behind the instructions, whichever they are', async () => {
      const stage = use();
      const system = async (assistant: Partial<AssistantCreateParams>, run: Partial<RunBody>) => (await asked(stage, assistant, run)).messages[0]?.content;

      expect(await system({ instructions: 'A.' }, { additional_instructions: 'B.' })).toMatch(/^A\.\s+B\.$/);
      expect(await system({ instructions: 'A.' }, { instructions: 'C.', additional_instructions: 'B.' })).toMatch(/^C\.\s+B\.$/);
      expect(await system({}, { additional_instructions: 'B.' })).toBe('B.');
    });

    test('additional_messages join the thread before the run', async () => {
      const stage = use();
      const { assistant_id, thread_id } = await stage.newPair({}, 'One');
      stage.model.script(text('Four'));

      const run = await stage.runs.createAndPoll(thread_id, { assistant_id, additional_messages: [{ role: 'assistant', content: 'Two' }, { role: 'user', content: [{ type: 'text', text: 'Three' }], metadata: { n: '3' } }] });

      expect(run.status).toBe('completed');
      expect(stage.model.requests[0]?.body.messages.map(({ content }) => content)).toEqual(['One', 'Two', 'Three']);
      const messages = await stage.messagesOf(thread_id);
      expect(messages.map(textOf)).toEqual(['One', 'Two', 'Three', 'Four']);
      expect(messages[2]).toMatchObject({ role: 'user', run_id: null, metadata: { n: '3' } });
    });

    test('response_format goes to the model in all four forms, and is echoed', async () => {
      const stage = use();

      const auto = await asked(stage, {}, { response_format: 'auto' });
      const plain = await asked(stage, {}, { response_format: { type: 'text' } });
      const object = await asked(stage, {}, { response_format: { type: 'json_object' } });
      const schema = await asked(stage, { response_format: JSON_SCHEMA });

      expect(auto.response_format).toBeUndefined();
      expect(plain.response_format).toEqual({ type: 'text' });
      expect(object.response_format).toEqual({ type: 'json_object' });
      expect(schema.response_format).toEqual(JSON_SCHEMA);
    });

    test.each([
      ['required', 'required'],
      [{ type: 'function' as const, function: { name: 'a' } }, { type: 'function', function: { name: 'a' } }],
    ] as const)('tool_choice %j holds for the first call to the model alone', async (tool_choice, sent) => {
      const stage = use();

      const [first, second] = await askedTwice(stage, { tool_choice });

      expect(first?.tool_choice).toEqual(sent);
      expect(second?.tool_choice ?? 'auto').toBe('auto');
      expect(second?.tools).toHaveLength(2);
    });

    test('tool_choice auto and none', async () => {
      const stage = use();

      const [auto] = await askedTwice(stage, { tool_choice: 'auto' });
      const none = await asked(stage, { tools: [functionTool('a')] }, { tool_choice: 'none' });

      expect(auto?.tool_choice ?? 'auto').toBe('auto');
      expect(none.tool_choice).toBe('none');
    });

    test('of a tool that the run does not have are refused', async () => {
      const stage = use();
      const { assistant_id, thread_id } = await stage.newPair({ tools: [functionTool('a')] });

      const failures = await Promise.all((['file_search', 'code_interpreter'] as const).map((type) => stage.failure(stage.runs.create(thread_id, { assistant_id, tool_choice: { type } }))));

      expect(failures).toMatchObject(failures.map(() => ({ status: 400, param: 'tool_choice', code: 'invalid_value' })));
    });

    test('tool_choice of a function that the run does not have is refused', async () => {
      const stage = use();
      const { assistant_id, thread_id } = await stage.newPair({ tools: [functionTool('a')] });

      const failure = await stage.failure(stage.runs.create(thread_id, { assistant_id, tool_choice: { type: 'function', function: { name: 'z' } } }));

      expect(failure).toMatchObject({ status: 400, param: 'tool_choice', type: 'invalid_request_error' });
    });

    test('of functions reach the model: strict, and without parameters', async () => {
      const stage = use();
      const strict = { type: 'function' as const, function: { name: 's', strict: true, parameters: { type: 'object', properties: {}, additionalProperties: false } } };

      const body = await asked(stage, { tools: [strict, { type: 'function', function: { name: 'bare' } }] });

      expect(body.tools).toMatchObject([strict, { type: 'function', function: { name: 'bare' } }]);
      expect(body.tools).toHaveLength(2);
    });
  });
}
