/** Whole records for unit tests: everything that a test does not care about, with what it does care about laid over it. */
import type { Assistant } from '../../shared/domain/assistant.ts';
import { newId } from '../../shared/domain/ids.ts';
import type { ContentPart, Message, OpenMessage } from '../../shared/domain/message.ts';
import type { FunctionCall, RunStep, StepOf } from '../../shared/domain/run-step.ts';
import { type Run, type RunOf, newRun } from '../../shared/domain/run.ts';
import type { Thread } from '../../shared/domain/thread.ts';

/** 2025-01-01T00:00:00.250Z: not a whole second, so that rounding shows. */
export const NOW_MS = 1_735_689_600_250;
export const NOW_S = 1_735_689_600;
export const PROJECT = 'proj_test';
export const THREAD = 'thread_test';
export const RUN = 'run_test';

export const USAGE = { promptTokens: 30, completionTokens: 12, cachedTokens: 8, reasoningTokens: 5 };

const owned = { projectId: PROJECT, rev: 0, createdAtMs: NOW_MS };

export const assistantOf = (fields: Partial<Assistant> = {}): Assistant => ({
  ...owned,
  id: 'asst_test',
  model: 'gpt-test',
  tools: [],
  toolResources: {},
  metadata: {},
  responseFormat: 'auto',
  ...fields,
});

export const threadOf = (fields: Partial<Thread> = {}): Thread => ({
  ...owned,
  id: THREAD,
  metadata: {},
  toolResources: {},
  retention: 'never',
  lastActiveAtMs: NOW_MS,
  ...fields,
});

type Settings = Partial<Omit<RunOf<'queued'>, 'status'>>;

export const queuedRun = (fields: Settings = {}): RunOf<'queued'> => ({
  ...newRun(
    {
      ...owned,
      id: RUN,
      threadId: THREAD,
      assistantId: 'asst_test',
      model: 'gpt-test',
      tools: [],
      toolResources: {},
      metadata: {},
      truncationStrategy: { type: 'auto' },
      toolChoice: 'auto',
      parallelToolCalls: true,
      responseFormat: 'auto',
    },
    600,
  ),
  ...fields,
});

export const runningRun = (fields: Settings = {}): RunOf<'in_progress'> => ({
  ...queuedRun(fields),
  status: 'in_progress',
  startedAtMs: NOW_MS + 1000,
  lease: { owner: 'test', untilMs: NOW_MS + 30_000 },
});

export const text = (value: string): ContentPart => ({ type: 'text', text: { value, annotations: [] } });

/** A completed message of the thread: of the client, or of the assistant when `fields` say so. Ids come out in order. */
export const messageOf = (content: string | ContentPart[], fields: Partial<OpenMessage> = {}): Message => ({
  ...openMessage(content, fields),
  status: 'completed',
  completedAtMs: NOW_MS,
});

export const openMessage = (content: string | ContentPart[], { status: _, ...fields }: Partial<OpenMessage> = {}): OpenMessage => ({
  ...owned,
  id: newId('message', NOW_MS),
  threadId: THREAD,
  role: 'user',
  content: typeof content === 'string' ? [text(content)] : content,
  attachments: [],
  metadata: {},
  ...fields,
  status: 'in_progress',
});

export const callOf = (name: string, fields: Partial<FunctionCall> = {}): FunctionCall => ({ id: `call_${name}`, type: 'function', name, arguments: '{}', ...fields });

export const openStep = (details: RunStep['details'], fields: Partial<Omit<StepOf<'in_progress'>, 'status'>> = {}): StepOf<'in_progress'> => ({
  ...owned,
  id: newId('step', NOW_MS),
  threadId: THREAD,
  runId: RUN,
  assistantId: 'asst_test',
  expiresAtMs: queuedRun().expiresAtMs,
  metadata: {},
  details,
  ...fields,
  status: 'in_progress',
});

/** A run in every status that there is. */
export const runs: { [S in Run['status']]: RunOf<S> } = {
  queued: queuedRun(),
  in_progress: runningRun(),
  requires_action: { ...queuedRun(), startedAtMs: NOW_MS + 1000, status: 'requires_action', stepId: 'step_waiting', usage: USAGE, round: 1 },
  cancelling: { ...queuedRun(), startedAtMs: NOW_MS + 1000, status: 'cancelling' },
  cancelled: { ...queuedRun(), startedAtMs: NOW_MS + 1000, status: 'cancelled', cancelledAtMs: NOW_MS + 5000, usage: USAGE },
  failed: { ...queuedRun(), startedAtMs: NOW_MS + 1000, status: 'failed', failedAtMs: NOW_MS + 5000, lastError: { code: 'server_error', message: 'no' }, usage: USAGE },
  completed: { ...queuedRun(), startedAtMs: NOW_MS + 1000, status: 'completed', completedAtMs: NOW_MS + 5000, usage: USAGE },
  incomplete: { ...queuedRun(), startedAtMs: NOW_MS + 1000, status: 'incomplete', completedAtMs: NOW_MS + 5000, incompleteReason: 'max_completion_tokens', usage: USAGE },
  expired: { ...queuedRun(), startedAtMs: NOW_MS + 1000, status: 'expired', usage: USAGE },
};
