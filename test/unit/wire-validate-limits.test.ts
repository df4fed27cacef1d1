import { describe, expect, it } from '@jest/globals';
import type * as z from 'zod';
import { InvalidRequestError } from '../../shared/domain/errors.ts';
import { CreateAssistant } from '../../shared/wire/requests/assistants.ts';
import { CreateMessage } from '../../shared/wire/requests/messages.ts';
import { Include, MessagePage, StepPage, ThreadPage, metadataFilter, pageOf, toPageQuery } from '../../shared/wire/requests/page.ts';
import { CreateRun } from '../../shared/wire/requests/runs.ts';
import { CreateThread } from '../../shared/wire/requests/threads.ts';
import { validate } from '../../shared/wire/validate.ts';

// Sizes and query strings: the limits of contract §5 in the words of §9.

type Case = [schema: z.ZodType, input: unknown, message: string, param: string, code: string];

const xs = (length: number) => 'x'.repeat(length);
const assistant = (fields: object) => ({ model: 'm', ...fields });
const inRun = (fields: object) => ({ assistant_id: 'asst_1', ...fields });
const pairs = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, n) => [`k${n}`, 'v']));
const resources = (toolResources: object) => assistant({ tool_resources: toolResources });

const tooLong = (schema: z.ZodType, input: unknown, param: string, most: number, actual: number): Case => [
  schema,
  input,
  `Invalid '${param}': string too long. Expected a string with maximum length ${most}, but got a string with length ${actual} instead.`,
  param,
  'string_above_max_length',
];
const tooMany = (schema: z.ZodType, input: unknown, param: string, most: number, actual: number): Case => [
  schema,
  input,
  `Invalid '${param}': array too long. Expected an array with maximum length ${most}, but got an array with length ${actual} instead.`,
  param,
  'array_above_max_length',
];
const above = (schema: z.ZodType, input: unknown, param: string, kind: 'integer' | 'decimal', most: number, actual: number): Case => [
  schema,
  input,
  `Invalid '${param}': ${kind} above maximum value. Expected a value <= ${most}, but got ${actual} instead.`,
  param,
  `${kind}_above_max_value`,
];
const below = (schema: z.ZodType, input: unknown, param: string, kind: 'integer' | 'decimal', least: number, actual: number): Case => [
  schema,
  input,
  `Invalid '${param}': ${kind} below minimum value. Expected a value >= ${least}, but got ${actual} instead.`,
  param,
  `${kind}_below_min_value`,
];

