import { describe, expect, it } from '@jest/globals';
import type { Tool, ToolChoice } from '../../shared/domain/settings.ts';
import { buildModelRequest } from '../../shared/engine/build-model-request.ts';
import type { CodeContext } from '../../shared/engine/code-context.ts';
import { MOST_EXECUTIONS, codeName, isCodeName, offeredFunctions } from '../../shared/engine/offer-tools.ts';
import { callOf, messageOf, queuedRun } from './sample-records.ts';

// Code as a function for the model.

const code: Tool = { type: 'code_interpreter' };
const named = (name: string): Tool => ({ type: 'function', function: { name } });
const context = (fields: Partial<CodeContext> = {}): CodeContext => ({ inputFiles: [], links: new Map(), images: [], written: [], calls: 0, keptBytes: 0, ...fields });

describe('code', () => {
  it('is offered to runs that have the tool, behind the functions and the search', () => {
    expect(codeName([named('a')])).toBeUndefined();
    expect(offeredFunctions([code, named('a'), { type: 'file_search' }])).toMatchObject([{ name: 'a' }, { name: 'file_search' }, { name: 'code_interpreter', parameters: { required: ['code'] } }]);
  });

  it('gives way to functions of its name', () => {
    expect(codeName([named('code_interpreter'), named('code_interpreter_2'), code])).toBe('code_interpreter_3');
  });

  it('is called by its name, and as python where no function has that name', () => {
    const known = (...tools: Tool[]) => ['code_interpreter', 'code_interpreter_2', 'python', 'Python', 'f'].filter((name) => isCodeName(tools, name));
    expect(known(code)).toEqual(['code_interpreter', 'python']);
    expect(known(code, named('python'))).toEqual(['code_interpreter']);
    expect(known(code, named('code_interpreter'))).toEqual(['code_interpreter_2', 'python']);
    expect(known(named('f'))).toEqual([]);
  });

  it('names the files that it finds, whatever they are called', () => {
    const [, offered] = offeredFunctions([named('a'), code], [{ id: 'file-1', filename: 'a "b"\n.csv', bytes: 12 }, { id: 'file-2', filename: 'c', bytes: 0 }]);
    expect(offered?.description).toMatch(/\n\/mnt\/data\/file-1 \("a \\"b\\"\\n\.csv", 12 bytes\)\n\/mnt\/data\/file-2 \("c", 0 bytes\)$/);
    expect(offeredFunctions([code])[0]?.description).not.toContain('/mnt/data/file');
  });

  it.each<[ToolChoice, unknown]>([
    ['auto', undefined],
    ['none', 'none'],
    ['required', 'required'],
    [{ type: 'code_interpreter' }, { type: 'function', function: { name: 'code_interpreter_2' } }],
  ])('is chosen by %j, at first', (toolChoice, expected) => {
    const run = queuedRun({ tools: [code, named('code_interpreter')], toolChoice });
    expect(buildModelRequest(run, { history: [messageOf('Hello')], turns: [] }, undefined).tool_choice).toEqual(expected);
    const later = buildModelRequest(run, { history: [], turns: [{ type: 'calls', calls: [callOf('x', { output: '' })] }] }, undefined);
    expect(later.tool_choice).toBe(toolChoice === 'none' ? 'none' : undefined);
  });

  it.each<[string, Tool[], string[], unknown]>([
    ['a function is there', [code, named('f')], ['f'], undefined],
    ['the search is there', [code, { type: 'file_search' }], ['file_search'], undefined],
    ['it is alone', [code], ['code_interpreter'], 'none'],
  ])('is not to be called any more when all that a run may execute was executed: %s', (_, tools, names, choice) => {
    const turns = [{ type: 'calls' as const, calls: [callOf('code_interpreter', { output: '' })] }];
    const requestAfter = (calls: number) => buildModelRequest(queuedRun({ tools }), { history: [], turns, code: context({ calls }) }, undefined);
    const last = requestAfter(MOST_EXECUTIONS);
    expect([last.tools?.map((tool) => tool.type === 'function' && tool.function.name), last.tool_choice]).toEqual([names, choice]);
    expect(requestAfter(MOST_EXECUTIONS - 1).tools).toHaveLength(tools.length);
  });
});
