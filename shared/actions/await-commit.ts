import type { Outcome } from '../ports/queue.ts';

export const LOOK_AGAIN_MS = 500;
/** A job may come before its commit; one that has not come by then never will. Twice what the slowest of commits is given. */
export const LONGEST_COMMIT_MS = 60_000;

/**
 * Looks again ever more rarely: after half of the time that it is late, half a second at least. Not a failed attempt: those are counted, and
 * would end a run whose only fault is that its commit takes its time.
 */
export function awaitCommit(lateMs: number): Outcome {
  if (lateMs >= LONGEST_COMMIT_MS) return { done: true };
  return { done: false, againInMs: Math.min(Math.max(Math.round(lateMs / 2), LOOK_AGAIN_MS), LONGEST_COMMIT_MS - lateMs) };
}
