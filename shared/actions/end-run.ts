import type { Message } from '../domain/message.ts';
import type { RunStep, StepOf } from '../domain/run-step.ts';
import { type ActiveRun, type EndedRun, type RunEnd, endRun } from '../domain/run.ts';
import { touched, unlocked } from '../domain/thread.ts';
import type { Usage } from '../domain/usage.ts';
import { type Write, create, update } from '../ports/commit.ts';
import { keys } from '../ports/store.ts';
import type { World } from '../ports/world.ts';
import { driveJobName, settleJobName } from './run-jobs.ts';
import { stepEnd } from './step-end.ts';

/** What the last model call leaves behind, to be written with the run's end. */
export interface Leftovers {
  message?: Message | undefined;
  step?: RunStep | undefined;
}

/**
 * Ends a run and frees its thread, in one commit with whatever the run was still writing; a stored step that waits for
 * outputs ends likewise. ConflictError when somebody else has changed run or thread since `run` was read; undefined, and nothing
 * written, when the thread is gone, which takes all that hangs under it along.
 */
export async function commitRunEnd(world: World, run: ActiveRun, end: RunEnd, usage: Usage, leftovers: Leftovers = {}): Promise<{ run: EndedRun; step: RunStep | undefined } | undefined> {
  const { projectId, threadId } = run;
  const [thread, waiting] = await Promise.all([world.store.get(keys.thread(projectId, threadId)), waitingStep(world, run)]);
  const nowMs = world.clock.nowMs();
  if (!thread) return undefined;
  const runWrite = update('run', run, endRun(run, end, usage, nowMs));
  const { message } = leftovers;
  const after = touched(unlocked(thread, run.id), nowMs);
  // The message first: the feed tells of both in the order of the writes.
  const writes: Write[] = message ? [create('message', message)] : [];
  writes.push(runWrite, update('thread', thread, message ? { ...after, lastMessageId: message.id } : after));
  let step = leftovers.step;
  if (step) writes.push(create('step', step));
  if (waiting) {
    const write = update('step', waiting, stepEnd(waiting, end, waiting.usage, nowMs));
    writes.push(write);
    step = write.record;
  }
  await world.commit({ name: `end-run-${end.status}`, writes, cancels: [driveJobName(run), settleJobName(run)] });
  return { run: runWrite.record, step };
}

/** The stored step that waits for tool outputs, if the run has one. */
async function waitingStep(world: World, run: ActiveRun): Promise<StepOf<'in_progress'> | undefined> {
  if (!('stepId' in run) || run.stepId === undefined) return undefined;
  const step = await world.store.get(keys.step(run.projectId, run.threadId, run.id, run.stepId));
  return step?.status === 'in_progress' ? step : undefined;
}
