/** The rules for a run's stream, each broken on purpose. */
import { describe, expect, test } from '@jest/globals';
import { SseFrames } from '../support/sse-frames.ts';
import { type StreamKind, StreamRules } from '../support/stream-rules.ts';
import type { Json, JsonObject } from '../support/contract-json.ts';
import { sampleCallDelta, sampleCallStep, sampleDelta, sampleMessage, sampleRun, sampleStep, sampleText, sampleThread } from '../support/wire-samples.ts';

type Told = [event: string, data: Json];

const START: Told[] = [
  ['thread.run.created', sampleRun()],
  ['thread.run.queued', sampleRun()],
  ['thread.run.in_progress', sampleRun('in_progress')],
];
const MESSAGE: Told[] = [
  ['thread.run.step.created', sampleStep()],
  ['thread.run.step.in_progress', sampleStep()],
  ['thread.message.created', sampleMessage()],
  ['thread.message.in_progress', sampleMessage()],
  ['thread.message.delta', sampleDelta(sampleText('Hello', []))],
  ['thread.message.delta', sampleDelta(sampleText(' world'))],
  ['thread.message.completed', sampleMessage('completed', 'Hello world')],
  ['thread.run.step.completed', sampleStep('completed')],
];
const END: Told = ['thread.run.completed', sampleRun('completed')];
const PLAIN = [...START, ...MESSAGE, END];

const call = (index: number, more: JsonObject = {}): JsonObject => ({ index, id: `call_${index}`, type: 'function', function: { name: 'f', arguments: '', output: null }, ...more });
const called = (index: number, args: string): JsonObject => ({ id: `call_${index}`, type: 'function', function: { name: 'f', arguments: args } });
const asked = (...calls: JsonObject[]): Told => ['thread.run.requires_action', sampleRun('requires_action', { required_action: { type: 'submit_tool_outputs', submit_tool_outputs: { tool_calls: calls } } })];
const CALLS: Told[] = [
  ['thread.run.step.created', sampleCallStep()],
  ['thread.run.step.in_progress', sampleCallStep()],
  ['thread.run.step.delta', sampleCallDelta(call(0))],
  ['thread.run.step.delta', sampleCallDelta({ index: 0, type: 'function', function: { arguments: '{}' } })],
  ['thread.run.step.delta', sampleCallDelta(call(1))],
];
const coded = (more: JsonObject): Told => ['thread.run.step.delta', sampleCallDelta({ index: 0, type: 'code_interpreter', code_interpreter: more })];
const logs = (index: number, text: string): JsonObject => ({ index, type: 'logs', logs: text });
const image = (index: number, file_id: string): JsonObject => ({ index, type: 'image', image: { file_id } });
const code = (...outputs: JsonObject[]): JsonObject => ({ id: 'call_0', type: 'code_interpreter', code_interpreter: { input: '1+1', outputs } });
const CODED: Told[] = [
  ['thread.run.step.created', sampleCallStep()],
  ['thread.run.step.in_progress', sampleCallStep()],
  ['thread.run.step.delta', sampleCallDelta({ index: 0, id: 'call_0', type: 'code_interpreter', code_interpreter: { input: '', outputs: [] } })],
  coded({ input: '1+' }),
  coded({ input: '1' }),
  coded({ outputs: [logs(0, '2')] }),
  coded({ outputs: [logs(0, '\n')] }),
  coded({ outputs: [image(1, 'file-1')] }),
];
const executed = (...outputs: JsonObject[]): Told => ['thread.run.step.completed', sampleCallStep('completed', [code(...outputs)])];
const LOGGED = { type: 'logs', logs: '2\n' };
const DRAWN = { type: 'image', image: { file_id: 'file-1' } };
const SUBMITTED: Told[] = [
  ['thread.run.step.completed', sampleCallStep('completed', [called(0, '{}')])],
  ['thread.run.queued', sampleRun()],
  ['thread.run.in_progress', sampleRun('in_progress')],
  ...MESSAGE,
  END,
];

function problemsOf(told: Told[], kind: StreamKind = 'run'): string[] {
  const problems: string[] = [];
  const rules = new StreamRules(kind, (problem) => problems.push(problem));
  for (const [event, data] of told) rules.accept({ event, data });
  rules.end();
  return problems;
}

/** `list` with the first event called `event` replaced by `by`. */
const swapped = (list: Told[], event: string, ...by: Told[]): Told[] => list.toSpliced(list.findIndex(([name]) => name === event), 1, ...by);
const without = (list: Told[], event: string): Told[] => swapped(list, event);

