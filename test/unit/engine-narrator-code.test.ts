import { describe, expect, it } from '@jest/globals';
import type { ContentPart, OpenMessage } from '../../shared/domain/message.ts';
import type { CodeOutputDelta, MessageDelta, RunEvent } from '../../shared/domain/run-event.ts';
import type { CodeCall, CodeOutput, StepOf } from '../../shared/domain/run-step.ts';
import { Narrator } from '../../shared/engine/narrator.ts';
import type { Unstored } from '../../shared/engine/run-tellings.ts';
import { START_MS } from '../support/manual-clock.ts';
import { aMessage, aRun, aStep } from '../support/records.ts';
import { ruledListener } from '../support/ruled-listener.ts';

// Code and what came out of it, told to one who comes at any moment: what is told adds up to what the step and the message are in the end.

const ids = { threadId: 'thread_1', runId: 'run_1' };
const started = { id: 'run_1', threadId: 'thread_1', startedAtMs: START_MS };
const inProgress = aRun('in_progress', started);

const callOf = (input: string, outputs?: CodeOutput[]): CodeCall => ({ id: 'call_1', type: 'code_interpreter', input, ...(outputs && { outputs }) });
const logs = (text: string): CodeOutput => ({ type: 'logs', logs: text });
const shown = (fileId: string): CodeOutput => ({ type: 'image', fileId });
const whole = callOf('1+1\nshow()', [logs('2\n3\n'), shown('file-1'), shown('file-2')]);

const stepOf = (...toolCalls: CodeCall[]) => ({ ...ids, id: 'step_1', details: { type: 'tool_calls' as const, toolCalls } });
const openCode = (...calls: CodeCall[]): StepOf<'in_progress'> => aStep('in_progress', stepOf(...calls));
const codeStep = aStep('completed', stepOf({ ...whole, files: [{ path: 'x.csv', fileId: 'file-3', bytes: 1 }], note: 'n' }));

const path = { type: 'file_path' as const, text: 'sandbox:/mnt/data/x.csv', start_index: 4, end_index: 27, file_path: { file_id: 'file-3' } };
const image = (file_id: string): ContentPart => ({ type: 'image_file', image_file: { file_id, detail: 'auto' } });
const text = (value: string, ...annotations: (typeof path)[]): ContentPart => ({ type: 'text', text: { value, annotations } });
const saying = { ...ids, id: 'step_2', details: { type: 'message_creation' as const, messageId: 'msg_1' } };
const message = aMessage({ ...ids, id: 'msg_1', role: 'assistant', content: [image('file-1'), image('file-2'), text('See sandbox:/mnt/data/x.csv.', path)] });
const messageStep = aStep('completed', saying);
const { completedAtMs: _, ...rest } = message;
const openMessage = (...content: ContentPart[]): OpenMessage => ({ ...rest, status: 'in_progress', content });
const openSaying: StepOf<'in_progress'> = aStep('in_progress', saying);

const opening: RunEvent = { type: 'thread.run.step.delta', stepId: 'step_1', toolCalls: [{ index: 0, id: 'call_1', type: 'code_interpreter', code_interpreter: { input: '', outputs: [] } }] };
const codeDelta = (code_interpreter: { input: string } | { outputs: CodeOutputDelta[] }): RunEvent => ({ type: 'thread.run.step.delta', stepId: 'step_1', toolCalls: [{ index: 0, type: 'code_interpreter', code_interpreter }] });
const logsDelta = (text: string): CodeOutputDelta => ({ index: 0, type: 'logs', logs: text });
const imageDelta = (index: number, file_id: string): CodeOutputDelta => ({ index, type: 'image', image: { file_id } });
const said = (delta: MessageDelta): RunEvent => ({ type: 'thread.message.delta', messageId: 'msg_1', content: [delta] });
const saidImage = (index: number, file_id: string) => said({ index, type: 'image_file', image_file: { file_id, detail: 'auto' } });

