/** Records as objects of the export format: the API's own objects and, beside them, what these do not say (docs/history-format.md). */
import type { Message } from '../domain/message.ts';
import type { RunStep } from '../domain/run-step.ts';
import type { Run } from '../domain/run.ts';
import type { Thread } from '../domain/thread.ts';
import { toWireFile } from '../wire/file.ts';
import { toWireMessage } from '../wire/message.ts';
import { toWireRun } from '../wire/run.ts';
import { toWireThread } from '../wire/thread.ts';
import { toDetailedStep } from './calls.ts';
import type { Renderer } from './renderer.ts';

export const FORMAT = 'threadkeep-export';
export const VERSION = 1;

/** Times in Unix milliseconds; the API's objects have whole seconds. `ended_at_ms` is whichever of the `…_at` fields says when it ended. */
export const toThreadData = (thread: Thread) => ({ ...toWireThread(thread), created_at_ms: thread.createdAtMs, last_active_at_ms: thread.lastActiveAtMs });

export const toMessageData = (message: Message) => ({ ...toWireMessage(message), created_at_ms: message.createdAtMs, ended_at_ms: endOfMessage(message), ...(message.importedId !== undefined && { sort_id: message.id }) });

export const toRunData = (run: Run) => ({
  ...toWireRun(run),
  created_at_ms: run.createdAtMs,
  started_at_ms: run.startedAtMs ?? null,
  ended_at_ms: endOfRun(run),
  expires_at_ms: run.expiresAtMs,
  code_interpreter_sessions: run.codeSessions ?? 0,
});

export const toStepData = (step: RunStep) => ({ ...toDetailedStep(step), created_at_ms: step.createdAtMs, ended_at_ms: endOfStep(step), expires_at_ms: step.expiresAtMs });

export const jsonLines: Renderer = {
  contentType: 'application/x-ndjson',
  extension: 'jsonl',
  begin: () => line({ type: 'header', format: FORMAT, version: VERSION }),
  thread: (thread) => line({ type: 'thread', data: toThreadData(thread) }),
  message: (message, files) => line({ type: 'message', data: { ...toMessageData(message), ...(files.length > 0 && { files: files.map(toWireFile) }) } }),
  run: (run) => line({ type: 'run', data: toRunData(run) }),
  step: (step) => line({ type: 'step', data: toStepData(step) }),
  end: ({ threads, messages, runs, steps }) => line({ type: 'end', counts: { threads, messages, runs, steps } }),
};

const line = (value: object): string => `${JSON.stringify(value)}\n`;

function endOfMessage(message: Message): number | null {
  switch (message.status) {
    case 'completed':
      return message.completedAtMs;
    case 'incomplete':
      return message.incompleteAtMs;
    case 'in_progress':
      return null;
  }
}

function endOfRun(run: Run): number | null {
  switch (run.status) {
    case 'completed':
    case 'incomplete':
      return run.completedAtMs;
    case 'cancelled':
      return run.cancelledAtMs;
    case 'failed':
      return run.failedAtMs;
    case 'expired':
    case 'queued':
    case 'in_progress':
    case 'requires_action':
    case 'cancelling':
      return null;
  }
}

function endOfStep(step: RunStep): number | null {
  switch (step.status) {
    case 'completed':
      return step.completedAtMs;
    case 'failed':
      return step.failedAtMs;
    case 'cancelled':
      return step.cancelledAtMs;
    case 'expired':
      return step.expiredAtMs;
    case 'in_progress':
      return null;
  }
}