describe('good streams have no problems', () => {
  test.each<[string, Told[], StreamKind]>([
    ['a plain run', PLAIN, 'run'],
    ['a run with its thread', [['thread.created', sampleThread()], ...PLAIN], 'thread_and_run'],
    ['parallel calls', [...START, ...CALLS, asked(called(0, '{}'), called(1, ''))], 'run'],
    ['code, and a message', [...START, ...CODED, executed(LOGGED, DRAWN), ...MESSAGE, END], 'run'],
    ['code that came to nothing', [...START, ...CODED.slice(0, 5), executed(), ...MESSAGE, END], 'run'],
    ['a continuation', SUBMITTED, 'submit'],
    ['a cancelled run', [...START, ...MESSAGE.slice(0, 5), ['thread.run.cancelling', sampleRun('cancelling')], ['thread.message.incomplete', sampleMessage('incomplete', 'Hello')], ['thread.run.step.cancelled', sampleStep('cancelled')], ['thread.run.cancelled', sampleRun('cancelled')]], 'run'],
    ['an error', [...START, ['error', { error: { message: 'm', type: 'server_error', param: null, code: null } }]], 'run'],
  ])('%s', (_name, told, kind) => {
    expect(problemsOf(told, kind)).toEqual([]);
  });
});

describe('what breaks a rule is told', () => {
  const halfStep = MESSAGE.slice(0, 2);
  const second = { ...sampleStep(), id: 'step_2' };
  const message = (...deltas: JsonObject[]): Told[] => [...START, ...MESSAGE.slice(0, 4), ...deltas.map((entry): Told => ['thread.message.delta', sampleDelta(entry)]), ...MESSAGE.slice(6), END];
  const marked = { index: 0, type: 'file_citation', text: 'x', start_index: 0, end_index: 1, file_citation: { file_id: 'file-1' } };

  test.each<[string, Told[], StreamKind, string]>([
    ['no run.created', PLAIN.slice(1), 'run', "thread.run.queued: must not follow ''"],
    ['no thread.created', PLAIN, 'thread_and_run', 'comes before thread.created'],
    ['a thread in a plain run', [['thread.created', sampleThread()], ...PLAIN], 'run', 'thread.created: belongs at the start'],
    ['run.created in a continuation', PLAIN, 'submit', "must not follow 'requires_action'"],
    ['a status that is not the event', swapped(PLAIN, 'thread.run.in_progress', ['thread.run.in_progress', sampleRun()]), 'run', 'the run has the status "queued"'],
    ['usage too early', swapped(PLAIN, 'thread.run.queued', ['thread.run.queued', sampleRun('queued', { usage: {} })]), 'run', 'usage is null until'],
    ['no usage in the end', [...PLAIN.slice(0, -1), ['thread.run.completed', sampleRun('completed', { usage: null })]], 'run', 'a completed run has usage'],
    ['another run', swapped(PLAIN, 'thread.run.queued', ['thread.run.queued', sampleRun('queued', { id: 'run_2' })]), 'run', 'belongs to run "run_2"'],
    ['no end', PLAIN.slice(0, -1), 'run', 'ends without a terminal run event'],
    ['something after the end', [...PLAIN, END], 'run', 'comes after the stream had its end'],
    ['an open step at the end', without(PLAIN, 'thread.run.step.completed'), 'run', 'a step is still open'],
    ['an open message at the end', without(PLAIN, 'thread.message.completed'), 'run', 'a message is still open'],
    ['two steps at once', [...START, ...halfStep, ['thread.run.step.created', second], ...MESSAGE.slice(2), END], 'run', 'comes while step "step_1" is open'],
    ['a step twice', [...START, ...MESSAGE, ...MESSAGE, END], 'run', 'step "step_1" was there before'],
    ['a second end of a step', [...START, ...MESSAGE, ['thread.run.step.completed', sampleStep('completed')], END], 'run', 'is not the open one'],
    ['the end of a step twice', SUBMITTED.with(2, SUBMITTED[0] ?? END), 'submit', 'is not the open one'],
    ['a step before the run began', [...START.slice(0, 2), ...MESSAGE, END], 'run', "comes while the run is 'queued'"],
    ['calls before their deltas', [...START, ['thread.run.step.created', sampleCallStep('in_progress', [called(0, '')])]], 'run', 'tool_calls must be []'],
    ['an id in a step delta', [...START, ...CALLS.slice(0, 2), ['thread.run.step.delta', { ...sampleCallDelta(), delta: { id: 'x' } }]], 'run', 'must not contain an id'],
    ['calls that were not streamed', [...START, ...CALLS, asked(called(0, '{}'), called(2, '{}'))], 'run', 'the deltas add up to'],
    ['other arguments than were streamed', [...START, ...CALLS, asked(called(0, '{"n":1}'))], 'run', 'the deltas add up to'],
    ['no call for the client', [...START, ...CALLS, asked()], 'run', 'no call is left to the client'],
    ['an id told twice', [...START, ...CALLS, ['thread.run.step.delta', sampleCallDelta(call(1))], asked(called(0, '{}'), called(1, ''))], 'run', 'the deltas add up to'],
    ['logs that were not streamed', [...START, ...CODED.slice(0, 6), executed(LOGGED)], 'run', 'the deltas add up to'],
    ['an image that was not streamed', [...START, ...CODED.slice(0, 7), executed(LOGGED, DRAWN)], 'run', 'the deltas add up to'],
    ['an image that the end lacks', [...START, ...CODED, executed(LOGGED)], 'run', 'the deltas add up to'],
    ['another image', [...START, ...CODED, executed(LOGGED, { type: 'image', image: { file_id: 'file-2' } })], 'run', 'the deltas add up to'],
    ['an image told twice', [...START, ...CODED, coded({ outputs: [image(1, 'file-1')] }), executed(LOGGED, DRAWN)], 'run', 'the deltas add up to'],
    ['outputs in another order', [...START, ...CODED, executed(DRAWN, LOGGED)], 'run', 'the deltas add up to'],
    ['an output without index', [...START, ...CODED.slice(0, 5), coded({ outputs: [LOGGED] }), executed(LOGGED)], 'run', 'nested entry without an index'],
    ['code beside another call', [...START, ...CODED, ['thread.run.step.delta', sampleCallDelta(call(1))]], 'run', 'code has a step of its own'],
    ['requires_action without calls', [...START, asked()], 'run', 'no step with tool calls is open'],
    ['a message of no step', [...START, ...MESSAGE.slice(2)], 'run', 'is not the message of the open step'],
    ['a delta before its message', [...START, ...halfStep, ...MESSAGE.slice(4)], 'run', 'message "msg_1" is not the open one'],
    ['content at creation', swapped(PLAIN, 'thread.message.created', ['thread.message.created', sampleMessage('in_progress', 'Hello')]), 'run', 'thread.message.created: the deltas add up to []'],
    ['a missing delta', without(PLAIN, 'thread.message.delta'), 'run', 'but the end says'],
    ['a delta without index', message({ type: 'text', text: { value: 'Hello world' } }), 'run', 'has the index undefined'],
    ['a hole in the list', message({ ...sampleText('Hello world'), index: 1 }), 'run', 'has the index 1 while the list has 0'],
    ['an annotation without index', message(sampleText('Hello world', [{ type: 'file_citation' }])), 'run', 'nested entry without an index'],
    ['an annotation the end lacks', message(sampleText('Hello world', [marked])), 'run', 'but the end says'],
    ['an unknown event', [['thread.run.step.resumed', {}], ...PLAIN], 'run', 'is not the open one'],
    ['an event of nothing', [['run.created', {}], ...PLAIN], 'run', 'is no event of the contract'],
  ])('%s', (_name, told, kind, problem) => {
    expect(problemsOf(told, kind).join('\n')).toContain(problem);
  });
});

