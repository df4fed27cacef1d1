import { describe, expect, it } from '@jest/globals';
import { type FunctionCall, type ToolCall, clientCalls, codeOf, completeStep, endpointCalls, openCalls, outputBytes, searchesOf, withOutputs } from '../../shared/domain/run-step.ts';
import { NO_USAGE } from '../../shared/domain/usage.ts';
import { START_MS } from '../support/manual-clock.ts';
import { USAGE, aStep } from '../support/records.ts';

const call = (id: string, fields: Partial<FunctionCall> = {}): FunctionCall => ({ id, type: 'function', name: id, arguments: '{}', ...fields });
const stepWith = (...toolCalls: ToolCall[]) => aStep('in_progress', { details: { type: 'tool_calls', toolCalls } });
const ids = (calls: { id: string }[]) => calls.map(({ id }) => id);

describe('the calls of a step', () => {
  const step = stepWith(call('unknown', { output: 'Error' }), call('own'), call('near', { calledBy: 'job' }), call('far', { calledBy: 'driver' }), call('done', { calledBy: 'job', output: '' }));

  it('are open until they have an output, be it an empty one', () => expect(ids(openCalls(step))).toEqual(['own', 'near', 'far']));
  it('are the client’s unless an endpoint answers them', () => expect(ids(clientCalls(step))).toEqual(['own']));
  it('are an endpoint’s, asked by one or the other', () => expect([ids(endpointCalls(step, 'job')), ids(endpointCalls(step, 'driver'))]).toEqual([['near'], ['far']]));
  it('are none when it writes a message', () => expect(openCalls(aStep('in_progress', { details: { type: 'message_creation', messageId: 'msg_1' } }))).toEqual([]));

  it('are nobody’s to answer when they are code or a search', () => {
    const code = { id: 'code', type: 'code_interpreter' as const, input: '1', outputs: [{ type: 'logs' as const, logs: 'long' }] };
    const search = { id: 'search', type: 'file_search' as const, arguments: '{}', rankingOptions: { ranker: 'auto' as const, score_threshold: 0 } };
    const mixed = stepWith(code, search, call('own', { output: 'mine' }));
    expect([openCalls(mixed), ids(codeOf(mixed)), ids(searchesOf(mixed)), outputBytes(mixed)]).toEqual([[], ['code'], ['search'], 4]);
    expect(withOutputs(mixed, new Map([['code', 'x'], ['search', 'x']]))).toEqual(mixed);
  });

  it('take the outputs of their ids, and keep those that they have', () => {
    const answered = withOutputs(step, new Map([['own', 'mine'], ['far', ''], ['done', 'again'], ['foreign', 'x']]));
    expect(answered.details).toEqual({ type: 'tool_calls', toolCalls: [call('unknown', { output: 'Error' }), call('own', { output: 'mine' }), call('near', { calledBy: 'job' }), call('far', { calledBy: 'driver', output: '' }), call('done', { calledBy: 'job', output: '' })] });
    expect(ids(openCalls(answered))).toEqual(['near']);
    expect(answered.status).toBe('in_progress');
  });
});

it.each([
  [USAGE, USAGE],
  [undefined, NO_USAGE],
])('a complete step keeps what it cost: %j', (usage, kept) => {
  const { status: _, ...step } = stepWith(call('a', { output: 'b' }));
  expect(completeStep({ ...step, status: 'in_progress', ...(usage && { usage }) }, START_MS + 5)).toStrictEqual({ ...step, status: 'completed', completedAtMs: START_MS + 5, usage: kept });
});
