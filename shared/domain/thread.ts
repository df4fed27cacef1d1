import * as z from 'zod';
import type { MessageInput } from './message.ts';
import { Metadata, ToolResources, type ToolResourcesInput, integer } from './settings.ts';

const DAY_MS = 86_400_000;

/** How long a thread lives after its last activity. */
export const Retention = z.union([z.strictObject({ days: integer().min(1).max(3650) }), z.literal('never')]);
export type Retention = z.infer<typeof Retention>;

/** A run that holds the thread or waits for it. Past `expiresAtMs` it does neither, whatever became of it. */
const Claim = z.strictObject({ id: z.string(), expiresAtMs: z.int() });
type Claim = z.infer<typeof Claim>;

/** How many runs may wait for one thread. */
export const MOST_WAITING = 10;

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
  activeRun: Claim.optional(),
  /** Runs that wait for the lock, first come first. Absent when none does. */
  waitingRuns: z.array(Claim).min(1).max(MOST_WAITING).optional(),
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

/** The id of the run that holds the thread, if one still does, or else of the one that is to hold it next. */
export const activeRunId = (thread: Thread, nowMs: number): string | undefined => claimsOn(thread, nowMs)[0]?.id;

/** Who holds the thread, and who waits for it, in their order. */
export const claimsOn = ({ activeRun, waitingRuns = [] }: Thread, nowMs: number): Claim[] =>
  [...(activeRun ? [activeRun] : []), ...waitingRuns].filter(({ expiresAtMs }) => nowMs < expiresAtMs);

/** True while a run holds the thread; those that wait do not. */
export const isLocked = ({ activeRun }: Thread, nowMs: number): boolean => activeRun !== undefined && nowMs < activeRun.expiresAtMs;

/** The thread without the lock of `runId`, or its place among those that wait; a lock that another run has taken since stays. */
export function unlocked(thread: Thread, runId: string): Thread {
  const { activeRun, waitingRuns = [], ...rest } = thread;
  if (activeRun?.id !== runId && !waitingRuns.some(({ id }) => id === runId)) return thread;
  return { ...rest, ...(activeRun && activeRun.id !== runId && { activeRun }), ...waiting(waitingRuns.filter(({ id }) => id !== runId)) };
}

/** The thread held by this run. Of those that wait they go on who came after it and have not waited too long. */
export function lockedBy({ waitingRuns = [], ...thread }: Thread, { id, expiresAtMs }: Claim, nowMs: number): Thread {
  const place = waitingRuns.findIndex((claim) => claim.id === id);
  return { ...thread, activeRun: { id, expiresAtMs }, ...waiting(waitingRuns.slice(place + 1).filter((claim) => nowMs < claim.expiresAtMs)) };
}

/** The thread with this run behind those that wait still; undefined when they are too many. */
export function withWaiting({ waitingRuns = [], ...thread }: Thread, { id, expiresAtMs }: Claim, nowMs: number): Thread | undefined {
  const still = waitingRuns.filter((claim) => nowMs < claim.expiresAtMs);
  return still.length < MOST_WAITING ? { ...thread, ...waiting([...still, { id, expiresAtMs }]) } : undefined;
}

const waiting = (waitingRuns: Claim[]): Pick<Thread, 'waitingRuns'> => (waitingRuns.length > 0 ? { waitingRuns } : {});

/** What a client says of a thread that it makes. Without a retention the thread takes the project's, or else the server's. */
export interface ThreadInput extends Pick<Thread, 'metadata'> {
  messages: MessageInput[];
  toolResources?: ToolResourcesInput | undefined;
  retention?: Retention | undefined;
  exportOnExpiry?: boolean | undefined;
}

/** The thread with another retention, counted from its last activity. */
export const withRetention = (thread: Thread, retention: Retention): Thread => touched({ ...thread, retention }, thread.lastActiveAtMs);
