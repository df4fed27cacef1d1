import type { Message } from '../domain/message.ts';
import type { RunStep, StepOf } from '../domain/run-step.ts';
import { type ActiveRun, type EndedRun, type RunEnd, type RunOf, endRun } from '../domain/run.ts';
import { type Thread, claimsOn, isLocked, lockedBy, touched, unlocked } from '../domain/thread.ts';
import type { Usage } from '../domain/usage.ts';
import { type Write, create, update } from '../ports/commit.ts';
import { keys } from '../ports/store.ts';
import type { World } from '../ports/world.ts';
import { driveJob, driveJobName, settleJobName } from './run-jobs.ts';
import { stepEnd } from './step-end.ts';

/** What the last model call leaves behind, to be written with the run's end. */
export interface Leftovers {
  message?: Message | undefined;
  step?: RunStep | undefined;
}

/**
 * Ends a run and frees its thread, or hands it to the first run that waits for it, in one commit with whatever the run was still writing; a
 * stored step that waits for outputs ends likewise. ConflictError when somebody else has changed run or thread since `run` was read; undefined, and nothing
 * written, when the thread is gone, which takes all that hangs under it along.
 */
export async function commitRunEnd(world: World, run: ActiveRun, end: RunEnd, usage: Usage, leftovers: Leftovers = {}): Promise<{ run: EndedRun; step: RunStep | undefined } | undefined> {
  const { projectId, threadId } = run;
  const [thread, waiting] = await Promise.all([world.store.get(keys.thread(projectId, threadId)), waitingStep(world, run)]);
  const nowMs = world.clock.nowMs();
  if (!thread) return undefined;
  const runWrite = update('run', run, endRun(run, end, usage, nowMs));
  const { message } = leftovers;
  const freed = unlocked(thread, run.id);
  const next = await nextInLine(world, freed, nowMs);
  const after = touched(next ? lockedBy(freed, next, nowMs) : freed, nowMs);
  // The message first: the feed tells of both in the order of the writes.
  const writes: Write[] = message ? [create('message', message)] : [];
  writes.push(runWrite, update('thread', thread, message ? withMessage(after, message) : after));
  let step = leftovers.step;
  if (step) writes.push(create('step', step));
  if (waiting) {
    const write = update('step', waiting, stepEnd(waiting, end, waiting.usage, nowMs));
    writes.push(write);
    step = write.record;
  }
  // It changes nothing but its revision: by that its job knows whether it has come before this commit.
  const turn = next && update('run', next, next);
  if (turn) writes.push(turn);
  await world.commit({ name: `end-run-${end.status}`, writes, jobs: turn ? [driveJob(turn.record, nowMs)] : [], cancels: [driveJobName(run), settleJobName(run)] });
  return { run: runWrite.record, step };
}

/** Past the run's window others may have written newer ones meanwhile. */
const withMessage = (thread: Thread, { id }: Message): Thread => ({ ...thread, lastMessageId: thread.lastMessageId !== undefined && thread.lastMessageId > id ? thread.lastMessageId : id });

/** The run whose turn it is on a thread that nobody holds any more. One that is no longer queued is about to end, and leaves the line by itself. */
async function nextInLine({ store }: World, thread: Thread, nowMs: number): Promise<RunOf<'queued'> | undefined> {
  if (isLocked(thread, nowMs)) return undefined;
  const { activeRun: _, ...line } = thread;
  for (const { id } of claimsOn(line, nowMs)) {
    const run = await store.get(keys.run(thread.projectId, thread.id, id));
    if (run?.status === 'queued') return run;
  }
  return undefined;
}

/** The stored step that waits for tool outputs, if the run has one. */
async function waitingStep(world: World, run: ActiveRun): Promise<StepOf<'in_progress'> | undefined> {
  if (!('stepId' in run) || run.stepId === undefined) return undefined;
  const step = await world.store.get(keys.step(run.projectId, run.threadId, run.id, run.stepId));
  return step?.status === 'in_progress' ? step : undefined;
}