interface Moment {
  /** What the driver tells at once; nothing when it only writes down. */
  events: RunEvent[];
  /** What it has under way behind that. */
  unstored?: Unstored;
  /** How many of the steps are stored by then. */
  stored: number;
}

const coding = (event: RunEvent, ...calls: CodeCall[]): Moment => ({ events: [event], unstored: { step: openCode(...calls), message: undefined }, stored: 0 });
const telling = (event: RunEvent, unstoredMessage?: OpenMessage): Moment => ({ events: [event], unstored: { step: openSaying, message: unstoredMessage }, stored: 1 });
const told2 = callOf(whole.input, [logs('2\n3\n')]);
const told3 = callOf(whole.input, [logs('2\n3\n'), shown('file-1')]);

/** The run as its driver tells it, moment by moment. */
const STORY: readonly Moment[] = [
  { events: [], stored: 0 },
  coding({ type: 'thread.run.step.created', step: openCode() }),
  coding({ type: 'thread.run.step.in_progress', step: openCode() }),
  coding(opening, callOf('')),
  coding(codeDelta({ input: '1+1' }), callOf('1+1')),
  coding(codeDelta({ input: '\nshow()' }), callOf(whole.input)),
  coding(codeDelta({ outputs: [logsDelta('2\n')] }), callOf(whole.input, [logs('2\n')])),
  coding(codeDelta({ outputs: [logsDelta('3\n')] }), told2),
  { events: [], unstored: { step: openCode(told2), message: undefined }, stored: 1 },
  { ...coding(codeDelta({ outputs: [imageDelta(1, 'file-1')] }), told3), stored: 1 },
  { ...coding(codeDelta({ outputs: [imageDelta(2, 'file-2')] }), whole), stored: 1 },
  { events: [{ type: 'thread.run.step.completed', step: codeStep }], stored: 1 },
  telling({ type: 'thread.run.step.created', step: openSaying }),
  telling({ type: 'thread.run.step.in_progress', step: openSaying }),
  telling({ type: 'thread.message.created', message: openMessage() }, openMessage()),
  telling({ type: 'thread.message.in_progress', message: openMessage() }, openMessage()),
  telling(saidImage(0, 'file-1'), openMessage(image('file-1'))),
  telling(saidImage(1, 'file-2'), openMessage(image('file-1'), image('file-2'))),
  telling(said({ index: 2, type: 'text', text: { value: 'See ', annotations: [] } }), openMessage(image('file-1'), image('file-2'), text('See '))),
  telling(said({ index: 2, type: 'text', text: { value: path.text, annotations: [{ index: 0, ...path }] } }), openMessage(image('file-1'), image('file-2'), text(`See ${path.text}`, path))),
  telling(said({ index: 2, type: 'text', text: { value: '.' } }), openMessage(...message.content)),
  { events: [], unstored: { step: openSaying, message: openMessage(...message.content) }, stored: 2 },
  { events: [{ type: 'thread.message.completed', message }, { type: 'thread.run.step.completed', step: messageStep }], stored: 2 },
];
const MOMENTS = STORY.map((_moment, at) => at);
const momentAt = (at: number): Moment => STORY[at] ?? { events: [], stored: 0 };

function listen() {
  const { events: told, problems, emit } = ruledListener();
  return { told, problems, narrator: new Narrator(emit, () => START_MS + 9000) };
}

function readRecords(narrator: Narrator, stored: number): void {
  if (stored > 0) narrator.stored(inProgress, codeStep, undefined);
  if (stored > 1) narrator.stored(inProgress, messageStep, message);
}

const ENDS = ['run.step.completed', 'message.completed', 'run.step.completed', 'run.completed'];
const ends = (events: RunEvent[]): string[] => events.map(({ type }) => type.replace('thread.', '')).filter((name) => name.endsWith('completed'));
const deltasOf = (events: RunEvent[]) => events.flatMap((event) => (event.type === 'thread.run.step.delta' ? event.toolCalls : []));

