import { earliestId, timeOfId } from '../domain/ids.ts';

/** Clocks of different machines differ, and operators change the window. */
const EARLIER_MS = 60_000;
const LATER_MS = 3_600_000;

/**
 * Where the messages of a run can lie among all ids of messages: a run writes only between its beginning and the end of
 * its window, and ids tell both. Undefined for a run whose id tells no time, which may have messages anywhere.
 */
export function runSpan(runId: string, { runWindowMs, nowMs }: { runWindowMs: number; nowMs: number }): { from: string; to: string } | undefined {
  const beganMs = timeOfId('run', runId);
  // A foreign id of the same shape tells any time at all, hardly ever one that could be true.
  if (beganMs === undefined || beganMs > nowMs + LATER_MS) return undefined;
  return { from: earliestId('message', beganMs - EARLIER_MS), to: earliestId('message', beganMs + runWindowMs + LATER_MS) };
}
