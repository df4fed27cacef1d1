import * as z from 'zod';
import type { MessageInput } from './message.ts';
import { Metadata, ToolResources, integer } from './settings.ts';

const DAY_MS = 86_400_000;

/** How long a thread lives after its last activity. */
export const Retention = z.union([z.strictObject({ days: integer().min(1).max(3650) }), z.literal('never')]);
export type Retention = z.infer<typeof Retention>;

/**
 * A stored thread. `activeRun` is the lock that lets one run at a time use the thread; past `expiresAtMs` it holds
 * nothing any more, whatever became of the run. `lastMessageId` is the floor for the next message's id.
 */
export const Thread = z.strictObject({
  id: z.string(),
  projectId: z.string(),
  rev: z.int(),
  createdAtMs: z.int(),
  metadata: Metadata,
  toolResources: ToolResources,
  retention: Retention,
  /** The project's setting when absent. */
  exportOnExpiry: z.boolean().optional(),
  lastActiveAtMs: z.int(),
  /** The store removes the record after this time and readers no longer see it from this time on (limits L1). */
  removeAfterMs: z.int().optional(),
  activeRun: z.strictObject({ id: z.string(), expiresAtMs: z.int() }).optional(),
  lastMessageId: z.string().optional(),
  /** Likewise the floor for the next run's id. */
  lastRunId: z.string().optional(),
  /** Some of its messages have an `importedId`. */
  hasImportedIds: z.boolean().optional(),
});
export type Thread = z.infer<typeof Thread>;

/** The thread after activity at `nowMs`: its retention starts anew. */
export function touched(thread: Thread, nowMs: number): Thread {
  const { removeAfterMs: _, ...rest } = thread;
  const lastActiveAtMs = Math.max(nowMs, thread.lastActiveAtMs);
  if (thread.retention === 'never') return { ...rest, lastActiveAtMs };
  return { ...rest, lastActiveAtMs, removeAfterMs: lastActiveAtMs + thread.retention.days * DAY_MS };
}

/** The id of the run that holds the thread, if one still does. */
export function activeRunId(thread: Thread, nowMs: number): string | undefined {
  const active = thread.activeRun;
  return active !== undefined && nowMs < active.expiresAtMs ? active.id : undefined;
}

/** The thread without the lock of `runId`; a lock that another run has taken since stays. */
export function unlocked(thread: Thread, runId: string): Thread {
  if (thread.activeRun?.id !== runId) return thread;
  const { activeRun: _, ...rest } = thread;
  return rest;
}

/** What a client says of a thread that it makes. Without a retention the thread takes the project's, or else the server's. */
export interface ThreadInput extends Pick<Thread, 'metadata' | 'toolResources'> {
  messages: MessageInput[];
  retention?: Retention | undefined;
  exportOnExpiry?: boolean | undefined;
}

/** The thread with another retention, counted from its last activity. */
export const withRetention = (thread: Thread, retention: Retention): Thread => touched({ ...thread, retention }, thread.lastActiveAtMs);
