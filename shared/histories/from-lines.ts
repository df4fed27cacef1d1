/** Objects of an export, or as the hosted service returned them, as records. What was active when it was written is expired. */
import type * as z from 'zod';
import { Assistant } from '../domain/assistant.ts';
import { Message } from '../domain/message.ts';
import { RunStep } from '../domain/run-step.ts';
import { RUN_WINDOW_SECONDS, Run } from '../domain/run.ts';
import { type Retention, Thread, touched } from '../domain/thread.ts';
import { NO_USAGE, type Usage } from '../domain/usage.ts';
import { fromCall } from './calls.ts';
import { AssistantShape, MessageShape, RunShape, StepShape, ThreadShape, type WireUsage } from './shapes.ts';

/** Why a line is not imported, in words for whoever sent it. */
export class RefusedError extends Error {}

export interface Importing {
  projectId: string;
  nowMs: number;
  /** For threads that do not say themselves. */
  retention: Retention;
}

export function toThread(data: unknown, { projectId, nowMs, retention }: Importing): Thread {
  const given = parse(ThreadShape, data);
  const lastActiveAtMs = given.last_active_at_ms ?? nowMs;
  const record = parse(Thread, {
    ...ofLine(given, projectId),
    toolResources: given.tool_resources ?? {},
    retention: given.retention ?? retention,
    ...(typeof given.export_on_expiry === 'boolean' && { exportOnExpiry: given.export_on_expiry }),
    lastActiveAtMs,
  });
  const thread = touched(record, lastActiveAtMs);
  // One whose time had come would be gone at once: its import counts as activity.
  return thread.removeAfterMs !== undefined && thread.removeAfterMs <= nowMs ? touched(thread, nowMs) : thread;
}

export function toMessage(data: unknown, { projectId }: Importing): Message {
  const given = parse(MessageShape, data);
  const base = {
    ...ofLine(given, projectId),
    threadId: given.thread_id,
    role: given.role,
    content: withDetails(given.content),
    attachments: given.attachments ?? [],
    ...present({ assistantId: given.assistant_id, runId: given.run_id }),
    ...(typeof given.sort_id === 'string' && { id: given.sort_id, importedId: given.id }),
  };
  if (given.status === 'completed' || given.status === null || given.status === undefined) {
    return parse(Message, { ...base, status: 'completed', completedAtMs: exact(given.ended_at_ms, given.completed_at ?? given.created_at) });
  }
  return parse(Message, {
    ...base,
    status: 'incomplete',
    incompleteAtMs: exact(given.ended_at_ms, given.incomplete_at ?? given.created_at),
    incompleteReason: given.incomplete_details?.reason ?? 'run_expired',
  });
}

export function toRun(data: unknown, { projectId }: Importing): Run {
  const given = parse(RunShape, data);
  const { started_at: startedAt, ended_at_ms: endedMs } = given;
  const endedAt = (seconds: number | null | undefined) => exact(endedMs, seconds ?? given.created_at);
  const base = {
    ...ofLine(given, projectId),
    threadId: given.thread_id,
    assistantId: given.assistant_id,
    model: given.model,
    tools: given.tools,
    toolResources: given.tool_resources ?? {},
    truncationStrategy: given.truncation_strategy,
    toolChoice: given.tool_choice,
    parallelToolCalls: given.parallel_tool_calls,
    responseFormat: given.response_format,
    usage: toUsage(given.usage),
    round: 0,
    expiresAtMs: given.expires_at_ms ?? (given.expires_at ?? given.created_at + RUN_WINDOW_SECONDS) * 1000,
    ...present({
      startedAtMs: typeof startedAt === 'number' ? exact(given.started_at_ms, startedAt) : undefined,
      instructions: given.instructions,
      temperature: given.temperature,
      topP: given.top_p,
      reasoningEffort: given.reasoning_effort,
      maxPromptTokens: given.max_prompt_tokens,
      maxCompletionTokens: given.max_completion_tokens,
      codeSessions: given.code_interpreter_sessions || undefined,
    }),
  };
  switch (given.status) {
    case 'completed':
      return parse(Run, { ...base, status: 'completed', completedAtMs: endedAt(given.completed_at) });
    case 'incomplete':
      return parse(Run, { ...base, status: 'incomplete', completedAtMs: endedAt(given.completed_at), incompleteReason: given.incomplete_details?.reason });
    case 'failed':
      return parse(Run, { ...base, status: 'failed', failedAtMs: endedAt(given.failed_at), lastError: given.last_error });
    case 'cancelled':
      return parse(Run, { ...base, status: 'cancelled', cancelledAtMs: endedAt(given.cancelled_at) });
    case 'expired':
    case 'queued':
    case 'in_progress':
    case 'requires_action':
    case 'cancelling':
      return parse(Run, { ...base, status: 'expired' });
  }
}

