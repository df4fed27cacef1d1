import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Annotation, OpenMessage } from '../../shared/domain/message.ts';
import type { RunEvent } from '../../shared/domain/run-event.ts';
import type { FileSearchCall, FunctionCall, StepOf, ToolCall } from '../../shared/domain/run-step.ts';
import { Narrator } from '../../shared/engine/narrator.ts';
import { START_MS } from '../support/manual-clock.ts';
import { aMessage, aRun, aStep, text } from '../support/records.ts';
import { ruledListener } from '../support/ruled-listener.ts';

// Whichever of records and driver tells a thing first, it is told once, and in order.

const ids = { threadId: 'thread_1', runId: 'run_1' };
const started = { id: 'run_1', threadId: 'thread_1', startedAtMs: START_MS };
const inProgress = aRun('in_progress', started);
const completed = aRun('completed', started);

const call = (n: number, output?: string): FunctionCall => ({ id: `call_${n}`, type: 'function', name: `f${n}`, arguments: `{"n":${n}}`, ...(output !== undefined && { output }) });
const callsOf = (...toolCalls: ToolCall[]) => ({ type: 'tool_calls' as const, toolCalls });
const waitingStep = aStep('in_progress', { ...ids, id: 'step_1', details: callsOf(call(1), call(2)) });
const answeredStep = aStep('completed', { ...ids, id: 'step_1', details: callsOf(call(1, 'one'), call(2, 'two')) });

const message = aMessage({ ...ids, id: 'msg_1', role: 'assistant', content: [text('Hello to you')] });
const messageStep = aStep('completed', { ...ids, id: 'step_1', details: { type: 'message_creation', messageId: 'msg_1' } });
const { completedAtMs: _, ...rest } = message;
const half: OpenMessage = { ...rest, status: 'in_progress', content: [text('Hello')] };
const halfStep: StepOf<'in_progress'> = aStep('in_progress', { ...ids, id: 'step_1', details: messageStep.details });
const delta = (value: string): RunEvent => ({ type: 'thread.message.delta', messageId: 'msg_1', content: [{ index: 0, type: 'text', text: { value } }] });

let told: RunEvent[];
let problems: string[];
let narrator: Narrator;
beforeEach(() => {
  const listener = ruledListener();
  ({ events: told, problems } = listener);
  narrator = new Narrator(listener.emit, () => START_MS + 9000);
});

const news = (): string[] => told.splice(0).map(({ type }) => type.replace('thread.', ''));
const begun = () => (narrator.begin(inProgress), news());

const CALLS_TOLD = ['run.step.created', 'run.step.in_progress', ...Array.from({ length: 4 }, () => 'run.step.delta')];

describe('calls that endpoints answer while their run goes on', () => {
  it('are told when they are stored, and their step is completed by whoever says so first', () => {
    begun();
    narrator.stored(inProgress, waitingStep, undefined);
    expect(news()).toEqual(CALLS_TOLD);
    narrator.stored(inProgress, waitingStep, undefined);
    narrator.rest(inProgress);
    // Of a step that was stored whole its driver has nothing new to say.
    narrator.hear({ type: 'thread.run.step.delta', stepId: 'step_1', toolCalls: [{ index: 0, type: 'function', function: { arguments: '{}' } }] });
    expect(news()).toEqual([]);

    narrator.hear({ type: 'thread.run.step.completed', step: answeredStep });
    narrator.stored(inProgress, answeredStep, undefined);
    expect(news()).toEqual(['run.step.completed']);
    narrator.rest(completed);
    expect([news(), narrator.isOver, problems]).toEqual([['run.completed'], true, []]);
  });

  it('are closed with their run', () => {
    begun();
    narrator.stored(inProgress, waitingStep, undefined);
    news();
    narrator.rest(aRun('expired', { ...started, expiresAtMs: START_MS + 7000 }));

    const [step] = told;
    expect(step).toMatchObject({ type: 'thread.run.step.expired', step: { expiredAtMs: START_MS + 7000, details: { toolCalls: [call(1), call(2)] } } });
    expect([news(), problems]).toEqual([['run.step.expired', 'run.expired'], []]);
  });
});

describe('a run that waits for the client', () => {
  const waiting = aRun('requires_action', { ...started, stepId: 'step_1' });

  it('ends the story, whoever tells it', () => {
    begun();
    narrator.stored(waiting, waitingStep, undefined);
    narrator.requireAction(waiting, waitingStep);
    narrator.hear({ type: 'thread.run.requires_action', run: waiting, step: waitingStep });
    narrator.rest(completed);
    expect([news(), problems]).toEqual([[...CALLS_TOLD, 'run.requires_action'], []]);
  });

  it('does not end it any more when its step has been answered meanwhile', () => {
    begun();
    narrator.stored(inProgress, answeredStep, undefined);
    narrator.hear({ type: 'thread.run.requires_action', run: waiting, step: waitingStep });
    expect([news(), narrator.isOver, problems]).toEqual([[...CALLS_TOLD, 'run.step.completed'], false, []]);
  });
});

