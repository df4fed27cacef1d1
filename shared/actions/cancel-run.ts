import { RunStatusError } from '../domain/errors.ts';
import { type RunOf, asSeenAt, requestCancel } from '../domain/run.ts';
import { retryOnConflict, update } from '../ports/commit.ts';
import type { World } from '../ports/world.ts';
import { findRun } from './find.ts';
import { expiryTimerName, settleJob } from './run-jobs.ts';

/**
 * Asks for a run's end. Its driver, if it has one, sees that and stops the model call; the job makes sure that the run
 * is cancelled also when there is no driver, or when it dies before it has seen anything.
 */
export function cancelRun(world: World, projectId: string, threadId: string, runId: string): Promise<RunOf<'cancelling'>> {
  return retryOnConflict(async () => {
    const run = asSeenAt(await findRun(world, projectId, threadId, runId), world.clock.nowMs());
    if (run.status !== 'queued' && run.status !== 'in_progress' && run.status !== 'requires_action') {
      throw new RunStatusError(run.status, 'cancel');
    }
    const write = update('run', run, requestCancel(run));
    await world.commit({
      name: 'cancel-run',
      writes: [write],
      jobs: [settleJob(write.record, world.clock.nowMs())],
      cancels: run.status === 'requires_action' || (run.status === 'queued' && run.stepId !== undefined) ? [expiryTimerName(run)] : [],
    });
    return write.record;
  });
}
