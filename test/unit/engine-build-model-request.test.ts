import { describe, expect, it } from '@jest/globals';
import type { Tool } from '../../shared/domain/settings.ts';
import { type RunTurn, buildModelRequest } from '../../shared/engine/build-model-request.ts';
import type { ModelRequest } from '../../shared/ports/model.ts';
import { RUN, callOf, messageOf, queuedRun, text } from './sample-records.ts';

type RunFields = Parameters<typeof queuedRun>[0];

/** What a run with these settings asks for, after the turns it has had. */
const requestOf = (fields: RunFields = {}, turns: RunTurn[] = [], left?: number): ModelRequest => buildModelRequest(queuedRun(fields), { history: [messageOf('Hi')], turns }, left);

const tool = (definition: Extract<Tool, { type: 'function' }>['function']): Tool => ({ type: 'function', function: definition });
const tools = [tool({ name: 'f' }), tool({ name: 'g' })];
const said = (value: string): RunTurn => ({ type: 'message', message: messageOf(value, { role: 'assistant', runId: RUN }) });
const called: RunTurn = { type: 'calls', calls: [callOf('f', { output: '1' })] };

it('a run without settings sends its model and its messages, nothing else', () => {
  expect(requestOf()).toEqual({ model: 'gpt-test', messages: [{ role: 'user', content: 'Hi' }] });
});

describe('each setting becomes its own field of the request', () => {
  const schema = { type: 'object', properties: {} };
  it.each<[string, RunFields, Partial<ModelRequest>]>([
    ['temperature', { temperature: 0 }, { temperature: 0 }],
    ['top_p', { topP: 0.2 }, { top_p: 0.2 }],
    ['reasoning_effort', { reasoningEffort: 'high' }, { reasoning_effort: 'high' }],
    ['response_format text', { responseFormat: { type: 'text' } }, { response_format: { type: 'text' } }],
    ['response_format json_object', { responseFormat: { type: 'json_object' } }, { response_format: { type: 'json_object' } }],
    [
      'response_format json_schema',
      { responseFormat: { type: 'json_schema', json_schema: { name: 'n', description: 'd', schema, strict: true } } },
      { response_format: { type: 'json_schema', json_schema: { name: 'n', description: 'd', schema, strict: true } } },
    ],
    ['response_format json_schema, not strict', { responseFormat: { type: 'json_schema', json_schema: { name: 'n', strict: false } } }, { response_format: { type: 'json_schema', json_schema: { name: 'n' } } }],
    ['response_format json_schema, strict null', { responseFormat: { type: 'json_schema', json_schema: { name: 'n', strict: null } } }, { response_format: { type: 'json_schema', json_schema: { name: 'n' } } }],
  ])('%s', (_, fields, expected) => {
    const { model: _model, messages: _messages, ...settings } = requestOf(fields);
    expect(settings).toEqual(expected);
  });

  it('what every provider takes for granted is not said: reasoning models refuse it', () => {
    expect(Object.keys(requestOf({ temperature: 1, topP: 1, responseFormat: 'auto' }))).toEqual(['model', 'messages']);
  });

  it('what is left of the completion budget', () => {
    expect(requestOf({}, [], 123)).toMatchObject({ max_completion_tokens: 123 });
    expect(requestOf()).not.toHaveProperty('max_completion_tokens');
  });

  it('instructions come first, as the system message; empty ones not at all', () => {
    expect(requestOf({ instructions: 'Be brief.' }).messages).toEqual([{ role: 'system', content: 'Be brief.' }, { role: 'user', content: 'Hi' }]);
    expect(requestOf({ instructions: '' }).messages).toEqual([{ role: 'user', content: 'Hi' }]);
  });
});

it.each([undefined, ''])('an empty thread is not asked about with no message at all, instructions %j', (instructions) => {
  const { messages } = buildModelRequest(queuedRun({ instructions }), { history: [], turns: [] }, undefined);
  expect(messages).toEqual([{ role: 'system', content: 'You are a helpful assistant.' }]);
});

