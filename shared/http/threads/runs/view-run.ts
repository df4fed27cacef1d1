import type { RunStep } from '../../../domain/run-step.ts';
import { type Run, asSeenAt } from '../../../domain/run.ts';
import { keys } from '../../../ports/store.ts';
import type { World } from '../../../ports/world.ts';
import { type KeptRun, toWireRun } from '../../../wire/run.ts';

/** A run as it is to be seen now, with the calls it waits for. */
export async function viewRun(world: World, stored: Run): Promise<KeptRun> {
  const run = asSeenAt(stored, world.clock.nowMs());
  return toWireRun(run, await waitingStep(world, run));
}

function waitingStep(world: World, run: Run): Promise<RunStep | undefined> {
  if (run.status !== 'requires_action') return Promise.resolve(undefined);
  return world.store.get(keys.step(run.projectId, run.threadId, run.id, run.stepId));
}
