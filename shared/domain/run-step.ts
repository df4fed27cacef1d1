import * as z from 'zod';
import { Metadata } from './settings.ts';
import { Usage } from './usage.ts';

/** A call of one of the assistant's functions. `output` is absent until it is known. */
export const FunctionCall = z.strictObject({
  id: z.string(),
  type: z.literal('function'),
  name: z.string(),
  arguments: z.string(),
  output: z.string().optional(),
});
export type FunctionCall = z.infer<typeof FunctionCall>;

/** Every kind of tool call a step can hold; file_search and code_interpreter join this union with their tools. */
export const ToolCall = z.discriminatedUnion('type', [FunctionCall]);
export type ToolCall = z.infer<typeof ToolCall>;

export const StepDetails = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('message_creation'), messageId: z.string() }),
  z.strictObject({ type: z.literal('tool_calls'), toolCalls: z.array(ToolCall) }),
]);
export type StepDetails = z.infer<typeof StepDetails>;

export const StepError = z.strictObject({ code: z.enum(['server_error', 'rate_limit_exceeded']), message: z.string() });
export type StepError = z.infer<typeof StepError>;

const base = z.strictObject({
  id: z.string(),
  projectId: z.string(),
  threadId: z.string(),
  runId: z.string(),
  assistantId: z.string(),
  rev: z.int(),
  createdAtMs: z.int(),
  expiresAtMs: z.int(),
  metadata: Metadata,
  details: StepDetails,
});
const ended = base.extend({ usage: Usage });

/** A step of a run. Only a step that waits for tool outputs is ever stored `in_progress`; it then carries its usage already. */
export const RunStep = z.discriminatedUnion('status', [
  base.extend({ status: z.literal('in_progress'), usage: Usage.optional() }),
  ended.extend({ status: z.literal('completed'), completedAtMs: z.int() }),
  ended.extend({ status: z.literal('failed'), failedAtMs: z.int(), lastError: StepError }),
  ended.extend({ status: z.literal('cancelled'), cancelledAtMs: z.int() }),
  ended.extend({ status: z.literal('expired'), expiredAtMs: z.int() }),
]);
export type RunStep = z.infer<typeof RunStep>;
export type StepOf<S extends RunStep['status']> = Extract<RunStep, { status: S }>;

/** The calls that wait for the client. One whose output is known already named a function that does not exist. */
export const openCalls = (step: RunStep): ToolCall[] =>
  step.details.type === 'tool_calls' ? step.details.toolCalls.filter((call) => call.output === undefined) : [];
