import { sleep } from '../domain/clock.ts';
import { NotFoundError, RunStatusError, ThreadToBeFreedError } from '../domain/errors.ts';
import type { MessageInput } from '../domain/message.ts';
import type { Lease } from '../domain/run.ts';
import type { World } from '../ports/world.ts';
import { cancelRun } from './cancel-run.ts';
import { type CreatedRun, type RunRequest, createRun } from './create-run.ts';

/** How long the runs of a thread are given to end once they are to be cancelled: a driver elsewhere notices within 2 s. */
const LONGEST_WAIT_MS = 30_000;
const LOOK_EVERY_MS = 200;

interface Request extends Omit<RunRequest, 'lease'> {
  /** As of the moment that it is asked for: a lease does not wait. */
  lease: () => Lease | undefined;
  /** Told of each run that was asked to end. */
  onCancel: (runId: string) => void;
}

/**
 * Creates the run; where that is wished, after having cancelled those that hold the thread or wait for it. Rejects with ThreadBusyError when these have not
 * ended in time, which then are cancelled all the same.
 */
export async function createRunWhenFree(world: World, threadId: string, messages: MessageInput[], request: Request): Promise<CreatedRun> {
  const untilMs = world.clock.nowMs() + LONGEST_WAIT_MS;
  for (;;) {
    try {
      return await createRun(world, threadId, messages, { ...request, lease: request.lease() });
    } catch (error) {
      if (!(error instanceof ThreadToBeFreedError) || world.clock.nowMs() >= untilMs) throw error;
      // Those that wait first: the end of the one before must not be their turn.
      for (const runId of error.runIds.toReversed()) if (await askToEnd(world, request.projectId, threadId, runId)) request.onCancel(runId);
      await sleep(world.clock, LOOK_EVERY_MS);
    }
  }
}

/** False when it was on its end already. */
async function askToEnd(world: World, projectId: string, threadId: string, runId: string): Promise<boolean> {
  try {
    await cancelRun(world, projectId, threadId, runId);
    return true;
  } catch (error) {
    if (error instanceof RunStatusError || error instanceof NotFoundError) return false;
    throw error;
  }
}