export function toStep(data: unknown, { projectId }: Importing): RunStep {
  const given = parse(StepShape, data);
  const endedAt = (seconds: number | null | undefined) => exact(given.ended_at_ms, seconds ?? given.created_at);
  const { step_details: details } = given;
  const expiresAtMs = given.expires_at_ms ?? (given.created_at + RUN_WINDOW_SECONDS) * 1000;
  const base = {
    ...ofLine(given, projectId),
    threadId: given.thread_id,
    runId: given.run_id,
    assistantId: given.assistant_id,
    expiresAtMs,
    usage: toUsage(given.usage),
    details:
      details.type === 'message_creation'
        ? { type: 'message_creation', messageId: details.message_creation.message_id }
        : { type: 'tool_calls', toolCalls: details.tool_calls.map(fromCall) },
  };
  switch (given.status) {
    case 'completed':
      return parse(RunStep, { ...base, status: 'completed', completedAtMs: endedAt(given.completed_at) });
    case 'failed':
      return parse(RunStep, { ...base, status: 'failed', failedAtMs: endedAt(given.failed_at), lastError: given.last_error });
    case 'cancelled':
      return parse(RunStep, { ...base, status: 'cancelled', cancelledAtMs: endedAt(given.cancelled_at) });
    case 'expired':
      return parse(RunStep, { ...base, status: 'expired', expiredAtMs: endedAt(given.expired_at) });
    case 'in_progress':
      return parse(RunStep, { ...base, status: 'expired', expiredAtMs: expiresAtMs });
  }
}

export function toAssistant(data: unknown, { projectId }: Importing): Assistant {
  const given = parse(AssistantShape, data);
  return parse(Assistant, {
    ...ofLine(given, projectId),
    model: given.model,
    tools: given.tools ?? [],
    toolResources: given.tool_resources ?? {},
    responseFormat: given.response_format ?? 'auto',
    ...present({ name: given.name, description: given.description, instructions: given.instructions, reasoningEffort: given.reasoning_effort, temperature: given.temperature, topP: given.top_p }),
  });
}

/** The first thing that is wrong, and where. */
function parse<S extends z.ZodType>(schema: S, value: unknown): z.output<S> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new RefusedError(`${issue?.path.join('.') || 'the object'}: ${issue?.message ?? 'is not valid'}`);
}

const ofLine = (given: { id: string; created_at: number; created_at_ms?: number | null | undefined; metadata?: Record<string, string> | null | undefined }, projectId: string) => ({
  id: given.id,
  projectId,
  rev: 0,
  createdAtMs: exact(given.created_at_ms, given.created_at),
  metadata: given.metadata ?? {},
});

/** Milliseconds where they were written down, and they are of that second. */
function exact(ms: number | null | undefined, seconds: number): number {
  if (ms === null || ms === undefined) return seconds * 1000;
  if (Math.floor(ms / 1000) !== seconds) throw new RefusedError(`${ms} milliseconds are not within the second ${seconds}`);
  return ms;
}

const toUsage = (usage: WireUsage): Usage =>
  usage
    ? {
        promptTokens: usage.prompt_tokens,
        completionTokens: usage.completion_tokens,
        cachedTokens: usage.prompt_token_details?.cached_tokens ?? 0,
        reasoningTokens: usage.completion_tokens_details?.reasoning_tokens ?? 0,
      }
    : NO_USAGE;

const present = (fields: Record<string, unknown>): Record<string, unknown> => Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null && value !== undefined));

/** The hosted service left out what it had by default. */
function withDetails(content: unknown): unknown {
  if (!Array.isArray(content)) return content;
  return content.map((part: unknown) => {
    if (typeof part !== 'object' || part === null) return part;
    const entries = Object.entries(part).map(([name, value]: [string, unknown]) => {
      const isImage = (name === 'image_file' || name === 'image_url') && typeof value === 'object' && value !== null;
      return [name, isImage ? { detail: 'auto', ...value } : value];
    });
    return Object.fromEntries(entries) as unknown;
  });
}
