/** What the built-in model must do, so that a server without a key is of use and never mistaken for more. */
import { describe, expect, it } from '@jest/globals';
import type { ChatCompletionFunctionTool } from 'openai/resources/chat/completions';
import type { Model, ModelChunk, ModelRequest } from '../../../shared/ports/model.ts';
import { collect, deltasOf, finishOf, never, REQUEST, textOf } from './model-reading.ts';
import { failureOf } from './stage.ts';

const tool = (name: string, parameters: Record<string, unknown> = { type: 'object', properties: {} }): ChatCompletionFunctionTool => ({ type: 'function', function: { name, parameters } });
const WEATHER = tool('get_weather', {
  type: 'object',
  properties: { city: { type: 'string' }, days: { type: 'integer' }, unit: { enum: ['C', 'F'] }, hourly: { type: 'boolean' }, tags: { type: 'array' }, more: { type: 'string' } },
  required: ['city', 'days', 'unit', 'hourly', 'tags'],
});

function callsOf(chunks: ModelChunk[]): { name: string; arguments: unknown }[] {
  const calls: { name: string; arguments: string }[] = [];
  for (const piece of deltasOf(chunks).flatMap((delta) => delta.tool_calls ?? [])) {
    const call = (calls[piece.index] ??= { name: '', arguments: '' });
    call.name += piece.function?.name ?? '';
    call.arguments += piece.function?.arguments ?? '';
  }
  return calls.map((call) => ({ name: call.name, arguments: JSON.parse(call.arguments) as unknown }));
}

export function describeDemoModel(model: Model): void {
  describe('demo model', () => {
    const ask = (content: string, more: Partial<ModelRequest> = {}) => collect(model.stream({ ...REQUEST, messages: [{ role: 'user', content }], ...more }, never()));

    it('answers in several pieces, says what it is and how to bring a real one', async () => {
      const chunks = await ask('Good morning');
      expect(chunks.length).toBeGreaterThan(5);
      expect(textOf(...chunks)).toMatch(/Good morning.*demo model.*MODEL_BASE_URL/);
      expect(finishOf(chunks)).toBe('stop');
    });

    it('tells its usage last', async () => {
      const { usage } = (await ask('Good morning')).at(-1) ?? {};
      expect(usage?.prompt_tokens).toBeGreaterThan(0);
      expect(usage?.total_tokens).toBe((usage?.prompt_tokens ?? 0) + (usage?.completion_tokens ?? 0));
    });

    it('calls the function that the message speaks of, with a value for each required parameter', async () => {
      const chunks = await ask('What is the weather like?', { tools: [tool('send_mail'), WEATHER] });
      expect(callsOf(chunks)).toEqual([{ name: 'get_weather', arguments: { city: 'demo city', days: 1, unit: 'C', hourly: true, tags: [] } }]);
      expect([textOf(...chunks), finishOf(chunks)]).toEqual(['', 'tool_calls']);
    });

    it.each<[string, Partial<ModelRequest>, string[]]>([
      ['nothing', { tool_choice: 'none' }, []],
      ['all that fit', {}, ['get_weather', 'getTime']],
      ['one at a time', { parallel_tool_calls: false }, ['get_weather']],
      ['the one that is forced', { tool_choice: { type: 'function', function: { name: 'send_mail' } } }, ['send_mail']],
    ])('calls %s as asked: %j', async (_, more, names) => {
      const chunks = await ask('Weather and time, please', { tools: [tool('send_mail'), WEATHER, tool('getTime')], ...more });
      expect(callsOf(chunks).map(({ name }) => name)).toEqual(names);
    });

    it('calls something when it must', async () => {
      expect(callsOf(await ask('Good morning', { tools: [tool('send_mail'), WEATHER], tool_choice: 'required' }))).toHaveLength(1);
      expect(callsOf(await ask('Good morning', { tools: [tool('send_mail'), WEATHER] }))).toEqual([]);
    });

    it('answers with what functions gave, instead of calling again', async () => {
      const chunks = await ask('', {
        tools: [WEATHER],
        messages: [
          { role: 'user', content: 'What is the weather like?' },
          { role: 'assistant', tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'get_weather', arguments: '{}' } }] },
          { role: 'tool', tool_call_id: 'call_1', content: '21 degrees' },
        ],
      });
      expect(textOf(...chunks)).toContain('21 degrees');
      expect(finishOf(chunks)).toBe('stop');
    });

    it.each([{ type: 'json_object' as const }, { type: 'json_schema' as const, json_schema: { name: 'a', schema: {} } }])('answers in JSON when asked for %j', async (response_format) => {
      expect(JSON.parse(textOf(...(await ask('Say "hi"', { response_format }))))).toHaveProperty('answer');
    });

    it('stops when aborted', async () => {
      const abort = new AbortController();
      const reason = new Error('enough');
      let pieces = 0;
      const reading = (async () => {
        for await (const chunk of model.stream(REQUEST, abort.signal)) if (textOf(chunk) !== '' && ++pieces === 3) abort.abort(reason);
      })();
      expect(await failureOf(reading)).toBe(reason);
      expect(pieces).toBe(3);
    });

    it('is on its own list', async () => {
      expect(await model.list()).toEqual([{ id: 'threadkeep-demo', created: 0, ownedBy: 'threadkeep' }]);
    });
  });
}
