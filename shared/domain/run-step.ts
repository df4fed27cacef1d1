import * as z from 'zod';
import { Lease } from './run.ts';
import { Metadata } from './settings.ts';
import { NO_USAGE, Usage } from './usage.ts';
import { Attributes } from './vector-store.ts';

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

/** A piece of a file that a search has found. */
export const FoundPassage = z.strictObject({
  fileId: z.string(),
  filename: z.string(),
  /** From 0 to 1. */
  score: z.number(),
  attributes: Attributes,
  vectorStoreId: z.string().optional(),
  text: z.string(),
});
export type FoundPassage = z.infer<typeof FoundPassage>;

export const SearchRanking = z.strictObject({ ranker: z.enum(['auto', 'default_2024_08_21']), score_threshold: z.number() });
export type SearchRanking = z.infer<typeof SearchRanking>;

/** A search in the files of assistant and thread. The run's driver makes it before the step is stored, so that one without results was cut off. */
export const FileSearchCall = z.strictObject({
  id: z.string(),
  type: z.literal('file_search'),
  /** As the model wrote them. */
  arguments: z.string(),
  rankingOptions: SearchRanking,
  /** Counts the run's searches. With a result's place among `results` it is what citations name. */
  ordinal: z.int().optional(),
  /** Best first. */
  results: z.array(FoundPassage).optional(),
  /** What the model is told beside the results: what could not be searched, and why. */
  note: z.string().optional(),
});
export type FileSearchCall = z.infer<typeof FileSearchCall>;

/** What code showed while it was executed. */
export const CodeOutput = z.discriminatedUnion('type', [z.strictObject({ type: z.literal('logs'), logs: z.string() }), z.strictObject({ type: z.literal('image'), fileId: z.string() })]);
export type CodeOutput = z.infer<typeof CodeOutput>;

/** A file that code has written. `path`: below /mnt/data (ports/sandbox.ts). */
export const WrittenFile = z.strictObject({ path: z.string(), fileId: z.string(), bytes: z.int() });
export type WrittenFile = z.infer<typeof WrittenFile>;

/** Python of the model's. The run's driver has it executed before the step is stored, alone in its step. */
export const CodeCall = z.strictObject({
  id: z.string(),
  type: z.literal('code_interpreter'),
  /** The code as far as it came. */
  input: z.string(),
  /** All that was written, if anything was, as one entry `logs`; then the images. Absent for a call that was cut off before it was executed. */
  outputs: z.array(CodeOutput).optional(),
  /** In the order of their paths; images that were shown are not among them. */
  files: z.array(WrittenFile).optional(),
  /** What the model is told beside the outputs. */
  note: z.string().optional(),
});
export type CodeCall = z.infer<typeof CodeCall>;

/** Every kind of tool call a step can hold. Only function calls are ever anybody else's to answer. */
export const ToolCall = z.discriminatedUnion('type', [FunctionCall, FileSearchCall, CodeCall]);
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

export const isFunctionCall = (call: ToolCall): call is FunctionCall => call.type === 'function';
export const isFileSearchCall = (call: ToolCall): call is FileSearchCall => call.type === 'file_search';
export const isCodeCall = (call: ToolCall): call is CodeCall => call.type === 'code_interpreter';

/** The searches of a step. */
export const searchesOf = (step: RunStep): FileSearchCall[] => callsOf(step).filter(isFileSearchCall);

/** The code of a step. */
export const codeOf = (step: RunStep): CodeCall[] => callsOf(step).filter(isCodeCall);

/** The calls that wait for their output, whoever gives it. One whose output is known from the beginning named a function that does not exist. */
export const openCalls = (step: RunStep): FunctionCall[] => callsOf(step).filter(isFunctionCall).filter((call) => call.output === undefined);

/** The calls that wait for the client. */
export const clientCalls = (step: RunStep): FunctionCall[] => openCalls(step).filter((call) => call.calledBy === undefined);

/** The calls that wait for an endpoint of the project. */
export const endpointCalls = (step: RunStep, calledBy: NonNullable<FunctionCall['calledBy']>): FunctionCall[] => openCalls(step).filter((call) => call.calledBy === calledBy);

/** The step with these outputs, by the ids of its calls. An output that is there already stays: whoever comes first has answered. */
export function withOutputs(step: StepOf<'in_progress'>, outputs: ReadonlyMap<string, string>): StepOf<'in_progress'> {
  const toolCalls = callsOf(step).map((call) => {
    if (!isFunctionCall(call)) return call;
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
export const outputBytes = (step: RunStep): number => callsOf(step).filter(isFunctionCall).reduce((sum, { output = '' }) => sum + Buffer.byteLength(output), 0);

/** The step with all its outputs. */
export const completeStep = ({ status: _, usage = NO_USAGE, asker: __, ...step }: StepOf<'in_progress'>, nowMs: number): StepOf<'completed'> => ({ ...step, status: 'completed', completedAtMs: nowMs, usage });
