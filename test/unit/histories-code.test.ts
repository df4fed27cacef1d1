import { describe, expect, it } from '@jest/globals';
import { type CodeCall, RunStep, completeStep } from '../../shared/domain/run-step.ts';
import type { Run } from '../../shared/domain/run.ts';
import { isSame } from '../../shared/histories/compare.ts';
import { toRun, toStep } from '../../shared/histories/from-lines.ts';
import { markdown } from '../../shared/histories/markdown.ts';
import { toRunData, toStepData } from '../../shared/histories/to-lines.ts';
import { toWireStep } from '../../shared/wire/run-step.ts';
import { NOW_MS, PROJECT, RUN, THREAD, callOf, openStep, runs } from './sample-records.ts';

// Code and what came out of it as lines of an export, and back.

const importing = { projectId: PROJECT, nowMs: NOW_MS, retention: 'never' as const };
const executed: CodeCall = {
  ...{ id: 'call_1', type: 'code_interpreter', input: 'print("Łódź")\nshow()', note: 'Variables are lost.' },
  outputs: [{ type: 'logs', logs: 'Łódź\n' }, { type: 'image', fileId: 'file-1' }, { type: 'image', fileId: 'file-2' }],
  files: [{ path: 'a/ü.csv', fileId: 'file-3', bytes: 12 }],
};
const quiet: CodeCall = { id: 'call_1', type: 'code_interpreter', input: 'x = 1', outputs: [] };
const cutOff: CodeCall = { id: 'call_1', type: 'code_interpreter', input: 'x =' };

const stepWith = (call: CodeCall): RunStep => completeStep(openStep({ type: 'tool_calls', toolCalls: [call] }, { threadId: THREAD, runId: RUN }), NOW_MS);
const again = (data: object): unknown => JSON.parse(JSON.stringify(data));
const callsIn = (step: RunStep) => (step.details.type === 'tool_calls' ? step.details.toolCalls : []);

describe('a step of code', () => {
  it.each([
    ['with everything', executed],
    ['that came to nothing', quiet],
    ['that wrote nothing, and said so', { ...quiet, files: [] }],
    ['that was cut off', cutOff],
    ['that was cut off, for a reason', { ...cutOff, note: 'There is no sandbox.' }],
  ])('%s comes back as it was', (_what, call) => {
    const step = stepWith(call);
    const back = toStep(again(toStepData(step)), importing);
    expect(again(back)).toEqual(again(step));
    expect(again(toStepData(back))).toEqual(again(toStepData(step)));
    expect(isSame('step', back, step)).toBe(true);
  });

  it('is exported as the API returns it, and beside it what the API does not say', () => {
    expect(toStepData(stepWith(executed)).step_details).toEqual({
      type: 'tool_calls',
      tool_calls: [
        {
          ...{ id: 'call_1', type: 'code_interpreter' },
          code_interpreter: {
            ...{ input: executed.input, outputs: [{ type: 'logs', logs: 'Łódź\n' }, { type: 'image', image: { file_id: 'file-1' } }, { type: 'image', image: { file_id: 'file-2' } }] },
            ...{ files: [{ path: 'a/ü.csv', file_id: 'file-3', bytes: 12 }], note: 'Variables are lost.' },
          },
        },
      ],
    });
    expect(JSON.stringify(toStepData(stepWith(cutOff)).step_details)).toContain('"code_interpreter":{"input":"x =","outputs":[],"files":null,"note":null,"is_cut":true}');
  });

  it('of the hosted service, which says no more than its API, is taken as it is', () => {
    const wire = toWireStep(stepWith(executed));
    const { files: _files, note: _note, ...plain } = executed;
    expect(callsIn(RunStep.parse(again(toStep(again(wire), importing))))).toEqual([plain]);
  });

  it('that differs in what the API does not say is another one', () => {
    for (const other of [{ ...executed, note: 'n' }, { ...executed, files: [] }, { ...executed, outputs: [] }]) expect(isSame('step', stepWith(other), stepWith(executed))).toBe(false);
    expect(isSame('step', stepWith(quiet), stepWith({ ...quiet, outputs: undefined }))).toBe(false);
  });

  it.each([
    ['has no code', { id: 'call_1', type: 'code_interpreter' }],
    ['has outputs of no known type', { id: 'call_1', type: 'code_interpreter', code_interpreter: { input: '', outputs: [{ type: 'sound' }] } }],
    ['has an image without its file', { id: 'call_1', type: 'code_interpreter', code_interpreter: { input: '', outputs: [{ type: 'image', image: {} }] } }],
  ])('that %s is refused', (_what, call) => {
    const data = { ...toStepData(stepWith(quiet)), step_details: { type: 'tool_calls', tool_calls: [call] } };
    expect(() => toStep(again(data), importing)).toThrow(/step_details|details/);
  });

  it('is written for people as the code, what it printed and what it made', () => {
    expect(markdown.step(stepWith(executed))).toBe(
      '- executed code (completed)\n\n```python\nprint("Łódź")\nshow()\n```\n\n```\nŁódź\n```\n\n- showed `file-1`\n- showed `file-2`\n- wrote `a/ü.csv` (`file-3`, 12 bytes)\n\n',
    );
    expect(markdown.step(stepWith(cutOff))).toBe('- executed code (completed)\n\n```python\nx =\n```\n\n');
    expect(markdown.step(stepWith({ ...quiet, input: '```' }))).toBe('- executed code (completed)\n\n````python\n```\n````\n\n');
  });
});

describe('the session that a run has to pay for', () => {
  it.each([
    ['one', { codeSessions: 1 }, 1],
    ['none', {}, 0],
  ])('is %s before and after', (_what, fields, sessions) => {
    const run: Run = { ...runs.completed, ...fields };
    const data = toRunData(run);
    expect(data.code_interpreter_sessions).toBe(sessions);
    const back = toRun(again(data), importing);
    expect(back.codeSessions).toBe('codeSessions' in fields ? 1 : undefined);
    expect(isSame('run', back, run)).toBe(true);
  });

  it('is none where nobody says so', () => {
    const { code_interpreter_sessions: _, ...data } = toRunData({ ...runs.completed, codeSessions: 1 });
    expect(toRun(again(data), importing)).not.toHaveProperty('codeSessions');
  });
});

it('a step of functions has nothing of code', () => {
  const step = completeStep(openStep({ type: 'tool_calls', toolCalls: [callOf('f', { output: 'x' })] }), NOW_MS);
  expect(JSON.stringify(toStepData(step))).not.toContain('code_interpreter');
});