describe('one who comes while code is written, executed, stored and shown', () => {
  // As follow-run does it: what is under way is looked at first, then the records, which may be newer, then what was heard since the first look.
  it.each(MOMENTS)('at moment %i hears of everything once', (joined) => {
    for (const read of MOMENTS.slice(joined)) {
      const { told, problems, narrator } = listen();
      const { unstored } = momentAt(joined);
      narrator.begin(inProgress);
      readRecords(narrator, momentAt(read).stored);
      if (unstored) narrator.unstored(structuredClone(unstored));
      for (const event of STORY.slice(joined + 1).flatMap(({ events }) => events)) narrator.hear(event);
      narrator.rest(aRun('completed', started));
      expect(problems).toEqual([]);
      expect(ends(told)).toEqual(ENDS);
      expect(told).toContainEqual({ type: 'thread.run.step.completed', step: codeStep });
    }
  });

  // Its driver's process went on without being heard, or another driver was listened to too late.
  it.each(MOMENTS)('at moment %i hears the rest out of the records, whenever its driver falls silent', (joined) => {
    for (const lost of MOMENTS.slice(joined)) {
      const { told, problems, narrator } = listen();
      const { unstored, stored } = momentAt(joined);
      narrator.begin(inProgress);
      readRecords(narrator, stored);
      if (unstored) narrator.unstored(structuredClone(unstored));
      for (const event of STORY.slice(joined + 1, lost + 1).flatMap(({ events }) => events)) narrator.hear(event);
      readRecords(narrator, 2);
      narrator.rest(aRun('completed', started));
      expect(problems).toEqual([]);
      expect(ends(told)).toEqual(ENDS);
    }
  });

  it.each(MOMENTS)('and loses its driver at moment %i is told the end of what it heard', (lost) => {
    const { told, problems, narrator } = listen();
    narrator.begin(inProgress);
    for (const event of STORY.slice(0, lost + 1).flatMap(({ events }) => events)) narrator.hear(event);
    narrator.rest(aRun('failed', started));
    expect(problems).toEqual([]);
    const calls = told.flatMap((event) => (event.type === 'thread.run.step.failed' && event.step.details.type === 'tool_calls' ? [event.step.details.toolCalls] : []));
    const open = momentAt(lost).unstored?.step.details;
    expect(calls).toEqual(open?.type === 'tool_calls' ? [open.toolCalls] : []);
  });
});

describe('code out of the records', () => {
  it('is told as its driver would: the opening, the code, then all that came out of it', () => {
    const { told, narrator } = listen();
    narrator.begin(inProgress);
    narrator.stored(inProgress, codeStep, undefined);
    expect(deltasOf(told)).toEqual([
      { index: 0, id: 'call_1', type: 'code_interpreter', code_interpreter: { input: '', outputs: [] } },
      { index: 0, type: 'code_interpreter', code_interpreter: { input: whole.input } },
      { index: 0, type: 'code_interpreter', code_interpreter: { outputs: [logsDelta('2\n3\n'), imageDelta(1, 'file-1'), imageDelta(2, 'file-2')] } },
    ]);
  });

  it.each<[string, CodeCall, number]>([
    ['was cut off before any of it came', callOf(''), 1],
    ['was cut off before it was executed', callOf('1+'), 2],
    ['had nothing to say', callOf('x = 1', []), 2],
    ['showed images alone', callOf('show()', [shown('file-1'), shown('file-2')]), 3],
    ['came from elsewhere, with its outputs in another order', callOf('show()', [shown('file-1'), logs('a'), logs('b')]), 3],
  ])('that %s adds up', (_what, call, deltas) => {
    const { told, problems, narrator } = listen();
    narrator.begin(inProgress);
    narrator.stored(inProgress, aStep('cancelled', stepOf(call)), undefined);
    narrator.rest(aRun('cancelled', started));
    expect(problems).toEqual([]);
    expect(deltasOf(told)).toHaveLength(deltas);
  });
});
