import type { Thread } from '../domain/thread.ts';
import { keys } from '../ports/store.ts';
import type { World } from '../ports/world.ts';

const DAY_MS = 86_400_000;
/** A timer can be no further away than a year; one for later sets itself again. */
const FURTHEST_MS = 300 * DAY_MS;

type Parts = Pick<World, 'store' | 'commit' | 'clock'>;

/** When its project wants to be warned of the thread's end; undefined when it does not, or the thread has none. */
export async function warningTime({ store }: Pick<World, 'store'>, { projectId, removeAfterMs }: Thread): Promise<number | undefined> {
  if (removeAfterMs === undefined) return undefined;
  const days = (await store.get(keys.project(projectId)))?.expiringDays;
  return days === undefined ? undefined : removeAfterMs - days * DAY_MS;
}

/** Sets the timer that warns of the thread's end. It need not be moved when the thread is used: it looks when it goes off. */
export async function armWarning(world: Parts, thread: Thread): Promise<void> {
  const dueMs = await warningTime(world, thread);
  if (dueMs !== undefined) await setWarning(world, thread, dueMs);
}

export async function setWarning({ commit, clock }: Parts, { id, projectId }: Thread, dueMs: number): Promise<void> {
  const soonerMs = Math.min(dueMs, clock.nowMs() + FURTHEST_MS);
  await commit({ name: 'set-warning', writes: [], timers: [{ name: `warn:${id}:${soonerMs}`, job: { type: 'warn-expiry', projectId, threadId: id }, dueMs: soonerMs }] });
}
