import type { Thread } from '../domain/thread.ts';
import { ConflictError, remove, retryOnConflict } from '../ports/commit.ts';
import type { Kind, Scope } from '../ports/store.ts';
import type { World } from '../ports/world.ts';
import { reapSession } from './end-session.ts';
import { findThread } from './find.ts';

/** Removes the thread's own record: from then on nothing under it can be read or written. The feed has the rest reaped. */
export function deleteThread(world: World, projectId: string, threadId: string): Promise<Thread> {
  return retryOnConflict(async () => {
    const thread = await findThread(world, projectId, threadId);
    await world.commit({ name: 'delete-thread', writes: [remove('thread', thread)] });
    return thread;
  });
}

/** One commit's worth of deletions; DynamoDB takes 100 writes in a transaction. */
const AT_ONCE = 100;

/** Deletes everything that hung under a removed thread. Begins again where it left off when it is interrupted. */
export async function reapThread(world: World, { projectId, id, hasImportedIds }: Thread): Promise<void> {
  for (;;) {
    const runs = await world.store.page('run', [projectId, id], { order: 'asc', limit: AT_ONCE });
    if (runs.items.length === 0) break;
    for (const run of runs.items) await reapAll(world, 'step', [projectId, id, run.id]);
    // Runs go after their steps: a run's id is the only way to its steps.
    await reapPage(world, 'run', runs.items);
  }
  await reapAll(world, 'message', [projectId, id]);
  // Behind the runs: only who holds one can begin another session.
  await reapSession(world, projectId, id);
  if (hasImportedIds) await reapAll(world, 'alias', [projectId, id]);
  world.log.info('thread_reaped', { threadId: id });
}

async function reapAll(world: World, kind: 'message' | 'step' | 'alias', scope: Scope): Promise<void> {
  for (;;) {
    const { items } = await world.store.page(kind, scope, { order: 'asc', limit: AT_ONCE });
    if (items.length === 0) return;
    await reapPage(world, kind, items);
  }
}

/** A conflict means that another reaper of the same thread was faster; the next page shows what is left. */
async function reapPage<K extends Kind>(world: World, kind: K, records: Parameters<typeof remove<K>>[1][]): Promise<void> {
  try {
    await world.commit({ name: 'reap-thread', writes: records.map((record) => remove(kind, record)) });
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error;
  }
}

