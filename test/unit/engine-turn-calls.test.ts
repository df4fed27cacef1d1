import { describe, expect, it } from '@jest/globals';
import type { ChatCompletionChunk } from 'openai/resources/chat/completions';
import type { RunEvent, ToolCallDelta } from '../../shared/domain/run-event.ts';
import { type FunctionCall, type ToolCall, isFunctionCall } from '../../shared/domain/run-step.ts';
import { Turn } from '../../shared/engine/turn.ts';
import type { ModelChunk } from '../../shared/ports/model.ts';
import { NOW_MS, USAGE, runningRun } from './sample-records.ts';

// A model's function calls: how they are told, what is kept, and what odd providers make of them.

type Delta = ChatCompletionChunk.Choice['delta'];
type Piece = NonNullable<Delta['tool_calls']>[number];

const chunk = (delta: Delta, finish_reason: ChatCompletionChunk.Choice['finish_reason'] = null): ModelChunk => ({ choices: [{ index: 0, delta, finish_reason }] });
const pieces = (...tool_calls: Piece[]): ModelChunk => chunk({ tool_calls });
const head = (index: number, name: string, id?: string, args = ''): Piece => ({ index, ...(id !== undefined && { id }), type: 'function', function: { name, arguments: args } });
const more = (index: number, args: string): Piece => ({ index, function: { arguments: args } });
const stop = chunk({}, 'tool_calls');

async function* streamed(chunks: ModelChunk[]): AsyncGenerator<ModelChunk> {
  for (const one of chunks) yield await Promise.resolve(one);
}

async function read(chunks: ModelChunk[], parallelToolCalls = true) {
  const events: RunEvent[] = [];
  const texts: (string | undefined)[] = [];
  const turn = new Turn({
    run: runningRun({ parallelToolCalls }),
    lastMessageId: undefined,
    lastStepId: undefined,
    nowMs: () => NOW_MS,
    emit: (event) => void events.push(event),
    async onTextDone(open) {
      await Promise.resolve();
      const [part] = open.messageSoFar?.content ?? [];
      texts.push(part?.type === 'text' ? part.text.value : undefined);
      if (open.step) events.push({ type: 'thread.run.step.completed', step: { ...open.step, status: 'completed', completedAtMs: NOW_MS, usage: USAGE } });
    },
  });
  await turn.read(streamed(chunks));
  return { turn, events, texts, result: turn.finish(USAGE) };
}

const names = (events: RunEvent[]): string[] => events.map(({ type }) => type.replace('thread.', ''));
type FunctionDelta = Extract<ToolCallDelta, { type: 'function' }>;

const deltas = (events: RunEvent[]): FunctionDelta[] => events.flatMap((event) => (event.type === 'thread.run.step.delta' ? event.toolCalls.filter((delta) => delta.type === 'function') : []));
const functions = (calls: ToolCall[]): FunctionCall[] => calls.filter(isFunctionCall);

/** What a client has when it has added up the deltas; throws where the official clients would. */
function sum(events: RunEvent[]) {
  const calls: { id: string; type: 'function'; name: string; arguments: string }[] = [];
  for (const { index, id, function: piece } of deltas(events)) {
    const known = calls[index];
    if (known === undefined) {
      expect(index).toBe(calls.length);
      expect(piece).toMatchObject({ name: expect.any(String), output: null });
      calls.push({ id: id ?? '', type: 'function', name: piece.name ?? '', arguments: piece.arguments });
    } else {
      // These would be added to what is there: call_1call_1.
      expect([id, piece.name, piece.output]).toEqual([undefined, undefined, undefined]);
      known.arguments += piece.arguments;
    }
  }
  return calls;
}

const STEP = ['run.step.created', 'run.step.in_progress'];

