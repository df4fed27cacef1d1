import { describe, expect, it } from '@jest/globals';
import { hashKey, keyHint } from '../../shared/domain/api-key.ts';
import { completeMessage, interruptMessage, Message, type OpenMessage } from '../../shared/domain/message.ts';
import { openCalls, RunStep } from '../../shared/domain/run-step.ts';
import { Run } from '../../shared/domain/run.ts';
import { addUsage, NO_USAGE } from '../../shared/domain/usage.ts';
import { type Kind, keyOf, type RecordOf, SCHEMAS } from '../../shared/ports/store.ts';
import { KINDS, SAMPLES } from '../contract/samples.ts';
import { START_MS } from '../support/manual-clock.ts';
import { aMessage, aRun, aStep, aThread, anApiKey, anAssistant, PROJECT, text, USAGE } from '../support/records.ts';

/** The fields that each form of a kind may have: one form for most, one for each status of the others. */
function formsOf(kind: Kind): Set<string>[] {
  const schema = SCHEMAS[kind];
  return 'options' in schema ? schema.options.map((option) => new Set(Object.keys(option.shape))) : [new Set(Object.keys(schema.shape))];
}

const fieldsOf = (record: object): string[] => Object.keys(record);

describe('the sample records', () => {
  const byText = (a: string[], b: string[]): number => (a.join() < b.join() ? -1 : 1);

  it.each(KINDS)('are valid: %s', (kind) => {
    for (const sample of SAMPLES[kind]) expect(SCHEMAS[kind].parse(sample)).toStrictEqual(sample);
  });

  // Whoever adds a field adds it to a sample too, or no store is ever tried with it.
  it.each(KINDS)('leave out no field and no status of %s', (kind) => {
    const forms = formsOf(kind).map((form) => [...form].toSorted());
    const samples: RecordOf<Kind>[] = SAMPLES[kind];
    const seen = new Map<string, Set<string>>();
    for (const sample of samples) {
      const status = 'status' in sample ? sample.status : '';
      seen.set(status, new Set([...(seen.get(status) ?? []), ...fieldsOf(sample)]));
    }
    expect([...seen.values()].map((fields) => [...fields].toSorted()).toSorted(byText)).toEqual(forms.toSorted(byText));
  });

  it('do not share their ids', () => {
    const ids = KINDS.flatMap((kind) => SAMPLES[kind].map((sample: RecordOf<Kind>) => `${kind} ${sample.id}`));
    expect(new Set(ids).size).toBe(ids.length);
  });
});

describe('keys of records', () => {
  it('lead from the project down', () => {
    const step = aStep('completed', { threadId: 'thread_1', runId: 'run_1' });
    const places = [keyOf('assistant', anAssistant()), keyOf('thread', aThread()), keyOf('message', aMessage({ threadId: 'thread_1' })), keyOf('run', aRun('queued', { threadId: 'thread_1' })), keyOf('step', step), keyOf('api_key', anApiKey())];
    expect(places.map(({ scope }) => scope)).toEqual([[PROJECT], [PROJECT], [PROJECT, 'thread_1'], [PROJECT, 'thread_1'], [PROJECT, 'thread_1', 'run_1'], []]);
    expect(keyOf('step', step)).toEqual({ kind: 'step', scope: [PROJECT, 'thread_1', 'run_1'], id: step.id });
  });
});

describe('what schemas refuse', () => {
  it.each<[string, () => unknown]>([
    ['a field nobody knows', () => aThread(JSON.parse('{"surplus":1}') as object)],
    ['part of a millisecond', () => aThread({ createdAtMs: START_MS + 0.5 })],
    ['seventeen pairs of metadata', () => aThread({ metadata: Object.fromEntries(Array.from({ length: 17 }, (_, n) => [`k${n}`, ''])) })],
    ['a metadata name of 65 characters', () => aThread({ metadata: { ['k'.repeat(65)]: '' } })],
    ['a metadata value of 513 characters', () => aThread({ metadata: { k: 'v'.repeat(513) } })],
    ['a run in progress without a lease', () => Run.parse({ ...aRun('queued'), status: 'in_progress', startedAtMs: START_MS })],
    ['a run completed that still has a lease', () => Run.parse({ ...aRun('completed'), lease: { owner: 'x', untilMs: 0 } })],
    ['a step completed without its usage', () => RunStep.parse({ ...aStep('completed'), usage: undefined })],
    ['a message incomplete without its reason', () => Message.parse({ ...aMessage(), status: 'incomplete' })],
  ])('%s', (_, make) => {
    expect(make).toThrow();
  });
});

describe('small things', () => {
  const { completedAtMs: _, ...fields } = aMessage({ role: 'assistant', content: [text('half')] });
  const open: OpenMessage = { ...fields, status: 'in_progress' };

  it('a message is completed or interrupted with what it has', () => {
    expect(Message.parse(completeMessage(open, START_MS + 1))).toStrictEqual({ ...open, status: 'completed', completedAtMs: START_MS + 1 });
    expect(Message.parse(interruptMessage(open, 'run_cancelled', START_MS + 1))).toStrictEqual({ ...open, status: 'incomplete', incompleteAtMs: START_MS + 1, incompleteReason: 'run_cancelled' });
  });

  it('calls are open until their output is known, be it empty', () => {
    const call = (id: string, output?: string) => ({ id, type: 'function' as const, name: 'f', arguments: '{}', ...(output !== undefined && { output }) });
    expect(openCalls(aStep('in_progress', { details: { type: 'tool_calls', toolCalls: [call('a'), call('b', ''), call('c')] } })).map(({ id }) => id)).toEqual(['a', 'c']);
    expect(openCalls(aStep('completed', { details: { type: 'message_creation', messageId: 'msg_1' } }))).toEqual([]);
  });

  it('usage adds up, each sort by itself', () => {
    expect(addUsage(USAGE, NO_USAGE)).toEqual(USAGE);
    expect(addUsage(USAGE, { promptTokens: 1, completionTokens: 10, cachedTokens: 100, reasoningTokens: 1000 })).toEqual({ promptTokens: 13, completionTokens: 15, cachedTokens: 104, reasoningTokens: 1002 });
  });

  it('a key is known by its digest and hinted at by its ends', () => {
    expect(hashKey('sk-local')).toBe('7c9f8cb332edbdb1679a6876df821b38cfee40359a5540148444f31446af1ff4');
    expect(keyHint('sk-local')).toBe('sk-local');
    expect(keyHint('sk-abcdefghijklmnopqrstuvwxyz')).toBe('sk-abcd…wxyz');
  });
});
