import { describe, expect, it } from '@jest/globals';
import type * as z from 'zod';
import { InvalidRequestError } from '../../shared/domain/errors.ts';
import { CreateAssistant, ModifyAssistant } from '../../shared/wire/requests/assistants.ts';
import { CreateMessage } from '../../shared/wire/requests/messages.ts';
import { CreateRun, CreateThreadAndRun, ModifyRun, SubmitToolOutputs } from '../../shared/wire/requests/runs.ts';
import { CreateThread, ModifyThread } from '../../shared/wire/requests/threads.ts';
import { validate } from '../../shared/wire/validate.ts';

// The words of contract §9, request by request: what is sent, then message, param and code of the answer.

type Case = [schema: z.ZodType, input: unknown, message: string, param: string | undefined, code: string];

function expectRefusal([schema, input, message, param, code]: Case): void {
  let thrown: unknown;
  try {
    validate(schema, input);
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(InvalidRequestError);
  expect(thrown).toMatchObject({ message, code });
  expect((thrown as InvalidRequestError).param).toBe(param);
}

const withTools = (...tools: unknown[]) => ({ model: 'm', tools });
const withFunction = (definition: object) => withTools({ type: 'function', function: definition });
const inRun = (fields: object) => ({ assistant_id: 'asst_1', ...fields });
const says = (content: unknown) => ({ role: 'user', content });

const unknown = (schema: z.ZodType, input: unknown, param: string): Case => [schema, input, `Unknown parameter: '${param}'.`, param, 'unknown_parameter'];
const missing = (schema: z.ZodType, input: unknown, param: string): Case => [schema, input, `Missing required parameter: '${param}'.`, param, 'missing_required_parameter'];
const wrongType = (schema: z.ZodType, input: unknown, param: string, expected: string, got: string): Case => [
  schema,
  input,
  `Invalid type for '${param}': expected ${expected}, but got ${got} instead.`,
  param,
  'invalid_type',
];
const wrongValue = (schema: z.ZodType, input: unknown, param: string, value: string, supported: string): Case => [
  schema,
  input,
  `Invalid value: '${value}'. Supported values are: ${supported}.`,
  param,
  'invalid_value',
];

const cases: Record<string, Case[]> = {
  'unknown parameters': [
    unknown(CreateAssistant, { model: 'm', color: 'red' }, 'color'),
    unknown(ModifyAssistant, { color: 'red' }, 'color'),
    unknown(CreateThread, { foo: {} }, 'foo'),
    unknown(ModifyThread, { messages: [] }, 'messages'),
    unknown(CreateMessage, { ...says('x'), run_id: 'run_1' }, 'run_id'),
    unknown(CreateRun, inRun({ thread: {} }), 'thread'),
    unknown(CreateThreadAndRun, inRun({ additional_messages: [] }), 'additional_messages'),
    unknown(ModifyRun, { status: 'completed' }, 'status'),
    unknown(SubmitToolOutputs, { tool_outputs: [], extra: 1 }, 'extra'),
    unknown(CreateThread, { constructor: 1 }, 'constructor'),
    unknown(CreateThread, JSON.parse('{"__proto__": {}}'), '__proto__'),
    // Nested.
    unknown(CreateThread, { messages: [says('a'), { ...says('b'), name: 'n' }] }, 'messages[1].name'),
    unknown(CreateThreadAndRun, inRun({ thread: { foo: 1 } }), 'thread.foo'),
    unknown(CreateThreadAndRun, inRun({ thread: { messages: [{ ...says('a'), foo: 1 }] } }), 'thread.messages[0].foo'),
    unknown(CreateAssistant, withFunction({ name: 'f', arguments: {} }), 'tools[0].function.arguments'),
    unknown(CreateAssistant, withTools({ type: 'code_interpreter', x: 1 }), 'tools[0].x'),
    unknown(CreateMessage, says([{ type: 'text', text: 'a', annotations: [] }]), 'content[0].annotations'),
    unknown(CreateRun, inRun({ truncation_strategy: { type: 'auto', x: 1 } }), 'truncation_strategy.x'),
    unknown(CreateRun, inRun({ response_format: { type: 'text', x: 1 } }), 'response_format.x'),
    unknown(CreateRun, inRun({ tool_choice: { type: 'function', function: { name: 'f', x: 1 } } }), 'tool_choice.function.x'),
    unknown(SubmitToolOutputs, { tool_outputs: [{ tool_call_id: 'call_1', id: 'x' }] }, 'tool_outputs[0].id'),
  ],

  'missing parameters': [
    missing(CreateAssistant, {}, 'model'),
    missing(CreateMessage, { content: 'x' }, 'role'),
    missing(CreateMessage, { role: 'user' }, 'content'),
    missing(CreateRun, {}, 'assistant_id'),
    missing(CreateThreadAndRun, {}, 'assistant_id'),
    missing(SubmitToolOutputs, {}, 'tool_outputs'),
    // Nested.
    missing(CreateThreadAndRun, inRun({ thread: { messages: [{ content: 'x' }] } }), 'thread.messages[0].role'),
    missing(CreateThread, { messages: [says('a'), { role: 'user' }] }, 'messages[1].content'),
    missing(CreateRun, inRun({ additional_messages: [{ content: 'x' }] }), 'additional_messages[0].role'),
    missing(CreateAssistant, withTools({}), 'tools[0].type'),
    missing(CreateAssistant, withTools({ type: 'function' }), 'tools[0].function'),
    missing(CreateAssistant, withFunction({ description: 'd' }), 'tools[0].function.name'),
    missing(CreateAssistant, withTools({ type: 'file_search', file_search: { ranking_options: {} } }), 'tools[0].file_search.ranking_options.score_threshold'),
    missing(CreateRun, inRun({ truncation_strategy: {} }), 'truncation_strategy.type'),
    missing(CreateMessage, says([{}]), 'content[0].type'),
    missing(CreateMessage, says([{ type: 'text' }]), 'content[0].text'),
    missing(CreateMessage, says([{ type: 'image_url', image_url: {} }]), 'content[0].image_url.url'),
    missing(CreateThread, { retention: {} }, 'retention.days'),
    // Behind a union of a string and an object.
    missing(CreateRun, inRun({ tool_choice: {} }), 'tool_choice.type'),
    missing(CreateRun, inRun({ tool_choice: { type: 'function' } }), 'tool_choice.function'),
    missing(CreateRun, inRun({ tool_choice: { type: 'function', function: {} } }), 'tool_choice.function.name'),
    missing(CreateRun, inRun({ response_format: {} }), 'response_format.type'),
    missing(CreateAssistant, { model: 'm', response_format: { type: 'json_schema' } }, 'response_format.json_schema'),
    missing(CreateAssistant, { model: 'm', response_format: { type: 'json_schema', json_schema: {} } }, 'response_format.json_schema.name'),
  ],

  'what was got, for each JSON type': [
    wrongType(CreateThread, { metadata: { k: 5 } }, 'metadata.k', 'a string', 'an integer'),
    wrongType(CreateThread, { metadata: { k: 1.5 } }, 'metadata.k', 'a string', 'a decimal'),
    wrongType(CreateThread, { metadata: { k: true } }, 'metadata.k', 'a string', 'a boolean'),
    wrongType(CreateThread, { metadata: { k: [] } }, 'metadata.k', 'a string', 'an array'),
    wrongType(CreateThread, { metadata: { k: {} } }, 'metadata.k', 'a string', 'an object'),
    wrongType(CreateThread, { metadata: { k: null } }, 'metadata.k', 'a string', 'null'),
    wrongType(CreateThread, { metadata: 'x' }, 'metadata', 'an object', 'a string'),
  ],

  'what was expected, for each JSON type': [
    wrongType(CreateAssistant, { model: 5 }, 'model', 'a string', 'an integer'),
    wrongType(CreateRun, inRun({ max_prompt_tokens: 'x' }), 'max_prompt_tokens', 'an integer', 'a string'),
    wrongType(CreateRun, inRun({ max_completion_tokens: 300.5 }), 'max_completion_tokens', 'an integer', 'a decimal'),
    wrongType(CreateRun, inRun({ temperature: '1' }), 'temperature', 'a decimal', 'a string'),
    wrongType(CreateRun, inRun({ stream: 'yes' }), 'stream', 'a boolean', 'a string'),
    wrongType(CreateRun, inRun({ parallel_tool_calls: 1 }), 'parallel_tool_calls', 'a boolean', 'an integer'),
    wrongType(CreateAssistant, { model: 'm', tools: {} }, 'tools', 'an array', 'an object'),
    wrongType(CreateThreadAndRun, inRun({ thread: [] }), 'thread', 'an object', 'an array'),
    wrongType(CreateAssistant, withTools('code_interpreter'), 'tools[0]', 'an object', 'a string'),
    wrongType(CreateAssistant, withTools(null), 'tools[0]', 'an object', 'null'),
    wrongType(CreateAssistant, withFunction({ name: 'f', parameters: [] }), 'tools[0].function.parameters', 'an object', 'an array'),
    wrongType(CreateAssistant, withFunction({ name: 'f', strict: 'yes' }), 'tools[0].function.strict', 'a boolean', 'a string'),
    wrongType(ModifyAssistant, { model: null }, 'model', 'a string', 'null'),
    wrongType(CreateMessage, says([5]), 'content[0]', 'an object', 'an integer'),
    wrongType(CreateMessage, says([{ type: 'text', text: {} }]), 'content[0].text', 'a string', 'an object'),
    wrongType(SubmitToolOutputs, { tool_outputs: [{ output: 5 }] }, 'tool_outputs[0].output', 'a string', 'an integer'),
    wrongType(CreateRun, inRun({ truncation_strategy: 'auto' }), 'truncation_strategy', 'an object', 'a string'),
    wrongType(CreateRun, inRun({ tool_choice: { type: 'function', function: { name: 5 } } }), 'tool_choice.function.name', 'a string', 'an integer'),
  ],

  'a union of a string and an array': [
    wrongType(CreateMessage, says(5), 'content', 'one of a string or array of objects', 'an integer'),
    wrongType(CreateThread, { messages: [says(null)] }, 'messages[0].content', 'one of a string or array of objects', 'null'),
    [CreateMessage, says([]), `Invalid 'content': array too short. Expected an array with minimum length 1, but got an array with length 0 instead.`, 'content', 'array_below_min_length'],
  ],

  'enumerated values': [
    wrongValue(CreateMessage, { role: 'human', content: 'x' }, 'role', 'human', `'user' and 'assistant'`),
    wrongValue(CreateThreadAndRun, inRun({ thread: { messages: [{ role: 'system', content: 'x' }] } }), 'thread.messages[0].role', 'system', `'user' and 'assistant'`),
    wrongValue(CreateRun, inRun({ truncation_strategy: { type: 'none' } }), 'truncation_strategy.type', 'none', `'auto' and 'last_messages'`),
    wrongValue(CreateRun, inRun({ reasoning_effort: 'huge' }), 'reasoning_effort', 'huge', `'none', 'minimal', 'low', 'medium', 'high', 'xhigh', and 'max'`),
    wrongValue(CreateMessage, says([{ type: 'image_url', image_url: { url: 'https://a.b/c.png', detail: 'full' } }]), 'content[0].image_url.detail', 'full', `'auto', 'low', and 'high'`),
    wrongValue(CreateMessage, { ...says('x'), attachments: [{ tools: [{ type: 'function' }] }] }, 'attachments[0].tools[0].type', 'function', `'code_interpreter' and 'file_search'`),
  ],

  'discriminated unions': [
    wrongValue(CreateAssistant, withTools({ type: 'retrieval' }), 'tools[0].type', 'retrieval', `'code_interpreter', 'file_search', and 'function'`),
    wrongValue(CreateMessage, says([{ type: 'audio' }]), 'content[0].type', 'audio', `'text', 'image_file', and 'image_url'`),
    wrongValue(CreateRun, inRun({ tool_choice: { type: 'x' } }), 'tool_choice.type', 'x', `'function', 'code_interpreter', and 'file_search'`),
    wrongValue(CreateRun, inRun({ response_format: { type: 'xml' } }), 'response_format.type', 'xml', `'text', 'json_object', and 'json_schema'`),
    wrongValue(CreateRun, inRun({ tool_choice: 'always' }), 'tool_choice', 'always', `'none', 'auto', and 'required'`),
    wrongValue(CreateRun, inRun({ response_format: 'json' }), 'response_format', 'json', `'auto'`),
  ],
};

describe.each(Object.entries(cases))('%s', (_, list) => {
  it.each(list.map((one): [string, Case] => [one[2], one]))('%s', (_title, one) => expectRefusal(one));
});

describe('a body that is no object', () => {
  it.each([[[]], ['x'], [5], [true]])('%j is refused without naming a parameter', (input) => {
    expect(() => validate(CreateThread, input)).toThrow(expect.objectContaining({ param: undefined, code: 'invalid_type' }));
    expect(() => validate(CreateThread, input)).not.toThrow(/''/);
  });
});

it('tells the first thing that is wrong, and always an InvalidRequestError', () => {
  expectRefusal(wrongType(CreateAssistant, { model: 5, name: 5, color: 1 }, 'model', 'a string', 'an integer'));
});

it('hands the parsed value on: defaults in, null out', () => {
  expect(validate(CreateMessage, says([{ type: 'image_url', image_url: { url: 'https://a.b/c.png' } }]))).toEqual({
    role: 'user',
    content: [{ type: 'image_url', image_url: { url: 'https://a.b/c.png', detail: 'auto' } }],
  });
  expect(validate(CreateAssistant, { model: 'm', name: null, tools: null, metadata: null })).toEqual({ model: 'm' });
});
