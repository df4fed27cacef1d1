import { describe, expect, it } from '@jest/globals';
import { DEMO_MODEL_ID, demoModel } from '../../shared/models/demo.ts';
import type { ModelChunk, ModelRequest } from '../../shared/ports/model.ts';

// The model that answers by rule when no real one is configured.

type Tools = NonNullable<ModelRequest['tools']>;

const parameters = {
  type: 'object',
  properties: { city: { type: 'string' }, days: { type: 'integer' }, unit: { enum: ['celsius', 'fahrenheit'] }, detail: { type: 'boolean' }, note: { type: 'string' }, tags: { type: 'array' } },
  required: ['city', 'days', 'unit', 'detail', 'tags'],
};
const tools: Tools = [
  { type: 'function', function: { name: 'get_weather', parameters } },
  { type: 'function', function: { name: 'findHotel' } },
];

async function chunksOf(request: Omit<ModelRequest, 'model'>): Promise<ModelChunk[]> {
  const chunks: ModelChunk[] = [];
  for await (const chunk of demoModel.stream({ model: DEMO_MODEL_ID, ...request }, new AbortController().signal)) chunks.push(chunk);
  return chunks;
}

/** What the model says, put together. */
async function answerTo(request: Omit<ModelRequest, 'model'>) {
  const choices = (await chunksOf(request)).flatMap((chunk) => chunk.choices ?? []);
  const calls: { name: string; arguments: string }[] = [];
  for (const { index, function: piece } of choices.flatMap(({ delta }) => delta?.tool_calls ?? [])) {
    const call = (calls[index] ??= { name: '', arguments: '' });
    call.name += piece?.name ?? '';
    call.arguments += piece?.arguments ?? '';
  }
  return { text: choices.map(({ delta }) => delta?.content ?? '').join(''), calls, finish: choices.at(-1)?.finish_reason };
}

const ask = (content: string, rest: Partial<ModelRequest> = {}) => answerTo({ messages: [{ role: 'user', content }], ...rest });

describe('a search of files', () => {
  const search: Tools = [{ type: 'function', function: { name: 'file_search', parameters: { type: 'object', properties: { queries: { type: 'array' } }, required: ['queries'] } } }];

  it('is asked before every answer, with the words of the user', async () => {
    expect((await ask('Where does Otto live?', { tools: search })).calls).toEqual([{ name: 'file_search', arguments: '{"queries":["Where does Otto live?"]}' }]);
    expect((await ask('Where does Otto live?', { tools: search, tool_choice: 'none' })).calls).toEqual([]);
  });

  it('is answered with the first passage and its marker', async () => {
    const call = { id: 'call_1', type: 'function' as const, function: { name: 'file_search', arguments: '{}' } };
    const found = 'Cite.\n\n【4:0†zebras.md】\nOtto lives\nin Bern.\n\n【4:1†lions.md】\nLeo does not.';
    const messages: ModelRequest['messages'] = [{ role: 'user', content: 'Where?' }, { role: 'assistant', tool_calls: [call] }, { role: 'tool', tool_call_id: 'call_1', content: found }];
    const { text } = await answerTo({ messages, tools: search });
    expect(text).toMatch(/^Your files say: "Otto lives in Bern\." 【4:0†zebras\.md】\. /);
  });
});

