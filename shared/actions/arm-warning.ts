import type { Project } from '../domain/project.ts';
import type { Thread } from '../domain/thread.ts';
import type { Scheduled } from '../ports/commit.ts';
import { keys } from '../ports/store.ts';
import type { World } from '../ports/world.ts';

const DAY_MS = 86_400_000;
/** A timer can be no further away than a year; one for later sets itself again. */
const FURTHEST_MS = 300 * DAY_MS;

type Parts = Pick<World, 'store' | 'commit' | 'clock'>;

/** When this project wants to be warned of the thread's end; undefined when it does not, or the thread has none. */
export const warningAt = ({ removeAfterMs }: Thread, project: Project | undefined): number | undefined =>
  removeAfterMs === undefined || project?.expiringDays === undefined ? undefined : removeAfterMs - project.expiringDays * DAY_MS;

export async function warningTime({ store }: Pick<World, 'store'>, thread: Thread): Promise<number | undefined> {
  return thread.removeAfterMs === undefined ? undefined : warningAt(thread, await store.get(keys.project(thread.projectId)));
}

/** What is overdue goes off at once. Its name is of this moment: on AWS a timer's name that was used for an earlier one starts nothing. */
export function warningTimer({ id, projectId }: Thread, dueMs: number, nowMs: number): Scheduled {
  const atMs = Math.min(Math.max(dueMs, nowMs), nowMs + FURTHEST_MS);
  return { name: `warn:${id}:${atMs}`, job: { type: 'warn-expiry', projectId, threadId: id }, dueMs: atMs };
}

/** Sets the timer that warns of the thread's end. It need not be moved when the thread is used: it looks when it goes off. */
export async function armWarning(world: Parts, thread: Thread): Promise<void> {
  const dueMs = await warningTime(world, thread);
  if (dueMs !== undefined) await setWarning(world, thread, dueMs);
}

export async function setWarning({ commit, clock }: Parts, thread: Thread, dueMs: number): Promise<void> {
  await commit({ name: 'set-warning', writes: [], timers: [warningTimer(thread, dueMs, clock.nowMs())] });
}
