import * as z from 'zod';
import { Lease } from './run.ts';
import { Metadata } from './settings.ts';
import { NO_USAGE, Usage } from './usage.ts';

/** A call of one of the assistant's functions. `output` is absent until it is known. */
export const FunctionCall = z.strictObject({
  id: z.string(),
  type: z.literal('function'),
  name: z.string(),
  arguments: z.string(),
  output: z.string().optional(),
  /** Set when an endpoint of the project answers the call: the run's driver asks it, or a job beside the client, which answers the others. */
  calledBy: z.enum(['driver', 'job']).optional(),
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

/** A step of a run. Only a step whose calls wait for their outputs is ever stored `in_progress`; it then carries its usage already. */
export const RunStep = z.discriminatedUnion('status', [
  /** `asker`: the job that asks endpoints for the step's calls. Another leaves them to it until the lease has lapsed. */
  base.extend({ status: z.literal('in_progress'), usage: Usage.optional(), asker: Lease.optional() }),
  ended.extend({ status: z.literal('completed'), completedAtMs: z.int() }),
  ended.extend({ status: z.literal('failed'), failedAtMs: z.int(), lastError: StepError }),
  ended.extend({ status: z.literal('cancelled'), cancelledAtMs: z.int() }),
  ended.extend({ status: z.literal('expired'), expiredAtMs: z.int() }),
]);
export type RunStep = z.infer<typeof RunStep>;
export type StepOf<S extends RunStep['status']> = Extract<RunStep, { status: S }>;

const callsOf = ({ details }: RunStep): ToolCall[] => (details.type === 'tool_calls' ? details.toolCalls : []);

/** The calls that wait for their output, whoever gives it. One whose output is known from the beginning named a function that does not exist. */
export const openCalls = (step: RunStep): ToolCall[] => callsOf(step).filter((call) => call.output === undefined);

/** The calls that wait for the client. */
export const clientCalls = (step: RunStep): ToolCall[] => openCalls(step).filter((call) => call.calledBy === undefined);

/** The calls that wait for an endpoint of the project. */
export const endpointCalls = (step: RunStep, calledBy: NonNullable<ToolCall['calledBy']>): ToolCall[] => openCalls(step).filter((call) => call.calledBy === calledBy);

/** The step with these outputs, by the ids of its calls. An output that is there already stays: whoever comes first has answered. */
export function withOutputs(step: StepOf<'in_progress'>, outputs: ReadonlyMap<string, string>): StepOf<'in_progress'> {
  const toolCalls = callsOf(step).map((call) => {
    const output = call.output ?? outputs.get(call.id);
    return output === undefined ? call : { ...call, output };
  });
  return { ...step, details: { type: 'tool_calls', toolCalls } };
}

/** The step in the hands of the job that has this lease; in nobody's without one. */
export function askedBy({ asker: _, ...step }: StepOf<'in_progress'>, lease?: Lease): StepOf<'in_progress'> {
  return { ...step, ...(lease && { asker: lease }) };
}

/** What a step's calls have got so far, in bytes. */
export const outputBytes = (step: RunStep): number => callsOf(step).reduce((sum, { output = '' }) => sum + Buffer.byteLength(output), 0);

/** The step with all its outputs. */
export const completeStep = ({ status: _, usage = NO_USAGE, asker: __, ...step }: StepOf<'in_progress'>, nowMs: number): StepOf<'completed'> => ({ ...step, status: 'completed', completedAtMs: nowMs, usage });