const cases: Record<string, Case[]> = {
  metadata: [
    [
      CreateThread,
      { metadata: pairs(17) },
      `Invalid 'metadata': too many properties. Expected an object with at most 16 properties, but got an object with 17 properties instead.`,
      'metadata',
      'object_above_max_properties',
    ],
    [
      CreateThread,
      { metadata: { [xs(65)]: 'v' } },
      `Invalid property name in 'metadata': '${xs(65)}' is too long. Expected a string with maximum length 64, but got a string with length 65 instead.`,
      'metadata',
      'property_name_above_max_length',
    ],
    tooLong(CreateThread, { metadata: { k: xs(513) } }, 'metadata.k', 512, 513),
    tooLong(CreateThread, { messages: [{ role: 'user', content: 'x', metadata: { k: xs(600) } }] }, 'messages[0].metadata.k', 512, 600),
  ],
  'strings that are too long': [
    tooLong(CreateAssistant, assistant({ name: xs(257) }), 'name', 256, 257),
    tooLong(CreateAssistant, assistant({ description: xs(513) }), 'description', 512, 513),
    tooLong(CreateAssistant, assistant({ instructions: xs(256_001) }), 'instructions', 256_000, 256_001),
    tooLong(CreateRun, inRun({ additional_instructions: xs(256_001) }), 'additional_instructions', 256_000, 256_001),
    tooLong(CreateMessage, { role: 'user', content: xs(256_001) }, 'content', 256_000, 256_001),
    tooLong(CreateMessage, { role: 'user', content: [{ type: 'text', text: xs(256_001) }] }, 'content[0].text', 256_000, 256_001),
  ],
  'arrays that are too long': [
    tooMany(CreateAssistant, assistant({ tools: Array(217).fill({ type: 'code_interpreter' }) }), 'tools', 128, 217),
    tooMany(CreateRun, inRun({ tools: Array(129).fill({ type: 'file_search' }) }), 'tools', 128, 129),
    tooMany(CreateAssistant, resources({ code_interpreter: { file_ids: Array(21).fill('file-1') } }), 'tool_resources.code_interpreter.file_ids', 20, 21),
    tooMany(CreateAssistant, resources({ file_search: { vector_store_ids: Array.from({ length: 51 }, (_, n) => `vs_${n}`) } }), 'tool_resources.file_search.vector_store_ids', 50, 51),
    tooMany(CreateThread, { tool_resources: { file_search: { vector_store_ids: ['vs_1', 'vs_2'] } } }, 'tool_resources.file_search.vector_store_ids', 1, 2),
  ],
  numbers: [
    below(CreateRun, inRun({ max_prompt_tokens: 255 }), 'max_prompt_tokens', 'integer', 256, 255),
    below(CreateRun, inRun({ max_completion_tokens: -5 }), 'max_completion_tokens', 'integer', 256, -5),
    below(CreateRun, inRun({ truncation_strategy: { type: 'last_messages', last_messages: 0 } }), 'truncation_strategy.last_messages', 'integer', 1, 0),
    above(CreateAssistant, assistant({ tools: [{ type: 'file_search', file_search: { max_num_results: 51 } }] }), 'tools[0].file_search.max_num_results', 'integer', 50, 51),
    above(CreateAssistant, assistant({ temperature: 2.5 }), 'temperature', 'decimal', 2, 2.5),
    below(CreateAssistant, assistant({ temperature: -0.5 }), 'temperature', 'decimal', 0, -0.5),
    above(CreateAssistant, assistant({ top_p: 1.1 }), 'top_p', 'decimal', 1, 1.1),
    above(CreateThread, { retention: { days: 3651 } }, 'retention.days', 'integer', 3650, 3651),
  ],
  names: [
    [
      CreateAssistant,
      assistant({ tools: [{ type: 'function', function: { name: 'get weather' } }] }),
      `Invalid 'tools[0].function.name': string does not match pattern. Expected a string that matches the pattern '^[a-zA-Z0-9_-]{1,64}$'.`,
      'tools[0].function.name',
      'invalid_value',
    ],
    [
      CreateAssistant,
      assistant({ tools: ['a', 'b', 'a'].map((name) => ({ type: 'function', function: { name } })) }),
      `Invalid 'tools': duplicate function name 'a'. Function names must be unique.`,
      'tools[2].function.name',
      'duplicate_function_name',
    ],
    [CreateMessage, { role: 'user', content: [{ type: 'image_url', image_url: { url: 'picture' } }] }, `Invalid 'content[0].image_url.url': expected a valid URL, but got 'picture' instead.`, 'content[0].image_url.url', 'invalid_value'],
    [CreateRun, { assistant_id: 'thread_1' }, `Invalid 'assistant_id': 'thread_1'. Expected an ID that begins with 'asst'.`, 'assistant_id', 'invalid_value'],
  ],
  'query strings': [
    above(pageOf('assistant'), { limit: '101' }, 'limit', 'integer', 100, 101),
    below(pageOf('run'), { limit: '0' }, 'limit', 'integer', 1, 0),
    below(MessagePage, { limit: '-3' }, 'limit', 'integer', 1, -3),
    ...['abc', '', '1.5', '1e2', ' 5', '%'].map((limit): Case => [StepPage, { limit }, `Invalid type for 'limit': expected an integer, but got a string instead.`, 'limit', 'invalid_type']),
    [pageOf('assistant'), { order: 'x' }, `Invalid value: 'x'. Supported values are: 'asc' and 'desc'.`, 'order', 'invalid_value'],
    [pageOf('assistant'), { after: 'foo' }, `Invalid 'after': 'foo'. Expected an ID that begins with 'asst'.`, 'after', 'invalid_value'],
    [MessagePage, { before: 'run_1' }, `Invalid 'before': 'run_1'. Expected an ID that begins with 'msg'.`, 'before', 'invalid_value'],
    [ThreadPage, { after: 'asst_1' }, `Invalid 'after': 'asst_1'. Expected an ID that begins with 'thread'.`, 'after', 'invalid_value'],
    [pageOf('run'), { after: 'undefined' }, `Invalid 'after': 'undefined'. Expected an ID that begins with 'run'.`, 'after', 'invalid_value'],
    [StepPage, { before: 'msg_1' }, `Invalid 'before': 'msg_1'. Expected an ID that begins with 'step'.`, 'before', 'invalid_value'],
    ...['include', 'include[]'].map((name): Case => [
      Include,
      { [name]: 'everything' },
      `Invalid value: 'everything'. Supported values are: 'step_details.tool_calls[*].file_search.results[*].content'.`,
      name,
      'invalid_value',
    ]),
  ],
};