describe('calls', () => {
  it('open a step without calls, name each call once, then tell its arguments piece by piece', async () => {
    const { events, turn, result } = await read([pieces(head(0, 'f', 'call_1')), pieces(more(0, '{"a"')), pieces(more(0, ':1}')), stop]);
    expect(names(events)).toEqual([...STEP, ...Array<string>(3).fill('run.step.delta')]);
    expect(events[0]).toMatchObject({ step: { details: { type: 'tool_calls', toolCalls: [] } } });
    expect(deltas(events)).toEqual([
      { index: 0, id: 'call_1', type: 'function', function: { name: 'f', arguments: '', output: null } },
      { index: 0, type: 'function', function: { arguments: '{"a"' } },
      { index: 0, type: 'function', function: { arguments: ':1}' } },
    ]);
    expect(result.toolCalls).toEqual([{ id: 'call_1', type: 'function', name: 'f', arguments: '{"a":1}' }]);
    expect(turn.stepSoFar?.details).toEqual({ type: 'tool_calls', toolCalls: result.toolCalls });
    expect(turn.messageSoFar).toBeUndefined();
  });

  it('in parallel are told apart by their index, also when their pieces come mixed', async () => {
    const { events, result } = await read([pieces(head(0, 'f', 'call_1')), pieces(head(1, 'g', 'call_2')), pieces(more(1, '{"b":'), more(0, '{"a":')), pieces(more(0, '1}'), more(1, '2}')), stop]);
    expect(functions(result.toolCalls).map(({ id, name, arguments: args }) => [id, name, args])).toEqual([
      ['call_1', 'f', '{"a":1}'],
      ['call_2', 'g', '{"b":2}'],
    ]);
    expect(sum(events)).toEqual(result.toolCalls);
  });

  it('with all arguments in the first piece are told in two', async () => {
    const { events } = await read([pieces(head(0, 'f', 'call_1', '{"a":1}')), stop]);
    expect(deltas(events).map((delta) => delta.function)).toEqual([{ name: 'f', arguments: '', output: null }, { arguments: '{"a":1}' }]);
  });

  it('without arguments get an empty object, in the stream too', async () => {
    const { events, result } = await read([pieces(head(0, 'f', 'call_1')), pieces(head(1, 'g', 'call_2', '{"x":1}')), stop]);
    expect(functions(result.toolCalls).map(({ arguments: args }) => args)).toEqual(['{}', '{"x":1}']);
    expect(sum(events)).toEqual(result.toolCalls);
  });

  it('keep malformed arguments as they are: they are the client’s to see', async () => {
    expect(functions((await read([pieces(head(0, 'f', 'call_1', '{"a":')), stop])).result.toolCalls)[0]?.arguments).toBe('{"a":');
  });

  it('are counted from their names: an id that no name follows is no call', async () => {
    const { events, result } = await read([pieces({ index: 0, id: 'call_1' }), pieces(head(1, 'g', 'call_2')), stop]);
    expect(functions(result.toolCalls).map(({ id, arguments: args }) => [id, args])).toEqual([['call_2', '{}']]);
    expect(sum(events)).toEqual(result.toolCalls);
  });

  it('are at most 128', async () => {
    const { events, result } = await read([pieces(...Array.from({ length: 140 }, (_, n) => head(n, 'f', `call_${n}`, '{}'))), stop]);
    expect(result.toolCalls).toHaveLength(128);
    expect(sum(events)).toEqual(result.toolCalls);
  });

  it('are one when parallel calls are not wanted, whatever the provider does', async () => {
    const { events, result } = await read([pieces(head(0, 'f', 'call_1', '{}'), head(1, 'g', 'call_2', '{}')), pieces(more(1, 'x')), stop], false);
    expect(functions(result.toolCalls).map(({ name }) => name)).toEqual(['f']);
    expect(sum(events)).toEqual(result.toolCalls);
  });
});

