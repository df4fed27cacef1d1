import { describe, expect, test } from '@jest/globals';
import type { Failure, Stage } from '../stage.ts';
import { functionTool } from '../tools.ts';

/** What is sent, and what it must be answered with: message, param and code. */
type Case = [method: 'get' | 'post', path: string, body: unknown, message: string | RegExp, param: string | null, code: string | null];

const model = 'gpt-4o';
const pairs = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, n) => [`k${n}`, 'v']));
const fn = (fields: object) => ({ model, tools: [{ type: 'function', function: fields }] });
const tooLong = (what: string, most: number, length: number) => `Invalid '${what}': string too long. Expected a string with maximum length ${most}, but got a string with length ${length} instead.`;
const above = (what: string, most: number, got: number, kind = 'integer') => `Invalid '${what}': ${kind} above maximum value. Expected a value <= ${most}, but got ${got} instead.`;
const below = (what: string, least: number, got: number) => `Invalid '${what}': integer below minimum value. Expected a value >= ${least}, but got ${got} instead.`;
const wrongId = (what: string, id: string, prefix: string) => `Invalid '${what}': '${id}'. Expected an ID that begins with '${prefix}'.`;

const CASES: Case[] = [
  ['post', '/assistants', {}, "Missing required parameter: 'model'.", 'model', 'missing_required_parameter'],
  ['post', '/assistants', { model, colour: 'red' }, "Unknown parameter: 'colour'.", 'colour', 'unknown_parameter'],
  ['post', '/assistants', { model, metadata: pairs(17) }, "Invalid 'metadata': too many properties. Expected an object with at most 16 properties, but got an object with 17 properties instead.", 'metadata', 'object_above_max_properties'],
  ['post', '/assistants', { model, metadata: { ['k'.repeat(65)]: 'v' } }, `Invalid property name in 'metadata': '${'k'.repeat(65)}' is too long. Expected a string with maximum length 64, but got a string with length 65 instead.`, 'metadata', 'property_name_above_max_length'],
  ['post', '/assistants', { model, metadata: { k: 'v'.repeat(600) } }, tooLong('metadata.k', 512, 600), 'metadata.k', 'string_above_max_length'],
  ['post', '/assistants', { model, metadata: { k: 7 } }, "Invalid type for 'metadata.k': expected a string, but got an integer instead.", 'metadata.k', 'invalid_type'],
  ['post', '/assistants', { model, name: 'n'.repeat(257) }, tooLong('name', 256, 257), 'name', 'string_above_max_length'],
  ['post', '/assistants', { model, description: 'd'.repeat(513) }, tooLong('description', 512, 513), 'description', 'string_above_max_length'],
  ['post', '/assistants', { model, instructions: 'i'.repeat(256_001) }, tooLong('instructions', 256_000, 256_001), 'instructions', 'string_above_max_length'],
  ['post', '/assistants', { model, temperature: 3 }, above('temperature', 2, 3), 'temperature', 'integer_above_max_value'],
  ['post', '/assistants', { model, top_p: 1.5 }, above('top_p', 1, 1.5, 'decimal'), 'top_p', 'decimal_above_max_value'],
  ['post', '/assistants', { model, temperature: 'hot' }, "Invalid type for 'temperature': expected a decimal, but got a string instead.", 'temperature', 'invalid_type'],
  ['post', '/assistants', { model, tools: Array.from({ length: 129 }, (_, n) => functionTool(`f${n}`)) }, "Invalid 'tools': array too long. Expected an array with maximum length 128, but got an array with length 129 instead.", 'tools', 'array_above_max_length'],
  ['post', '/assistants', { model, tools: [functionTool('a'), functionTool('a')] }, /duplicate function name 'a'/, 'tools[1].function.name', 'duplicate_function_name'],
  ['post', '/assistants', fn({ name: 'a', parameters: { type: 'object', properties: { x: { $ref: '#/$defs/x' } } } }), /Invalid schema for function 'a'.*\$ref/, 'tools[0].function.parameters', 'invalid_function_parameters'],
  ['post', '/assistants', fn({ name: 'two words' }), /Invalid 'tools\[0\]\.function\.name': string does not match pattern/, 'tools[0].function.name', 'invalid_value'],
  ['post', '/assistants', fn({}), "Missing required parameter: 'tools[0].function.name'.", 'tools[0].function.name', 'missing_required_parameter'],
  ['post', '/assistants', fn({ name: 'a', returns: 'b' }), "Unknown parameter: 'tools[0].function.returns'.", 'tools[0].function.returns', 'unknown_parameter'],
  ['post', '/assistants', { model, tools: [{ type: 'browser' }] }, /^Invalid value: 'browser'\. Supported values are: 'code_interpreter', 'file_search', and 'function'\.$/, 'tools[0].type', 'invalid_value'],
  ['post', '/assistants', { model, response_format: { type: 'xml' } }, /^Invalid value: 'xml'\. Supported values are: /, 'response_format.type', 'invalid_value'],
  ['post', '/assistants', { model, reasoning_effort: 'heroic' }, /^Invalid value: 'heroic'\. Supported values are: /, 'reasoning_effort', 'invalid_value'],
  ['post', '/assistants', [], /expected an object, but got an array instead/, null, 'invalid_type'],
  ['post', '/assistants', { model, tool_resources: { code_interpreter: { file_ids: ['file-none'] } } }, 'No such File object: file-none', 'id', null],
  ['post', '/threads', { messages: [{ role: 'human', content: 'Hi' }] }, "Invalid value: 'human'. Supported values are: 'user' and 'assistant'.", 'messages[0].role', 'invalid_value'],
  ['post', '/threads', { messages: [{ role: 'user' }] }, "Missing required parameter: 'messages[0].content'.", 'messages[0].content', 'missing_required_parameter'],
  ['post', '/threads/THREAD/messages', { role: 'user', content: 'x'.repeat(256_001) }, tooLong('content', 256_000, 256_001), 'content', 'string_above_max_length'],
  ['post', '/threads/THREAD/messages', { role: 'user', content: [] }, /^Invalid 'content': array too short/, 'content', 'array_below_min_length'],
  ['post', '/threads/THREAD/messages', { role: 'user', content: [{ type: 'video' }] }, /^Invalid value: 'video'\. Supported values are: /, 'content[0].type', 'invalid_value'],
  ['post', '/threads/THREAD/messages', { role: 'user', content: [{ type: 'image_url', image_url: { url: 'cat' } }] }, /^Invalid 'content\[0\]\.image_url\.url'/, 'content[0].image_url.url', 'invalid_value'],
  ['post', '/threads/THREAD/messages', { content: 'Hi' }, "Missing required parameter: 'role'.", 'role', 'missing_required_parameter'],
  ['post', '/threads/THREAD/runs', {}, "Missing required parameter: 'assistant_id'.", 'assistant_id', 'missing_required_parameter'],
  ['post', '/threads/THREAD/runs', { assistant_id: 'undefined' }, wrongId('assistant_id', 'undefined', 'asst'), 'assistant_id', 'invalid_value'],
  ['post', '/threads/THREAD/runs', { assistant_id: 'asst_none' }, "No assistant found with id 'asst_none'.", null, null],
  ['post', '/threads/THREAD/runs', { assistant_id: 'asst_none', max_prompt_tokens: 255 }, below('max_prompt_tokens', 256, 255), 'max_prompt_tokens', 'integer_below_min_value'],
  ['post', '/threads/THREAD/runs', { assistant_id: 'asst_none', truncation_strategy: { type: 'last_messages', last_messages: 0 } }, below('truncation_strategy.last_messages', 1, 0), 'truncation_strategy.last_messages', 'integer_below_min_value'],
  ['post', '/threads/THREAD/runs', { assistant_id: 'asst_none', tool_choice: 'always' }, /^Invalid value: 'always'\. Supported values are: /, 'tool_choice', 'invalid_value'],
  ['post', '/threads/runs', { assistant_id: 'asst_none' }, "No assistant found with id 'asst_none'.", null, null],
  ['post', '/threads/THREAD/runs/run_none/submit_tool_outputs', {}, "Missing required parameter: 'tool_outputs'.", 'tool_outputs', 'missing_required_parameter'],
  ['get', '/threads/THREAD/messages?limit=0', undefined, below('limit', 1, 0), 'limit', 'integer_below_min_value'],
  ['get', '/threads/THREAD/messages?limit=101', undefined, above('limit', 100, 101), 'limit', 'integer_above_max_value'],
  ['get', '/threads/THREAD/messages?limit=abc', undefined, "Invalid type for 'limit': expected an integer, but got a string instead.", 'limit', 'invalid_type'],
  ['get', '/threads/THREAD/messages?order=up', undefined, "Invalid value: 'up'. Supported values are: 'asc' and 'desc'.", 'order', 'invalid_value'],
  ['get', '/threads/THREAD/messages?after=run_x', undefined, wrongId('after', 'run_x', 'msg'), 'after', 'invalid_value'],
  ['get', '/threads/undefined', undefined, wrongId('thread_id', 'undefined', 'thread'), 'thread_id', 'invalid_value'],
  ['get', '/threads/undefined/runs/run_x', undefined, wrongId('thread_id', 'undefined', 'thread'), 'thread_id', 'invalid_value'],
  ['get', '/threads/THREAD/runs/undefined', undefined, wrongId('run_id', 'undefined', 'run'), 'run_id', 'invalid_value'],
  ['get', '/assistants/undefined', undefined, wrongId('assistant_id', 'undefined', 'asst'), 'assistant_id', 'invalid_value'],
  ['get', '/threads/THREAD/messages/msg_none', undefined, "No message found with id 'msg_none'.", null, null],
  ['get', '/threads/THREAD/runs/run_none', undefined, "No run found with id 'run_none'.", null, null],
  ['get', '/threads/THREAD/runs/run_none/steps/step_none', undefined, "No run found with id 'run_none'.", null, null],
  ['get', '/nowhere', undefined, 'Invalid URL (GET /v1/nowhere)', null, null],
];

