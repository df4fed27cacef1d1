import { type CodeSession, CODE_SESSION_IDLE_MS } from '../domain/code-session.ts';
import type { Run } from '../domain/run.ts';
import type { Scheduled } from '../ports/commit.ts';

const ids = (run: Run) => ({ projectId: run.projectId, threadId: run.threadId, runId: run.id });

export const driveJobName = (run: Run): string => `drive:${run.id}`;

/** `run` as the commit will leave it. Due at once for a run that waits for a driver; due when the lease lapses for one that has a driver already. */
export const driveJob = (run: Run, dueMs: number): Scheduled => ({
  name: driveJobName(run),
  job: { type: 'drive-run', ...ids(run), rev: run.rev, dueMs },
  dueMs,
});

export const settleJobName = (run: Run): string => `settle:${run.id}`;

export const settleJob = (run: Run, dueMs: number): Scheduled => ({
  name: settleJobName(run),
  job: { type: 'settle-run', ...ids(run), rev: run.rev, dueMs },
  dueMs,
});

/** For a run that has asked for tool outputs, as the commit will leave it. */
export const callToolsJob = (run: Run, dueMs: number): Scheduled => ({
  name: `tools:${run.id}:${run.round}`,
  job: { type: 'call-tools', ...ids(run), round: run.round, dueMs },
  dueMs,
});

/**
 * Named by run and round, so that starting it twice is harmless. Set when a run enters `requires_action`, and taken back by whoever
 * moves it on from there; by its expiry alone it is not, which is what it is for.
 */
export const expiryTimerName = (run: Run): string => `expire:${run.id}:${run.round}`;

export const expiryTimer = (run: Run): Scheduled => ({
  name: expiryTimerName(run),
  job: { type: 'expire-run', ...ids(run) },
  dueMs: run.expiresAtMs,
});

/** For a session that has just begun. */
export const endSessionJob = ({ projectId, threadId, session, openedAtMs }: CodeSession & { session: string }): Scheduled => {
  const dueMs = openedAtMs + CODE_SESSION_IDLE_MS;
  return { name: `session:${threadId}:${openedAtMs}`, job: { type: 'end-session', projectId, threadId, session, dueMs }, dueMs };
};