describe('code', () => {
  const python = (name = 'code_interpreter'): Tools => [{ type: 'function', function: { name, parameters: { type: 'object', properties: { code: { type: 'string' } }, required: ['code'] } } }];
  const call = (id: string, name = 'code_interpreter') => ({ id, type: 'function' as const, function: { name, arguments: '{}' } });
  const after = (outputs: string[], name?: string): ModelRequest['messages'] => [
    { role: 'user', content: 'Run it.' },
    { role: 'assistant', tool_calls: outputs.map((_, n) => call(`call_${n}`, name)) },
    ...outputs.map((content, n) => ({ role: 'tool' as const, tool_call_id: `call_${n}`, content })),
  ];

  it.each([
    ['```\n1 + 1\n```', '1 + 1'],
    ['Please:\n\n```python\nfor i in range(2):\n    print(i)\n\n```\nThanks.', 'for i in range(2):\n    print(i)'],
    ['```py \r\nprint("`")\r\n```, then ```\nno\n```', 'print("`")'],
  ])('is called for with what stands in the first fence of %j', async (content, code) => {
    const { calls } = await ask(content, { tools: python() });
    expect(calls.map(({ name }) => name)).toEqual(['code_interpreter']);
    expect(JSON.parse(calls[0]?.arguments ?? '')).toEqual({ code });
  });

  it('is not called for without a fence, nor when it must not be; of its own only when it must', async () => {
    expect((await ask('Interpret this code!', { tools: python() })).calls).toEqual([]);
    expect((await ask('```\n1\n```', { tools: python(), tool_choice: 'none' })).calls).toEqual([]);
    const forced = { type: 'function' as const, function: { name: 'code_interpreter_2' } };
    const own = [{ name: 'code_interpreter_2', arguments: '{"code":"print(\\"demo\\")"}' }];
    expect((await ask('Hi', { tools: python('code_interpreter_2'), tool_choice: forced })).calls).toEqual(own);
    expect((await ask('Hi', { tools: python('code_interpreter_2'), tool_choice: 'required' })).calls).toEqual(own);
  });

  it('leaves the other functions to their names', async () => {
    const both = [...python(), ...tools];
    expect((await ask('The weather, please.', { tools: both })).calls.map(({ name }) => name)).toEqual(['get_weather']);
    expect((await ask('The weather after\n```\n1\n```', { tools: both })).calls.map(({ name }) => name)).toEqual(['code_interpreter', 'get_weather']);
  });

  it('is answered with what came out, and links to what it wrote', async () => {
    const output = 'done\n[image 1 was shown to the user]\nFiles written: /mnt/data/my table.csv (12 bytes), /mnt/data/a/b.txt (1 bytes); link to one as [my table.csv](sandbox:/mnt/data/my table.csv)';
    const { text, calls } = await answerTo({ messages: after([output]), tools: python() });
    expect(calls).toEqual([]);
    expect(text).toMatch(/^Your code says: "done\n\[image 1 was shown to the user\]"\. It wrote \[my table\.csv\]\(sandbox:\/mnt\/data\/my table\.csv\), \[a\/b\.txt\]\(sandbox:\/mnt\/data\/a\/b\.txt\)\. I am the demo model/);
  });

  it('is told apart from functions, and cut', async () => {
    expect((await answerTo({ messages: after(['2\n', 'x'.repeat(1000)]), tools: python() })).text).toMatch(/^Your code says: "2"\. Your code says: "x{300}"\. I am/);
    expect((await answerTo({ messages: after(['Files written: none'], 'get_weather'), tools })).text).toMatch(/^Your functions answered: Files written: none\. I am/);
  });
});

describe('its text', () => {
  it('repeats what was said, says that it is a demo and how to bring a real model', async () => {
    const { text, calls, finish } = await ask('Good morning!');
    expect(text).toContain('You said: "Good morning!".');
    expect(text).toMatch(/demo model/);
    expect(text).toMatch(/MODEL_BASE_URL and MODEL_API_KEY/);
    expect(calls).toEqual([]);
    expect(finish).toBe('stop');
  });

  it('comes in many pieces', async () => {
    expect((await chunksOf({ messages: [{ role: 'user', content: 'Hi' }] })).length).toBeGreaterThan(10);
  });

  it('is cut when the question is long', async () => {
    expect((await ask('long '.repeat(10_000))).text.length).toBeLessThan(1500);
  });

  it.each<[string, NonNullable<ModelRequest['response_format']>]>([
    ['json_object', { type: 'json_object' }],
    ['json_schema', { type: 'json_schema', json_schema: { name: 'n', schema: {} } }],
  ])('is JSON when %s is asked for', async (_, response_format) => {
    expect(JSON.parse((await ask('Say "hi"\n', { response_format })).text)).toEqual({ answer: expect.stringContaining('demo model') });
    expect((await ask('Hi', { response_format: { type: 'text' } })).text).toMatch(/^You said/);
  });

  it('understands content in parts, and a thread without a question', async () => {
    const image = { type: 'image_url' as const, image_url: { url: 'https://a.b/c.png' } };
    expect((await answerTo({ messages: [{ role: 'user', content: [{ type: 'text', text: 'What is this?' }, image] }] })).text).toContain('You said: "What is this? ".');
    expect((await answerTo({ messages: [] })).text).toMatch(/demo model/);
  });
});

