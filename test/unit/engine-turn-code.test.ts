import { describe, expect, it } from '@jest/globals';
import type { ChatCompletionChunk } from 'openai/resources/chat/completions';
import type { RunEvent } from '../../shared/domain/run-event.ts';
import { isCodeCall } from '../../shared/domain/run-step.ts';
import type { Tool } from '../../shared/domain/settings.ts';
import type { CodeContext } from '../../shared/engine/code-context.ts';
import { Turn } from '../../shared/engine/turn.ts';
import type { ModelChunk } from '../../shared/ports/model.ts';
import { NOW_MS, USAGE, runningRun } from './sample-records.ts';

// Code as a model writes it, and messages that show what code has made.

type Delta = ChatCompletionChunk.Choice['delta'];
const chunk = (delta: Delta, finish_reason: ChatCompletionChunk.Choice['finish_reason'] = null): ModelChunk => ({ choices: [{ index: 0, delta, finish_reason }] });
const piece = (index: number, name: string | undefined, args: string) => chunk({ tool_calls: [{ index, ...(name !== undefined && { id: `call_${index}` }), type: 'function', function: { ...(name !== undefined && { name }), arguments: args } }] });
const STOP = chunk({}, 'tool_calls');
const CODE: Tool = { type: 'code_interpreter' };
const functionOf = (name: string): Tool => ({ type: 'function', function: { name } });
const made = (fields: Partial<CodeContext> = {}): CodeContext => ({ inputFiles: [], links: new Map(), images: [], written: [], calls: 0, keptBytes: 0, ...fields });

async function* streamed(chunks: ModelChunk[]): AsyncGenerator<ModelChunk> {
  for (const one of chunks) yield await Promise.resolve(one);
}

async function read(chunks: ModelChunk[], { tools = [CODE, functionOf('f')], parallelToolCalls = true, code = made(), isCut = false }: { tools?: Tool[]; parallelToolCalls?: boolean; code?: CodeContext; isCut?: boolean } = {}) {
  const events: RunEvent[] = [];
  const stored: unknown[] = [];
  const turn = new Turn({
    run: runningRun({ tools, parallelToolCalls }),
    lastMessageId: undefined,
    lastStepId: undefined,
    code,
    nowMs: () => NOW_MS,
    emit: (event) => void events.push(event),
    onTextDone: async (open) => void stored.push(await Promise.resolve(open.messageSoFar)),
  });
  const reading = turn.read(streamed(chunks));
  if (isCut) await expect(reading).rejects.toThrow('cut off');
  else await reading;
  return { turn, events, stored };
}

const deltas = (events: RunEvent[]) => events.flatMap((event) => (event.type === 'thread.run.step.delta' ? event.toolCalls : []));
const said = (events: RunEvent[]) => events.flatMap((event) => (event.type === 'thread.message.delta' ? event.content : []));
const opened = (events: RunEvent[]) => events.flatMap((event) => (event.type === 'thread.run.step.created' ? [event.step.id] : []));
const opening = (id: string) => ({ index: 0, id, type: 'code_interpreter', code_interpreter: { input: '', outputs: [] } });
const input = (text: string) => ({ index: 0, type: 'code_interpreter', code_interpreter: { input: text } });

