import { type Tool, isFunctionTool } from '../domain/settings.ts';
import { type FunctionCall, type ToolCall, isFunctionCall } from '../domain/run-step.ts';
import type { RunEnd, RunError } from '../domain/run.ts';
import { offeredFunctions } from './offer-tools.ts';
import type { TurnResult } from './turn-result.ts';

/** What to do after a model call. */
export type NextStep =
  /** The run is over. `isFiltered`: because a content filter has cut the message. */
  | { do: 'end'; end: RunEnd; isFiltered: boolean }
  /** The client must answer the calls that have no output yet. */
  | { do: 'wait'; toolCalls: ToolCall[] }
  /** Every call has been answered here, once its searches are made; ask the model again. */
  | { do: 'continue'; toolCalls: ToolCall[] };

const FILTERED: RunError = { code: 'server_error', message: 'The answer was stopped by the content filter of the model.' };

/** Pure: the whole decision that follows a model call. */
export function nextStep(turn: TurnResult, tools: Tool[]): NextStep {
  switch (turn.finishReason) {
    case 'content_filter':
      return { do: 'end', end: { status: 'failed', error: FILTERED }, isFiltered: true };
    case 'length':
      return { do: 'end', end: { status: 'incomplete', reason: 'max_completion_tokens' }, isFiltered: false };
    case 'stop':
    case 'tool_calls': {
      if (turn.toolCalls.length === 0) return { do: 'end', end: { status: 'completed' }, isFiltered: false };
      const toolCalls = turn.toolCalls.map((call) => (isFunctionCall(call) ? answerUnknown(call, tools) : call));
      const waits = toolCalls.filter(isFunctionCall).some((call) => call.output === undefined);
      return { do: waits ? 'wait' : 'continue', toolCalls };
    }
  }
}

/** A function that the run does not have cannot be the client's to answer: the model is told, and can do better. */
function answerUnknown(call: FunctionCall, tools: Tool[]): FunctionCall {
  if (tools.filter(isFunctionTool).some((tool) => tool.function.name === call.name)) return call;
  const names = offeredFunctions(tools).map(({ name }) => name);
  const known = names.length > 0 ? `The functions are: ${names.join(', ')}.` : 'There are no functions.';
  return { ...call, output: `Error: there is no function named "${call.name}". ${known}` };
}