describe('a message that was half heard', () => {
  beforeEach(() => {
    begun();
    narrator.unstored({ step: halfStep, message: half });
    narrator.hear(delta(' to'));
    expect(news()).toEqual(['run.step.created', 'run.step.in_progress', 'message.created', 'message.in_progress', 'message.delta', 'message.delta']);
  });

  it('has the rest of it told out of the records, once', () => {
    narrator.stored(completed, messageStep, message);
    narrator.hear(delta(' you'));
    narrator.hear({ type: 'thread.message.completed', message });
    narrator.hear({ type: 'thread.run.step.completed', step: messageStep });
    expect(told[0]).toMatchObject({ content: [{ index: 0, text: { value: ' you' } }] });
    narrator.rest(completed);
    expect([news(), problems]).toEqual([['message.delta', 'message.completed', 'run.step.completed', 'run.completed'], []]);
  });

  it.each([
    ['completed', completed, 'run_failed', 'failed', []],
    ['failed', aRun('failed', started), 'run_failed', 'failed', []],
    ['expired', aRun('expired', started), 'run_expired', 'expired', []],
    ['cancelled', aRun('cancelled', started), 'run_cancelled', 'cancelled', ['run.cancelling']],
  ])('is closed with what was heard when its run has %s without it', (status, run, reason, stepStatus, before) => {
    narrator.rest(run);
    expect(told.find(({ type }) => type === 'thread.message.incomplete')).toMatchObject({ message: { content: [text('Hello to')], incompleteReason: reason } });
    expect([news(), problems]).toEqual([[...before, 'message.incomplete', `run.step.${stepStatus}`, `run.${status}`], []]);
  });
});

describe('searches and citations', () => {
  const search: FileSearchCall = { id: 'call_s', type: 'file_search', arguments: '{"queries":["a"]}', rankingOptions: { ranker: 'auto', score_threshold: 0 }, ordinal: 4, results: [{ fileId: 'file-1', filename: 'a.txt', score: 1, attributes: {}, text: 'Found.' }] };
  const { results: _results, ordinal: _ordinal, ...open } = search;
  const searching = aStep('in_progress', { ...ids, id: 'step_1', details: callsOf(open, call(1)) });
  const searched = aStep('completed', { ...ids, id: 'step_1', details: callsOf(search, call(1, 'one')) });
  const cite = (at: number): Annotation => ({ type: 'file_citation', text: '【4:0†a.txt】', start_index: at, end_index: at + 11, file_citation: { file_id: 'file-1', quote: 'Found.' } });
  const citing = (value: string, ...at: number[]): Pick<OpenMessage, 'content'> => ({ content: [{ type: 'text', text: { value, annotations: at.map(cite) } }] });
  const opening: RunEvent = { type: 'thread.run.step.delta', stepId: 'step_1', toolCalls: [{ index: 0, id: 'call_s', type: 'file_search', file_search: { ranking_options: { ranker: 'auto', score_threshold: 0 }, results: [] } }] };

  it('are told by one delta, whether the driver has the search, or the records, or both', () => {
    begun();
    narrator.unstored({ step: searching, message: undefined });
    expect(told).toContainEqual(opening);
    expect(news()).toEqual(['run.step.created', 'run.step.in_progress', ...Array.from({ length: 3 }, () => 'run.step.delta')]);
    narrator.stored(inProgress, searched, undefined);
    expect(news()).toEqual(['run.step.completed']);
    narrator.rest(completed);
    expect(problems).toEqual([]);
  });

  it('of a stored step are told with its end', () => {
    begun();
    narrator.stored(inProgress, searched, undefined);
    expect(told.filter(({ type }) => type === 'thread.run.step.delta')).toHaveLength(3);
    expect(told.at(-1)).toMatchObject({ type: 'thread.run.step.completed', step: { details: { toolCalls: [{ results: [{ fileId: 'file-1' }] }, {}] } } });
    narrator.rest(completed);
    expect(problems).toEqual([]);
  });

  it('go on behind those that were told, each once', () => {
    begun();
    narrator.unstored({ step: halfStep, message: { ...half, ...citing('So 【4:0†a.txt】', 3) } });
    narrator.hear({ type: 'thread.message.delta', messageId: 'msg_1', content: [{ index: 0, type: 'text', text: { value: '【4:0†a.txt】', annotations: [{ index: 1, ...cite(14) }] } }] });
    narrator.stored(inProgress, messageStep, { ...message, ...citing('So 【4:0†a.txt】【4:0†a.txt】 and 【4:0†a.txt】', 3, 14, 30) });
    const annotations = told.flatMap((event) => (event.type === 'thread.message.delta' ? event.content : [])).flatMap((delta) => (delta.type === 'text' ? (delta.text.annotations ?? []) : []));
    expect(annotations.map(({ index, start_index }) => [index, start_index])).toEqual([[0, 3], [1, 14], [2, 30]]);
    narrator.rest(completed);
    expect(problems).toEqual([]);
  });

  it('stay with a text that nobody goes on with', () => {
    begun();
    narrator.unstored({ step: halfStep, message: { ...half, ...citing('So 【4:0†a.txt】', 3) } });
    narrator.rest(aRun('failed', started));
    expect(told.find(({ type }) => type === 'thread.message.incomplete')).toMatchObject({ message: { content: [{ text: { annotations: [cite(3)] } }] } });
    expect(problems).toEqual([]);
  });
});