function expectClass(stage: Stage, { error, status }: Failure): void {
  const { BadRequestError, NotFoundError, AuthenticationError } = stage.sdk.errors;
  const expected = { 400: BadRequestError, 401: AuthenticationError, 404: NotFoundError }[status ?? 0];
  expect(expected).toBeDefined();
  expect(error).toBeInstanceOf(expected);
}

export function errors(use: () => Stage): void {
  describe('bad requests are typed exceptions', () => {
    test.each(CASES.map((given) => [`${given[0].toUpperCase()} ${given[1]} ${(JSON.stringify(given[2]) ?? '').slice(0, 60)}`, given] as const))('%s', async (_title, [method, path, body, message, param, code]) => {
      const stage = use();
      const thread = await stage.threads.create();
      const url = path.replace('THREAD', thread.id);

      const failure = await stage.failure(method === 'get' ? stage.client.get(url) : stage.client.post(url, { body }));

      expectClass(stage, failure);
      if (typeof message === 'string') expect(failure.message).toBe(message);
      else expect(failure.message).toMatch(message);
      expect(failure).toMatchObject({ param, code, type: 'invalid_request_error' });
      expect(await stage.messagesOf(thread.id)).toEqual([]);
    });

    test('a key that nobody has', async () => {
      const stage = use();

      const failure = await stage.failure(stage.connect({ apiKey: 'sk-not-a-real-key-at-all' }).beta.threads.create());

      expectClass(stage, failure);
      expect(failure).toMatchObject({ status: 401, code: 'invalid_api_key', type: 'invalid_request_error', param: null });
      expect(failure.message).toMatch(/^Incorrect API key provided: /);
      expect(failure.message).not.toContain('sk-not-a-real-key-at-all');
    });

    test('nothing of a refused request is kept', async () => {
      const stage = use();
      const { assistant_id, thread_id } = await stage.newPair({}, 'One');

      await stage.failure(stage.client.post(`/threads/${thread_id}/runs`, { body: { assistant_id, additional_messages: [{ role: 'user', content: 'Two' }, { role: 'user', content: 3 }] } }));
      await stage.failure(stage.client.post(`/threads/${thread_id}/runs`, { body: { assistant_id: 'asst_none', additional_messages: [{ role: 'user', content: 'Two' }] } }));

      await stage.failure(stage.client.post('/threads/runs', { body: { assistant_id: 'asst_none', thread: { metadata: { orphan: 'yes' } } } }));

      expect(await stage.messagesOf(thread_id)).toHaveLength(1);
      expect((await stage.runs.list(thread_id)).data).toEqual([]);
      expect((await stage.http<{ data: unknown[] }>('GET', '/threads?metadata[orphan]=yes')).body.data).toEqual([]);
    });
  });
}
