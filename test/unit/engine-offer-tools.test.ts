import { describe, expect, it } from '@jest/globals';
import type { Tool, ToolChoice } from '../../shared/domain/settings.ts';
import { buildModelRequest } from '../../shared/engine/build-model-request.ts';
import { nextStep } from '../../shared/engine/next-step.ts';
import { MOST_SEARCHES, mostResults, offeredFunctions, rankingOf, searchName } from '../../shared/engine/offer-tools.ts';
import { queriesOf } from '../../shared/engine/search-files.ts';
import { USAGE, callOf, messageOf, queuedRun } from './sample-records.ts';

// The search as a function for the model, and what the model makes of it.

const search: Tool = { type: 'file_search' };
const named = (name: string): Tool => ({ type: 'function', function: { name } });

describe('the search', () => {
  it('is offered to runs that have the tool, and to no others', () => {
    expect(offeredFunctions([named('a')]).map(({ name }) => name)).toEqual(['a']);
    expect(offeredFunctions([search, named('a')])).toMatchObject([{ name: 'a' }, { name: 'file_search', parameters: { required: ['queries'] } }]);
    expect(searchName([named('a')])).toBeUndefined();
  });

  it('gives way to functions of its name', () => {
    expect(searchName([named('file_search'), search])).toBe('file_search_2');
    expect(searchName([named('file_search'), named('file_search_2'), search])).toBe('file_search_3');
  });

  it.each<[ToolChoice, unknown]>([
    ['auto', undefined],
    ['none', 'none'],
    ['required', 'required'],
    [{ type: 'file_search' }, { type: 'function', function: { name: 'file_search_2' } }],
    [{ type: 'function', function: { name: 'file_search' } }, { type: 'function', function: { name: 'file_search' } }],
  ])('is chosen by %j', (toolChoice, expected) => {
    const run = queuedRun({ tools: [search, named('file_search')], toolChoice, parallelToolCalls: false });
    const request = buildModelRequest(run, { history: [messageOf('Hello')], turns: [] }, undefined);
    expect(request.tool_choice).toEqual(expected);
    expect(request.parallel_tool_calls).toBe(false);
    const later = buildModelRequest(run, { history: [], turns: [{ type: 'calls', calls: [callOf('x', { output: '' })] }] }, undefined);
    expect(later.tool_choice).toBe(toolChoice === 'none' ? 'none' : undefined);
  });

  it.each<[string, Tool[], ToolChoice, string[], unknown]>([
    ['a function is there', [search, named('f')], 'required', ['f'], undefined],
    ['it is alone', [search], { type: 'file_search' }, ['file_search'], 'none'],
    ['nothing was to be called', [search, named('f')], 'none', ['f'], 'none'],
  ])('is not to be called any more when all that a run may make were made: %s', (_, tools, toolChoice, names, choice) => {
    const made = { id: 'call_s', type: 'file_search' as const, arguments: '{}', rankingOptions: rankingOf(tools) };
    const turns = [{ type: 'calls' as const, calls: [callOf('file_search', { output: '' })] }];
    const requestAfter = (count: number) => buildModelRequest(queuedRun({ tools, toolChoice }), { history: [], turns, searches: Array.from({ length: count }, () => made) }, undefined);
    const last = requestAfter(MOST_SEARCHES);
    expect([last.tools?.map((tool) => tool.type === 'function' && tool.function.name), last.tool_choice]).toEqual([names, choice]);
    expect(requestAfter(MOST_SEARCHES - 1).tools).toHaveLength(tools.length);
  });

  it('has the settings of the tool, and the usual ones', () => {
    const set: Tool = { type: 'file_search', file_search: { max_num_results: 3, ranking_options: { ranker: 'auto', score_threshold: 0.5 } } };
    expect([mostResults([set]), rankingOf([set])]).toEqual([3, { ranker: 'auto', score_threshold: 0.5 }]);
    expect([mostResults([search]), rankingOf([search])]).toEqual([20, { ranker: 'default_2024_08_21', score_threshold: 0 }]);
  });

  it('alone sends the run on; beside a function it waits with that', () => {
    const call = { id: 'call_s', type: 'file_search' as const, arguments: '{}', rankingOptions: rankingOf([search]) };
    const after = (...toolCalls: Parameters<typeof nextStep>[0]['toolCalls']) => nextStep({ finishReason: 'tool_calls', toolCalls, usage: USAGE }, [search, named('f')]);
    expect(after(call)).toEqual({ do: 'continue', toolCalls: [call] });
    expect(after(call, callOf('f'))).toEqual({ do: 'wait', toolCalls: [call, callOf('f')] });
    expect(after(call, callOf('x'))).toMatchObject({ do: 'continue', toolCalls: [call, { output: 'Error: there is no function named "x". The functions are: f, file_search.' }] });
  });
});

describe('its queries', () => {
  it.each<[string, string[]]>([
    ['{"queries":["a","b"]}', ['a', 'b']],
    ['{"query":"a"}', ['a']],
    ['{"queries":"a"}', ['a']],
    ['{"queries":[{"q":"a"},{"query":"b"}]}', ['a', 'b']],
    ['["a","b"]', ['a', 'b']],
    ['"a"', ['a']],
    ['msearch(["a \\" b", "c"])', ['a \\" b', 'c']],
    ['cheese of Ada', ['cheese of Ada']],
    ['{"queries":[" a ","a",""]}', ['a']],
    ['{"queries":["1","2","3","4","5","6"]}', ['1', '2', '3', '4', '5']],
    ['{}', []],
    ['', []],
    ['null', []],
    ['7', []],
    ['{"queries":{"text":[["a"]]}}', ['a']],
    ['5" pipe', ['5" pipe']],
    [`${'['.repeat(5000)}"a"${']'.repeat(5000)}`, []],
    [`["a","${'b'.repeat(20_000)}"]`, ['a']],
  ])('%s are %j', (args, expected) => {
    expect(queriesOf(args)).toEqual(expected);
  });

  it('are looked for in little time, whatever the model has written', () => {
    const startedMs = performance.now();
    for (const args of ['\\"'.repeat(500_000), '"\\'.repeat(500_000), '{"q":'.repeat(200_000), '"'.repeat(1_000_000)]) expect(queriesOf(args).length).toBeLessThanOrEqual(5);
    expect(performance.now() - startedMs).toBeLessThan(1000);
  });
});
