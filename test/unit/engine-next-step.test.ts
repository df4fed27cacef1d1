import { describe, expect, it } from '@jest/globals';
import type { FunctionCall, ToolCall } from '../../shared/domain/run-step.ts';
import type { Tool } from '../../shared/domain/settings.ts';
import { type NextStep, nextStep } from '../../shared/engine/next-step.ts';
import type { TurnResult } from '../../shared/engine/turn-result.ts';
import { USAGE, callOf } from './sample-records.ts';

// Everything that can follow a model call: how it finished, what it called, which functions there are.

const tools: Tool[] = [{ type: 'code_interpreter' }, ...['f', 'g'].map((name): Tool => ({ type: 'function', function: { name } }))];
const after = (finishReason: TurnResult['finishReason'], toolCalls: ToolCall[] = [], among = tools): NextStep => nextStep({ finishReason, toolCalls, usage: USAGE }, among);

const [f, g, x] = ['f', 'g', 'x'].map((name) => callOf(name)) as [FunctionCall, FunctionCall, FunctionCall];
const answered = (call: FunctionCall, known: string): FunctionCall => ({ ...call, output: `Error: there is no function named "${call.name}". ${known}` });
const F_AND_G = 'The functions are: f, g, code_interpreter.';
const code = { id: 'call_c', type: 'code_interpreter' as const, input: '1+1' };

const completed: NextStep = { do: 'end', end: { status: 'completed' }, isFiltered: false };
const incomplete: NextStep = { do: 'end', end: { status: 'incomplete', reason: 'max_completion_tokens' }, isFiltered: false };
const filtered: NextStep = {
  do: 'end',
  end: { status: 'failed', error: { code: 'server_error', message: 'The answer was stopped by the content filter of the model.' } },
  isFiltered: true,
};

describe('after a model call', () => {
  it.each<[string, NextStep, NextStep]>([
    ['a text ends the run', after('stop'), completed],
    ['a text that says tool_calls ends it too', after('tool_calls'), completed],
    ['a known call waits for the client', after('tool_calls', [f]), { do: 'wait', toolCalls: [f] }],
    ['calls may come with stop', after('stop', [f]), { do: 'wait', toolCalls: [f] }],
    ['parallel calls wait together, in their order', after('tool_calls', [g, f]), { do: 'wait', toolCalls: [g, f] }],
    ['the same function may be called twice', after('tool_calls', [f, { ...f, id: 'call_2' }]), { do: 'wait', toolCalls: [f, { ...f, id: 'call_2' }] }],
    ['an unknown call is answered here', after('tool_calls', [x]), { do: 'continue', toolCalls: [answered(x, F_AND_G)] }],
    ['so are several', after('tool_calls', [x, { ...x, name: 'y' }]), { do: 'continue', toolCalls: [answered(x, F_AND_G), answered({ ...x, name: 'y' }, F_AND_G)] }],
    ['an unknown call among known ones is answered, the others wait', after('tool_calls', [f, x, g]), { do: 'wait', toolCalls: [f, answered(x, F_AND_G), g] }],
    ['a call without a name is unknown', after('tool_calls', [{ ...x, name: '' }]), { do: 'continue', toolCalls: [answered({ ...x, name: '' }, F_AND_G)] }],
    ['names differ by case', after('tool_calls', [{ ...x, name: 'F' }]), { do: 'continue', toolCalls: [answered({ ...x, name: 'F' }, F_AND_G)] }],
    ['without functions every call is unknown', after('tool_calls', [f], []), { do: 'continue', toolCalls: [answered(f, 'There are no functions.')] }],
    ['code goes on by itself', after('tool_calls', [code]), { do: 'continue', toolCalls: [code] }],
    ['code beside a function waits for the client', after('tool_calls', [f, code]), { do: 'wait', toolCalls: [f, code] }],
    ['with code alone it is named', after('tool_calls', [f], [{ type: 'code_interpreter' }]), { do: 'continue', toolCalls: [answered(f, 'The functions are: code_interpreter.')] }],
    ['with the search alone it is named', after('tool_calls', [f], [{ type: 'file_search' }]), { do: 'continue', toolCalls: [answered(f, 'The functions are: file_search.')] }],
    ['malformed arguments are the client’s to see', after('tool_calls', [{ ...f, arguments: '{"a":' }]), { do: 'wait', toolCalls: [{ ...f, arguments: '{"a":' }] }],
    ['the token limit ends the run incomplete', after('length'), incomplete],
    ['the token limit within a call likewise: half a call is no call', after('length', [f]), incomplete],
    ['the content filter ends it failed', after('content_filter'), filtered],
    ['the content filter within a call likewise', after('content_filter', [f]), filtered],
  ])('%s', (_, actual, expected) => {
    expect(actual).toEqual(expected);
  });
});