describe.each(Object.entries(cases))('%s', (_, list) => {
  it.each(list.map((one): [string, Case] => [`${one[3]}: ${one[2].slice(0, 120)}`, one]))('%s', (_title, [schema, input, message, param, code]) => {
    let thrown: unknown;
    try {
      validate(schema, input);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(InvalidRequestError);
    expect(thrown).toMatchObject({ message, param, code });
  });
});

it('a limit beyond all integers is still only above 100', () => {
  expect(() => validate(pageOf('run'), { limit: '99999999999999999999' })).toThrow(/^Invalid 'limit': integer above maximum value\. Expected a value <= 100,/);
});

describe('what is just within the limits is taken', () => {
  it.each<[string, z.ZodType, unknown]>([
    ['16 pairs, the longest key and value', CreateThread, { metadata: { ...pairs(15), [xs(64)]: xs(512) } }],
    ['an empty metadata key', CreateThread, { metadata: { '': '' } }],
    ['the longest texts', CreateAssistant, assistant({ name: xs(256), description: xs(512), instructions: xs(256_000) })],
    ['the longest message', CreateMessage, { role: 'assistant', content: xs(256_000) }],
    ['128 tools', CreateAssistant, assistant({ tools: Array.from({ length: 128 }, (_, n) => ({ type: 'function', function: { name: `f${n}` } })) })],
    ['the longest function name', CreateAssistant, assistant({ tools: [{ type: 'function', function: { name: xs(64) } }] })],
    ['the bounds of the numbers', CreateRun, inRun({ temperature: 2, top_p: 0, max_prompt_tokens: 256, max_completion_tokens: 256 })],
    ['the bounds of pages', pageOf('thread'), { limit: '100', order: 'asc', after: '', before: 'thread_1' }],
  ])('%s', (_, schema, input) => {
    expect(schema.safeParse(input)).toMatchObject({ success: true });
  });
});

it('fills in what a page query leaves out, and takes an empty cursor for none', () => {
  expect(toPageQuery(validate(pageOf('run'), {}))).toEqual({ limit: 20, order: 'desc', after: undefined, before: undefined });
  expect(toPageQuery(validate(pageOf('run'), { limit: '7', order: 'asc', after: 'run_1', before: '', other: 'x' }))).toEqual({ limit: 7, order: 'asc', after: 'run_1', before: undefined });
});

it('reads metadata[key]=value from a query, and nothing else', () => {
  expect(metadataFilter({ 'metadata[user]': 'u1', 'metadata[a[b]]': 'x', metadata: 'no', 'metadata[]': 'no', limit: 5 })).toEqual({ user: 'u1', 'a[b]': 'x' });
  expect(metadataFilter({ limit: 5 })).toBeUndefined();
});

it.each(['constructor', 'toString', 'hasOwnProperty'])('takes %s as a metadata key like any other', (key) => {
  expect(validate(CreateThread, { metadata: { [key]: 'v' } })).toEqual({ metadata: { [key]: 'v' } });
});
