/** A run and the only ways it can change. Source of the statuses and moves: contract §4. */
import * as z from 'zod';
import { IllegalTransitionError } from './errors.ts';
import { MessageInput } from './message.ts';
import { Metadata, ReasoningEffort, ResponseFormat, Tool, ToolChoice, ToolResources, TruncationStrategy } from './settings.ts';
import { NO_USAGE, Usage } from './usage.ts';

/** Time from creation to expiry, for a run in whatever state (contract §4: expires_at = created_at + 600). */
export const RUN_WINDOW_SECONDS = 600;

/** Whoever drives a run holds this; when it has lapsed anybody may take the run over. */
export const Lease = z.strictObject({ owner: z.string(), untilMs: z.int() });
export type Lease = z.infer<typeof Lease>;

export const RunError = z.strictObject({
  code: z.enum(['server_error', 'rate_limit_exceeded', 'invalid_prompt']),
  message: z.string(),
});
export type RunError = z.infer<typeof RunError>;

const base = z.strictObject({
  id: z.string(),
  projectId: z.string(),
  threadId: z.string(),
  assistantId: z.string(),
  rev: z.int(),
  createdAtMs: z.int(),
  /** A whole second: the run is expired from the instant that its `expires_at` names. */
  expiresAtMs: z.int(),
  startedAtMs: z.int().optional(),
  model: z.string(),
  instructions: z.string().optional(),
  tools: z.array(Tool),
  toolResources: ToolResources,
  metadata: Metadata,
  temperature: z.number().optional(),
  topP: z.number().optional(),
  reasoningEffort: ReasoningEffort.optional(),
  maxPromptTokens: z.int().optional(),
  maxCompletionTokens: z.int().optional(),
  truncationStrategy: TruncationStrategy,
  toolChoice: ToolChoice,
  parallelToolCalls: z.boolean(),
  responseFormat: ResponseFormat,
  /** Summed over all model calls so far; shown to clients when the run has ended. */
  usage: Usage,
  /** How often the run has asked for tool outputs; names its timers. */
  round: z.int(),
  /** Sessions of code_interpreter that are the run's to pay for: 1 as soon as code of it has a session, however many that takes (limits L20). */
  codeSessions: z.int().optional(),
});

/** Of a run that waits for its thread: the messages that it adds when its turn comes. */
const Waits = z.strictObject({ messages: z.array(MessageInput) });

/** Drops what only one state has. */
const commonFields = base.strip();

export const Run = z.discriminatedUnion('status', [
  /** `stepId`: the client has answered its calls of that step, endpoints of the project have not answered theirs. */
  base.extend({ status: z.literal('queued'), stepId: z.string().optional(), waits: Waits.optional() }),
  /** `stepId`: endpoints of the project are answering calls of that step. */
  base.extend({ status: z.literal('in_progress'), startedAtMs: z.int(), lease: Lease, stepId: z.string().optional() }),
  base.extend({ status: z.literal('requires_action'), stepId: z.string() }),
  base.extend({ status: z.literal('cancelling'), lease: Lease.optional(), stepId: z.string().optional() }),
  base.extend({ status: z.literal('cancelled'), cancelledAtMs: z.int() }),
  base.extend({ status: z.literal('failed'), failedAtMs: z.int(), lastError: RunError }),
  base.extend({ status: z.literal('completed'), completedAtMs: z.int() }),
  base.extend({
    status: z.literal('incomplete'),
    completedAtMs: z.int(),
    incompleteReason: z.enum(['max_completion_tokens', 'max_prompt_tokens']),
  }),
  base.extend({ status: z.literal('expired') }),
]);
export type Run = z.infer<typeof Run>;
export type RunStatus = Run['status'];
export type RunOf<S extends RunStatus> = Extract<Run, { status: S }>;
export type ActiveRun = RunOf<'queued' | 'in_progress' | 'requires_action' | 'cancelling'>;

export type EndedRun = RunOf<'completed' | 'incomplete' | 'failed' | 'cancelled' | 'expired'>;

/** Every legal move; docs/run-lifecycle.md draws this table and a test compares the two. */
export const RUN_TRANSITIONS: Readonly<Record<RunStatus, readonly RunStatus[]>> = {
  queued: ['in_progress', 'cancelling', 'expired', 'failed'],
  in_progress: ['requires_action', 'completed', 'incomplete', 'failed', 'cancelling', 'expired'],
  requires_action: ['queued', 'cancelling', 'expired'],
  cancelling: ['cancelled', 'completed', 'failed', 'expired'],
  cancelled: [],
  failed: [],
  completed: [],
  incomplete: [],
  expired: [],
};

export const isActive = (run: Run): run is ActiveRun => RUN_TRANSITIONS[run.status].length > 0;

/** True from the very second that the run's `expires_at` names, whatever the timers have done about it. */
export const isPastWindow = (run: Run, nowMs: number): boolean => isActive(run) && nowMs >= run.expiresAtMs;

export type NewRun = Omit<z.infer<typeof base>, 'rev' | 'expiresAtMs' | 'usage' | 'round' | 'startedAtMs'>;

/** What a request may set over the assistant's own settings. What is absent comes from the assistant. */
export type RunOverrides = Partial<Pick<NewRun, 'model' | 'instructions' | 'tools' | 'toolResources' | 'temperature' | 'topP' | 'reasoningEffort' | 'responseFormat'>> &
  Pick<NewRun, 'metadata' | 'truncationStrategy' | 'toolChoice' | 'parallelToolCalls' | 'maxPromptTokens' | 'maxCompletionTokens'> & {
    /** Appended to the instructions, whichever they are. */
    additionalInstructions?: string | undefined;
  };