describe('code', () => {
  it('is told as it comes, decoded; it is executed with the step that was opened', async () => {
    const { turn, events } = await read([piece(0, 'code_interpreter', ''), piece(0, undefined, '{"code":"pri'), piece(0, undefined, 'nt(\\"a\\'), piece(0, undefined, '\\n\\")"}'), STOP]);
    const { toolCalls } = turn.finish(USAGE);
    expect(deltas(events)).toEqual([opening('call_0'), input('pri'), input('nt("a'), input('\\n")')]);
    expect(toolCalls).toEqual([{ id: 'call_0', type: 'code_interpreter', input: 'print("a\\n")' }]);
    expect(turn.stepSoFar?.details).toEqual({ type: 'tool_calls', toolCalls });
    const told = events.length;
    turn.begin(toolCalls);
    expect(events).toHaveLength(told);
    turn.addLogs('x');
    turn.addLogs('');
    turn.addLogs('y');
    expect(deltas(events.slice(told))).toEqual([{ index: 0, type: 'code_interpreter', code_interpreter: { outputs: [{ index: 0, type: 'logs', logs: 'x' }] } }, { index: 0, type: 'code_interpreter', code_interpreter: { outputs: [{ index: 0, type: 'logs', logs: 'y' }] } }]);
    expect([turn.logs, turn.stepSoFar?.details]).toMatchObject(['xy', { toolCalls: [{ outputs: [{ type: 'logs', logs: 'xy' }] }] }]);
    turn.endStep();
    expect([turn.stepSoFar, turn.logs]).toEqual([undefined, '']);
  });

  it('is told alone: the answer’s other calls wait for steps of their own', async () => {
    const { turn, events } = await read([piece(0, 'f', '{"n":1}'), piece(1, 'code_interpreter', '{"code":"a"}'), piece(2, 'code_interpreter', '{"code":"b"}'), piece(3, 'f', ''), STOP]);
    const { toolCalls } = turn.finish(USAGE);
    expect(deltas(events)).toEqual([opening('call_1'), input('a')]);
    expect(turn.stepSoFar?.details).toEqual({ type: 'tool_calls', toolCalls: [{ id: 'call_1', type: 'code_interpreter', input: 'a' }] });
    const [a, b] = toolCalls.filter(isCodeCall);
    const others = toolCalls.filter((call) => !isCodeCall(call));
    if (!a || !b) throw new Error('both are there');
    for (const calls of [[a], [b], others]) {
      turn.begin(calls);
      expect(turn.stepSoFar?.details).toEqual({ type: 'tool_calls', toolCalls: calls });
      turn.endStep();
    }
    expect(deltas(events).slice(2)).toEqual([
      opening('call_2'),
      input('b'),
      { index: 0, id: 'call_0', type: 'function', function: { name: 'f', arguments: '', output: null } },
      { index: 0, type: 'function', function: { arguments: '{"n":1}' } },
      { index: 1, id: 'call_3', type: 'function', function: { name: 'f', arguments: '', output: null } },
      { index: 1, type: 'function', function: { arguments: '{}' } },
    ]);
    expect([opened(events).length, opened(events)]).toEqual([3, opened(events).toSorted()]);
  });

  it('that is named last is told first, and so it is executed', async () => {
    const nameless = chunk({ tool_calls: [{ index: 0, id: 'call_0', type: 'function', function: { arguments: '' } }] });
    const { turn, events } = await read([nameless, piece(1, 'code_interpreter', '{"code":"b"}'), chunk({ tool_calls: [{ index: 0, function: { name: 'code_interpreter', arguments: '{"code":"a"}' } }] }), STOP]);
    const { toolCalls } = turn.finish(USAGE);
    expect(deltas(events)).toEqual([opening('call_1'), input('b')]);
    expect(toolCalls.map(({ id }) => id)).toEqual(['call_1', 'call_0']);
  });

  it('is any call of the name that it is offered by, or of python', async () => {
    const types = async (tools: Tool[], ...names: string[]) => {
      const { turn } = await read([...names.map((name, index) => piece(index, name, '{"code":"a"}')), STOP], { tools });
      return turn.finish(USAGE).toolCalls.map(({ id, type }) => `${id} ${type}`).toSorted();
    };
    expect(await types([CODE], 'python', 'code_interpreter')).toEqual(['call_0 code_interpreter', 'call_1 code_interpreter']);
    expect(await types([CODE, functionOf('python')], 'python', 'code_interpreter')).toEqual(['call_0 function', 'call_1 code_interpreter']);
    expect(await types([CODE, functionOf('code_interpreter')], 'code_interpreter', 'code_interpreter_2', 'python')).toEqual(['call_0 function', 'call_1 code_interpreter', 'call_2 code_interpreter']);
    expect(await types([functionOf('f')], 'python', 'code_interpreter')).toEqual(['call_0 function', 'call_1 function']);
  });

  it('is one call when parallel calls are not wanted', async () => {
    const { turn, events } = await read([piece(0, 'python', '{"code":"a"}'), piece(1, 'python', '{"code":"b"}'), STOP], { parallelToolCalls: false });
    expect(turn.finish(USAGE).toolCalls).toEqual([{ id: 'call_0', type: 'code_interpreter', input: 'a' }]);
    expect(deltas(events)).toEqual([opening('call_0'), input('a')]);
  });

  it('that is cut off has what came, and calls that waited are none', async () => {
    const { turn, events } = await read([piece(0, 'f', '{}'), piece(1, 'python', '{"code":"pri'), chunk({}, 'length')]);
    expect(turn.finish(USAGE).finishReason).toBe('length');
    expect(turn.stepSoFar?.details).toEqual({ type: 'tool_calls', toolCalls: [{ id: 'call_1', type: 'code_interpreter', input: 'pri' }] });
    expect(deltas(events)).toEqual([opening('call_1'), input('pri')]);
    const waited = await read([piece(0, 'f', '{"n":'), chunk({}, 'length')]);
    expect(waited.turn.finish(USAGE).finishReason).toBe('length');
    expect([waited.events, waited.turn.stepSoFar, waited.turn.messageSoFar, waited.turn.spoken]).toEqual([[], undefined, undefined, 'f{"n":']);
  });

  it('and calls that only wait: the model is not asked again as if nothing had come', async () => {
    const { turn, events } = await read([piece(0, 'f', '')], { isCut: true });
    expect([turn.hasSpoken, events]).toEqual([true, []]);
  });

  it('leaves functions of runs without it as they are', async () => {
    const { turn, events } = await read([piece(0, 'f', '{}'), piece(1, 'python', '{}'), STOP], { tools: [functionOf('f')] });
    turn.finish(USAGE);
    expect(deltas(events).map(({ index, type }) => `${index} ${type}`)).toEqual(['0 function', '0 function', '1 function', '1 function']);
  });

  it('comes behind a text, which is stored first; words behind it are dropped', async () => {
    const { turn, events, stored } = await read([chunk({ content: 'Let me see.' }), piece(0, 'python', '{"code":"a"}'), chunk({ content: 'Well?' }), STOP], { code: made({ images: ['file-i'] }) });
    turn.finish(USAGE);
    expect(stored).toMatchObject([{ content: [{ type: 'image_file', image_file: { file_id: 'file-i' } }, { type: 'text', text: { value: 'Let me see.' } }], attachments: [{ file_id: 'file-i' }] }]);
    expect(said(events).map(({ type }) => type)).toEqual(['image_file', 'text']);
    expect([turn.messageSoFar, opened(events).length]).toEqual([undefined, 2]);
  });
});