describe('frames', () => {
  const read = (text: string | Uint8Array, cut = 1) => {
    const frames: [string, Json][] = [];
    const problems: string[] = [];
    const reader = new SseFrames(({ event, data }) => frames.push([event, data]), (problem) => problems.push(problem));
    const bytes = typeof text === 'string' ? new TextEncoder().encode(text) : text;
    for (let n = 0; n < bytes.length; n += cut) reader.push(bytes.subarray(n, n + cut));
    reader.end();
    return { frames, problems };
  };
  const DONE = 'event: done\ndata: [DONE]\n\n';

  test.each([1, 3, 1000])('are read however the bytes are cut (%i)', (cut) => {
    expect(read(`event: a.b\ndata: {"k":"né 🎈\\n"}\n\n: ping\n\n${DONE}`, cut)).toEqual({ frames: [['a.b', { k: 'né 🎈\n' }]], problems: [] });
  });

  test.each([
    ['an id', 'id: 1\nevent: a\ndata: {}\n\n', 'not exactly one event line'],
    ['a retry', 'retry: 1\n\n', 'not exactly one event line'],
    ['no event', 'data: {}\n\n', 'not exactly one event line'],
    ['two data lines', 'event: a\ndata: {\ndata: }\n\n', 'not exactly one event line'],
    ['no space', 'event: a\ndata:{}\n\n', 'not exactly one event line'],
    ['carriage returns', 'event: a\r\ndata: {}\r\n\r\n', 'not exactly one event line'],
    ['an empty line too many', '\n\n', 'not exactly one event line'],
    ['no JSON', 'event: a\ndata: {\n\n', 'a: the data is not JSON'],
    ['loose JSON', 'event: a\ndata: {"k": 1}\n\n', 'a: the JSON is not compact'],
    ['a wrong done', 'event: done\ndata: {}\n\n', 'the last frame must be event done'],
    ['an unnamed done', 'data: [DONE]\n\n', 'not exactly one event line'],
    ['something after done', `${DONE}: ping\n\n`, 'after [DONE] comes ": ping"'],
    ['no done', 'event: a\ndata: {}\n\n', 'ends without `event: done`'],
    ['half a frame', 'event: a\n', 'ends within a frame'],
  ])('%s is told', (_name, text, problem) => {
    expect(read(text.includes('DONE') || text.startsWith('event: done') ? text : problem.includes('ends') ? text : text + DONE).problems.join('\n')).toContain(problem);
  });

  test('bytes that are not UTF-8 are told, and an error event needs no [DONE]', () => {
    expect(read(new Uint8Array([0xff])).problems).toContain('the stream is not UTF-8');
    expect(read('event: error\ndata: {}\n\n').problems).toEqual([]);
  });
});