describe('functions', () => {
  it('are sent as they are defined; strict only when it is true', () => {
    const parameters = { type: 'object', properties: { a: { type: 'string' } } };
    const { tools: sent } = requestOf({ tools: [tool({ name: 'a', description: 'd', parameters, strict: true }), tool({ name: 'b', strict: false }), tool({ name: 'c', strict: null }), tool({ name: 'd' })] });
    expect(sent).toEqual([
      { type: 'function', function: { name: 'a', description: 'd', parameters, strict: true } },
      ...['b', 'c', 'd'].map((name) => ({ type: 'function', function: { name } })),
    ]);
  });

  it('are all that is sent: without any there is no choice', () => {
    expect(Object.keys(requestOf({ tools: [], toolChoice: 'required', parallelToolCalls: false }))).toEqual(['model', 'messages']);
  });

  it.each([
    [true, undefined],
    [false, false],
  ])('parallel_tool_calls %s is sent as %s', (parallelToolCalls, sent) => {
    expect(requestOf({ tools, parallelToolCalls }).parallel_tool_calls).toBe(sent);
  });

  it.each<[NonNullable<RunFields>['toolChoice'], ModelRequest['tool_choice'], ModelRequest['tool_choice']]>([
    ['auto', undefined, undefined],
    ['none', 'none', 'none'],
    // A forced choice holds for the first call alone, or the run could never end.
    ['required', 'required', undefined],
    [{ type: 'function', function: { name: 'g' } }, { type: 'function', function: { name: 'g' } }, undefined],
    [{ type: 'file_search' }, undefined, undefined],
    [{ type: 'code_interpreter' }, undefined, undefined],
  ])('tool_choice %j is sent first as %j, later as %j', (toolChoice, first, later) => {
    expect(requestOf({ tools, toolChoice }).tool_choice).toEqual(first);
    expect(requestOf({ tools, toolChoice }, [called]).tool_choice).toEqual(later);
    // A text alone is no call: taken over after it, the run has still to make one.
    expect(requestOf({ tools, toolChoice }, [said('Well.')]).tool_choice).toEqual(first);
  });
});

describe('messages of the thread', () => {
  const sent = (...history: Parameters<typeof messageOf>[]) =>
    buildModelRequest(queuedRun(), { history: history.map((args) => messageOf(...args)), turns: [] }, undefined).messages;
  const image = { type: 'image_url' as const, image_url: { url: 'https://a.b/c.png', detail: 'high' as const } };

  it('keep their order and their roles', () => {
    expect(sent(['One'], ['Two', { role: 'assistant' }], ['Three'])).toEqual([
      { role: 'user', content: 'One' },
      { role: 'assistant', content: 'Two' },
      { role: 'user', content: 'Three' },
    ]);
  });

  it('a single text is sent as a string, several parts as a list', () => {
    expect(sent([[text('Only')]])).toEqual([{ role: 'user', content: 'Only' }]);
    expect(sent([[text('A'), text('B')]])).toEqual([{ role: 'user', content: [{ type: 'text', text: 'A' }, { type: 'text', text: 'B' }] }]);
  });

  it('images go as they are, in their places', () => {
    expect(sent([[text('What is this?'), image]])).toEqual([{ role: 'user', content: [{ type: 'text', text: 'What is this?' }, image] }]);
    expect(sent([[image]])).toEqual([{ role: 'user', content: [image] }]);
  });

  it('what an assistant said goes as text, its refusals too', () => {
    expect(sent([[text('A'), { type: 'refusal', refusal: 'I cannot.' }], { role: 'assistant' }])).toEqual([{ role: 'assistant', content: 'A\nI cannot.' }]);
    expect(sent([[text('See'), image], { role: 'assistant' }])).toEqual([{ role: 'assistant', content: 'See' }]);
  });
});

describe('what the run has done so far', () => {
  const after = (...turns: RunTurn[]) => requestOf({ tools }, turns).messages.slice(1);
  const f = callOf('f', { arguments: '{"x":1}', output: '42' });
  const g = callOf('g', { output: '' });
  const open = callOf('g');
  const asCall = { id: 'call_f', type: 'function', function: { name: 'f', arguments: '{"x":1}' } };

  it('calls go back with an answer each, in their order', () => {
    expect(after({ type: 'calls', calls: [f, g] })).toEqual([
      { role: 'assistant', tool_calls: [asCall, { id: 'call_g', type: 'function', function: { name: 'g', arguments: '{}' } }] },
      { role: 'tool', tool_call_id: 'call_f', content: '42' },
      { role: 'tool', tool_call_id: 'call_g', content: '' },
    ]);
    expect(after({ type: 'calls', calls: [open] })[1]).toEqual({ role: 'tool', tool_call_id: 'call_g', content: '' });
  });

  it('a text and the calls right after it are one message, as they came out of one model call', () => {
    expect(after(said('Let me look.'), { type: 'calls', calls: [f] })).toEqual([
      { role: 'assistant', content: 'Let me look.', tool_calls: [asCall] },
      { role: 'tool', tool_call_id: 'call_f', content: '42' },
    ]);
  });

  it('texts that no calls follow stand alone', () => {
    expect(after(said('One.'), said('Two.'))).toEqual([{ role: 'assistant', content: 'One.' }, { role: 'assistant', content: 'Two.' }]);
    expect(after({ type: 'calls', calls: [f] }, said('Done.')).at(-1)).toEqual({ role: 'assistant', content: 'Done.' });
  });

  it('a text is used once: later calls stand alone again', () => {
    const [first, , second] = after(said('Look.'), { type: 'calls', calls: [f] }, { type: 'calls', calls: [g] });
    expect(first).toHaveProperty('content', 'Look.');
    expect(second).not.toHaveProperty('content');
  });
});
