import type { Scheduled } from '../ports/commit.ts';
import type { Job, Outcome } from '../ports/queue.ts';
import { keys } from '../ports/store.ts';
import type { World } from '../ports/world.ts';
import { warningAt, warningTimer } from './arm-warning.ts';

const DONE: Outcome = { done: true };
/** Threads for each job: it is over soon, and what is left is the next one's. */
const AT_ONCE = 100;
/** A job may overtake the change that it is sent with, and must see what that has set. Longer than any commit takes. */
const AFTER_MS = 60_000;

const jobFor = (projectId: string, dueMs: number, after?: string): Scheduled => ({ name: `warnings:${projectId}:${after ?? ''}`, job: { type: 'arm-warnings', projectId, after }, dueMs });

/** To be sent with what makes a project want to be warned: its first endpoint, or more days ahead than before. */
export const warningsJob = (projectId: string, nowMs: number): Scheduled => jobFor(projectId, nowMs + AFTER_MS);

/**
 * Sets the timers of the threads that are there: those made from now on get theirs when their making is told. Setting one that is set
 * already does no harm.
 */
export async function armWarnings(world: World, { projectId, after }: Extract<Job, { type: 'arm-warnings' }>): Promise<Outcome> {
  const [project, endpoints] = await Promise.all([world.store.get(keys.project(projectId)), world.store.page('webhook_endpoint', [projectId], { order: 'asc', limit: 1 })]);
  if (project?.expiringDays === undefined || endpoints.items.length === 0) return DONE;
  const { items, hasMore } = await world.store.page('thread', [projectId], { order: 'asc', limit: AT_ONCE, after });
  const nowMs = world.clock.nowMs();
  const timers = items.flatMap((thread) => {
    const dueMs = warningAt(thread, project);
    return dueMs === undefined ? [] : [warningTimer(thread, dueMs, nowMs)];
  });
  await world.commit({ name: 'arm-warnings', writes: [], timers, jobs: hasMore ? [jobFor(projectId, nowMs, items.at(-1)?.id)] : [] });
  return DONE;
}