describe('a message behind code', () => {
  const links = new Map([['out/a.csv', 'file-a'], ['b.csv', 'file-b'], ['in.csv', 'file-in']]);

  it('begins with the images, and its text comes behind them', async () => {
    const { turn, events } = await read([chunk({ content: 'Look' }), chunk({ content: '!' }, 'stop')], { code: made({ images: ['file-1', 'file-2'] }) });
    turn.finish(USAGE);
    const image = (index: number, file_id: string) => ({ index, type: 'image_file', image_file: { file_id, detail: 'auto' } });
    expect(said(events)).toEqual([image(0, 'file-1'), image(1, 'file-2'), { index: 2, type: 'text', text: { value: 'Look', annotations: [] } }, { index: 2, type: 'text', text: { value: '!' } }]);
    expect(turn.messageSoFar?.content.map(({ type }) => type)).toEqual(['image_file', 'image_file', 'text']);
  });

  it('shows them also when the model says nothing', async () => {
    const { turn } = await read([chunk({}, 'stop')], { code: made({ images: ['file-1'] }) });
    turn.finish(USAGE);
    expect(turn.messageSoFar?.content).toMatchObject([{ type: 'image_file' }, { type: 'text', text: { value: '' } }]);
  });

  it('names what was shown, written and linked, each once', async () => {
    const text = 'See [a](sandbox:/mnt/data/out/a.csv), [in](sandbox:/mnt/data/in.csv), [in](sandbox:/mnt/data/in.csv).';
    const { turn, events } = await read([chunk({ content: text }, 'stop')], { code: made({ images: ['file-1'], written: ['file-a', 'file-b', 'file-1'], links }) });
    turn.finish(USAGE);
    expect(turn.messageSoFar?.attachments).toEqual(['file-1', 'file-a', 'file-b', 'file-in'].map((file_id) => ({ file_id, tools: [{ type: 'code_interpreter' }] })));
    const annotations = said(events).flatMap((delta) => (delta.type === 'text' ? (delta.text.annotations ?? []) : []));
    expect(annotations).toMatchObject(['file-a', 'file-in', 'file-in'].map((file_id, index) => ({ index, type: 'file_path', file_path: { file_id } })));
    expect(text.slice(annotations[0]?.start_index, annotations[0]?.end_index)).toBe('sandbox:/mnt/data/out/a.csv');
  });
});
