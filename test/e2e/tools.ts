/** Functions for assistants, and what to do when a run asks for them. */
import { expect } from '@jest/globals';
import type { Run, ToolOutput } from './clients/client.ts';

export const functionTool = (name: string) => ({
  type: 'function' as const,
  function: { name, description: `Does ${name}.`, parameters: { type: 'object', properties: { n: { type: 'number' } } }, strict: false },
});

export interface Call {
  id: string;
  name: string;
  arguments: string;
}

/** The calls that a run waits for. */
export function openCalls(run: Run | undefined): Call[] {
  expect(run).toMatchObject({ status: 'requires_action', required_action: { type: 'submit_tool_outputs' } });
  return (run?.required_action?.submit_tool_outputs.tool_calls ?? []).map((call) => ({ id: call.id, ...call.function }));
}

/** One output for each call that the run waits for. */
export const outputsFor = (run: Run | undefined, output: (call: Call) => string = (call) => `output of ${call.name}`): ToolOutput[] =>
  openCalls(run).map((call) => ({ tool_call_id: call.id, output: output(call) }));