export function newRun(fields: NewRun, windowSeconds: number): RunOf<'queued'> {
  const createdAtSeconds = Math.floor(fields.createdAtMs / 1000);
  return {
    ...fields,
    rev: 0,
    status: 'queued',
    expiresAtMs: (createdAtSeconds + windowSeconds) * 1000,
    usage: NO_USAGE,
    round: 0,
  };
}

/** The run that has to wait for its thread, still queued. */
export const waitForThread = (run: RunOf<'queued'>, messages: MessageInput[]): RunOf<'queued'> => ({ ...run, waits: { messages } });

export const claimRun = (run: RunOf<'queued'>, lease: Lease, nowMs: number): RunOf<'in_progress'> => ({
  ...common(run, 'in_progress'),
  status: 'in_progress',
  startedAtMs: nowMs,
  lease,
  ...stepOf(run),
});

/** The same state under another lease: a renewal, or a takeover after the old one lapsed. */
export const releaseTo = <R extends RunOf<'in_progress' | 'cancelling'>>(run: R, lease: Lease): R => ({ ...run, lease });

export const requireAction = (run: RunOf<'in_progress'>, stepId: string, usage: Usage): RunOf<'requires_action'> => ({
  ...common(run, 'requires_action'),
  status: 'requires_action',
  stepId,
  usage,
  round: run.round + 1,
});

/** `isAnswered`: all calls of its step are. Else the run has to wait for them still, and keeps the step. */
export const resumeRun = (run: RunOf<'requires_action'>, isAnswered: boolean): RunOf<'queued'> => ({ ...common(run, 'queued'), status: 'queued', ...(!isAnswered && stepOf(run)) });

/** The same state, while endpoints of the project answer calls of a step that the model has been paid for. */
export const awaitCalls = (run: RunOf<'in_progress'>, stepId: string, usage: Usage): RunOf<'in_progress'> => ({ ...run, stepId, usage });

/** The same state, with nothing left to wait for. */
export function callsAnswered<R extends RunOf<'queued' | 'in_progress'>>({ stepId: _, ...run }: R): Omit<R, 'stepId'> {
  return run;
}

export const requestCancel = (run: RunOf<'queued' | 'in_progress' | 'requires_action'>): RunOf<'cancelling'> => ({
  ...common(run, 'cancelling'),
  status: 'cancelling',
  ...(run.status === 'in_progress' && { lease: run.lease }),
  ...stepOf(run),
});

const stepOf = ({ stepId }: { stepId?: string | undefined }): { stepId?: string } => (stepId === undefined ? {} : { stepId });

/** How a run can end, and what each end has to say. */
export type RunEnd =
  | { status: 'completed' }
  | { status: 'incomplete'; reason: RunOf<'incomplete'>['incompleteReason'] }
  | { status: 'failed'; error: RunError }
  | { status: 'cancelled' }
  | { status: 'expired' };

export function endRun(run: ActiveRun, end: RunEnd, usage: Usage, nowMs: number): EndedRun {
  const fields = { ...common(run, end.status), usage };
  switch (end.status) {
    case 'completed':
      return { ...fields, status: 'completed', completedAtMs: nowMs };
    case 'incomplete':
      return { ...fields, status: 'incomplete', completedAtMs: nowMs, incompleteReason: end.reason };
    case 'failed':
      return { ...fields, status: 'failed', failedAtMs: nowMs, lastError: end.error };
    case 'cancelled':
      return { ...fields, status: 'cancelled', cancelledAtMs: nowMs };
    case 'expired':
      return { ...fields, status: 'expired' };
  }
}

/** How a run has ended, as data. */
export function toRunEnd(run: EndedRun): RunEnd {
  switch (run.status) {
    case 'incomplete':
      return { status: 'incomplete', reason: run.incompleteReason };
    case 'failed':
      return { status: 'failed', error: run.lastError };
    case 'completed':
    case 'cancelled':
    case 'expired':
      return { status: run.status };
  }
}

/** What every reader shows: a run past its window is expired, even if nothing has written that down yet. */
export const asSeenAt = (run: Run, nowMs: number): Run =>
  isActive(run) && isPastWindow(run, nowMs) ? endRun(run, { status: 'expired' }, run.usage, nowMs) : run;

/** The run as it was when it was made, to tell that again: nothing of what has come since, but for its metadata. */
export function asCreated(run: Run): RunOf<'queued'> {
  const { startedAtMs: _, ...fields } = commonFields.parse(run);
  return { ...fields, status: 'queued', usage: NO_USAGE, round: 0 };
}

/** Likewise as it was when its driver took it; undefined for one that nobody has ever taken. Whose lease it had is nobody's to know. */
export const asStarted = (run: Run): RunOf<'in_progress'> | undefined =>
  run.startedAtMs === undefined
    ? undefined
    : { ...asCreated(run), status: 'in_progress', startedAtMs: run.startedAtMs, lease: { owner: '', untilMs: 0 } };

/** The fields that no state adds or drops, after checking that the move is in the table. */
function common(run: Run, to: RunStatus): z.infer<typeof base> {
  if (!RUN_TRANSITIONS[run.status].includes(to)) throw new IllegalTransitionError(run.id, run.status, to);
  return commonFields.parse(run);
}