describe('it calls', () => {
  it('the function whose name fits, with a value of the right type for each required parameter', async () => {
    const { calls, text, finish } = await ask('How is the weather in Paris?', { tools });
    expect(calls.map(({ name }) => name)).toEqual(['get_weather']);
    expect(JSON.parse(calls[0]?.arguments ?? '')).toEqual({ city: 'demo city', days: 1, unit: 'celsius', detail: true, tags: [] });
    expect(text).toBe('');
    expect(finish).toBe('tool_calls');
  });

  it.each([
    ['a word within a name in camel case', 'I need a hotel.', {}, ['findHotel']],
    ['all that fit, in parallel', 'Weather and hotel, please.', {}, ['get_weather', 'findHotel']],
    ['only one when it may not call in parallel', 'Weather and hotel, please.', { parallel_tool_calls: false }, ['get_weather']],
    ['none that does not fit', 'Get me a taxi.', {}, []],
    ['none when it must not', 'How is the weather?', { tool_choice: 'none' as const }, []],
    ['any when it must call some', 'Good morning!', { tool_choice: 'required' as const }, ['get_weather']],
    ['the one that it is told to', 'Good morning!', { tool_choice: { type: 'function' as const, function: { name: 'findHotel' } } }, ['findHotel']],
    ['no other than the one it is told to', 'How is the weather?', { tool_choice: { type: 'function' as const, function: { name: 'findHotel' } } }, ['findHotel']],
  ])('%s', async (_, content, rest, names) => {
    expect((await ask(content, { tools, ...rest })).calls.map(({ name }) => name)).toEqual(names);
  });

  it('no function twice: what the functions answered goes into its text', async () => {
    const call = (id: string) => ({ id, type: 'function' as const, function: { name: 'get_weather', arguments: '{}' } });
    const messages: ModelRequest['messages'] = [
      { role: 'user', content: 'How is the weather?' },
      { role: 'assistant', tool_calls: [call('a'), call('b')] },
      { role: 'tool', tool_call_id: 'a', content: 'Sunny' },
      { role: 'tool', tool_call_id: 'b', content: 'Windy' },
    ];
    const { calls, text } = await answerTo({ messages, tools });
    expect(calls).toEqual([]);
    expect(text).toContain('Your functions answered: Sunny; Windy.');
    expect(text).toMatch(/demo model/);
  });

  it('functions without parameters, or with odd ones, with an object all the same', async () => {
    const odd: Tools = [{ type: 'function', function: { name: 'ping', parameters: { required: ['x'] } } }];
    expect((await ask('ping', { tools: odd })).calls).toEqual([{ name: 'ping', arguments: '{"x":"demo x"}' }]);
    expect((await ask('hotel', { tools })).calls).toEqual([{ name: 'findHotel', arguments: '{}' }]);
  });
});

it('tells its usage in the last chunk, for texts and for calls', async () => {
  for (const content of ['Hi', 'How is the weather?']) {
    const last = (await chunksOf({ messages: [{ role: 'user', content }], tools })).at(-1);
    expect(last?.choices).toEqual([]);
    const { prompt_tokens = 0, completion_tokens = 0, total_tokens = 0 } = last?.usage ?? {};
    expect(prompt_tokens).toBeGreaterThan(0);
    expect(completion_tokens).toBeGreaterThan(0);
    expect(total_tokens).toBe(prompt_tokens + completion_tokens);
  }
});

it('stops when it is told to, with the signal’s own reason', async () => {
  const controller = new AbortController();
  const reason = new Error('enough');
  const iterator = demoModel.stream({ model: DEMO_MODEL_ID, messages: [{ role: 'user', content: 'Hi' }] }, controller.signal)[Symbol.asyncIterator]();
  await iterator.next();
  controller.abort(reason);
  await expect(iterator.next()).rejects.toBe(reason);
});

it('is the one model in the list', async () => {
  expect(await demoModel.list()).toEqual([{ id: 'threadkeep-demo', created: 0, ownedBy: 'threadkeep' }]);
});