describe('a text and then calls', () => {
  const chunks = [chunk({ content: 'Let me ' }), chunk({ content: 'look.' }), pieces(head(0, 'f', 'call_1', '{}')), chunk({ content: ' Done!' }), chunk({ refusal: 'No.' }), stop];

  it('the text’s step is stored before the next one opens, and steps have ids in order', async () => {
    const { events, texts, turn } = await read(chunks);
    expect(texts).toEqual(['Let me look.']);
    const message = ['message.created', 'message.in_progress', 'message.delta', 'message.delta'];
    expect(names(events)).toEqual([...STEP, ...message, 'run.step.completed', ...STEP, 'run.step.delta', 'run.step.delta']);
    const [first, second] = events.flatMap((event) => (event.type === 'thread.run.step.created' ? [event.step.id] : []));
    expect((second ?? '') > (first ?? '')).toBe(true);
    expect(turn.step?.id).toBe(second);
  });

  it('words after the calls have no place and are dropped', async () => {
    const { turn, result } = await read(chunks);
    expect(turn.messageSoFar).toBeUndefined();
    expect(result.toolCalls).toHaveLength(1);
  });

  it('may come in one chunk', async () => {
    const { texts, result } = await read([chunk({ content: 'Hm.', tool_calls: [head(0, 'f', 'call_1', '{}')] }), stop]);
    expect(texts).toEqual(['Hm.']);
    expect(result.toolCalls).toHaveLength(1);
  });
});

describe('providers that count or name otherwise', () => {
  const asSent = (value: object): Piece => value as Piece;
  const OURS = /^call_[0-9A-Za-z]{24}$/;

  it.each<[string, ModelChunk[], [name: string, args: string][]]>([
    ['begin with index 1, as those do that count a text before', [pieces(head(1, 'f', 'a')), pieces(more(1, '{"x":1}'))], [['f', '{"x":1}']]],
    ['leave out numbers', [pieces(head(0, 'f', 'a', '{}')), pieces(head(3, 'g', 'b')), pieces(more(3, '{"x":1}'))], [['f', '{}'], ['g', '{"x":1}']]],
    ['say 0 for every call, each with its own id', [pieces(head(0, 'f', 'a', '{"x":1}')), pieces(head(0, 'g', 'b', '{"y":1}'))], [['f', '{"x":1}'], ['g', '{"y":1}']]],
    ['repeat the id with every piece', [pieces(head(0, 'f', 'a', '{"x"')), pieces({ ...more(0, ':1}'), id: 'a' })], [['f', '{"x":1}']]],
    ['send no index', [pieces(asSent({ id: 'a', type: 'function', function: { name: 'f', arguments: '{"x":1}' } }))], [['f', '{"x":1}']]],
    ['give no ids', [pieces(head(0, 'f', undefined, '{}')), pieces(head(1, 'g', undefined, '{}'))], [['f', '{}'], ['g', '{}']]],
    ['give empty ids', [pieces(head(0, 'f', '', '{}')), pieces(head(1, 'g', '', '{}'))], [['f', '{}'], ['g', '{}']]],
    ['give the same id twice', [pieces(head(0, 'f', 'a', '{}')), pieces(head(1, 'g', 'a', '{}'))], [['f', '{}'], ['g', '{}']]],
    ['end the arguments with null', [pieces(head(0, 'f', 'a', '{}')), pieces(asSent({ index: 0, function: { arguments: null } }))], [['f', '{}']]],
  ])('%s', async (_, chunks, expected) => {
    const { events, result } = await read([...chunks, stop]);
    expect(functions(result.toolCalls).map(({ name, arguments: args }) => [name, args])).toEqual(expected);
    expect(JSON.parse(JSON.stringify(result.toolCalls))).toEqual(result.toolCalls);
    expect(sum(events)).toEqual(result.toolCalls);
    const ids = result.toolCalls.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const id of ids) expect(id === 'a' || id === 'b' || OURS.test(id)).toBe(true);
  });

  it('a call beyond what may be taken alone opens no empty step', async () => {
    const { events, result } = await read([pieces(head(1, 'g', 'b', '{}')), stop], false);
    expect(functions(result.toolCalls).map(({ name }) => name)).toEqual(['g']);
    expect(sum(events)).toEqual(result.toolCalls);
  });
});
