import { type Run, isActive, isPastWindow } from '../domain/run.ts';
import { retryOnConflict } from '../ports/commit.ts';
import { type Key, keys } from '../ports/store.ts';
import type { World } from '../ports/world.ts';
import { commitRunEnd } from './end-run.ts';

/** Writes down what every reader already sees of a run past its window. Undefined when there was nothing to write. */
export function expireRun(world: World, key: Key<'run'>): Promise<Run | undefined> {
  return retryOnConflict(async () => {
    const run = await world.store.get(key);
    if (!run || !isActive(run) || !isPastWindow(run, world.clock.nowMs())) return undefined;
    return (await commitRunEnd(world, run, { status: 'expired' }, run.usage))?.run;
  });
}

export const runKey = (ids: { projectId: string; threadId: string; runId: string }): Key<'run'> =>
  keys.run(ids.projectId, ids.threadId, ids.runId);
