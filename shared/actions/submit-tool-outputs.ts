import { RunStatusError, ToolOutputsMismatchError } from '../domain/errors.ts';
import { type RunStep, type StepOf, clientCalls, completeStep, openCalls, withOutputs } from '../domain/run-step.ts';
import { type Lease, type RunOf, asSeenAt, claimRun, resumeRun } from '../domain/run.ts';
import { ConflictError, retryOnConflict, update } from '../ports/commit.ts';
import { keys } from '../ports/store.ts';
import type { World } from '../ports/world.ts';
import { findRun } from './find.ts';
import { type ReadAhead, readAhead, readSteps } from './read-ahead.ts';
import { driveJob, expiryTimerName } from './run-jobs.ts';

export interface ToolOutput {
  toolCallId?: string | undefined;
  output?: string | undefined;
}

/** The step with the outputs, complete unless endpoints of the project still answer other calls of it; the run as it was queued again, and as it is stored: in progress when `lease` was given. */
export interface Resumed {
  step: RunStep;
  queued: RunOf<'queued'>;
  run: RunOf<'queued'> | RunOf<'in_progress'>;
  /** For the caller that took the lease: what the run's next prompt needs. Never rejects. */
  ahead?: Promise<ReadAhead | undefined> | undefined;
}

/** Takes the outputs of all calls that are the client's to answer, or none of them. */
export function submitToolOutputs(world: World, ids: { projectId: string; threadId: string; runId: string }, outputs: ToolOutput[], lease?: Lease): Promise<Resumed> {
  return retryOnConflict(async () => {
    const nowMs = world.clock.nowMs();
    const [found, steps] = await Promise.all([findRun(world, ids.projectId, ids.threadId, ids.runId), lease ? readSteps(world, ids) : readLastStep(world, ids)]);
    const run = asSeenAt(found, nowMs);
    if (run.status !== 'requires_action') throw new RunStatusError(run.status, 'submit_tool_outputs');
    const step = steps.at(-1);
    // Somebody has moved the run on between the two reads.
    if (step?.status !== 'in_progress' || step.id !== run.stepId) throw new ConflictError(keys.step(ids.projectId, ids.threadId, run.id, run.stepId), step);

    const stepWrite = update('step', step, answered(step, outputs, nowMs));
    const isAnswered = stepWrite.record.status === 'completed';
    const queued = resumeRun(run, isAnswered);
    const runWrite = update('run', run, lease ? claimRun(queued, lease, nowMs) : queued);
    // Whoever answers the other calls sends the run on; until then its window has to be watched as before.
    const goesOn = isAnswered || lease !== undefined;
    const ahead = lease && isAnswered ? readAhead(world, runWrite.record, { steps: [...steps.slice(0, -1), stepWrite.record] }) : undefined;
    await world.commit({
      name: 'submit-tool-outputs',
      writes: [stepWrite, runWrite],
      jobs: goesOn ? [driveJob(runWrite.record, lease?.untilMs ?? nowMs)] : [],
      cancels: goesOn ? [expiryTimerName(run)] : [],
    });
    return { step: stepWrite.record, queued, run: runWrite.record, ahead };
  });
}

/** What waits for outputs, if anything does. The steps before it are for whoever drives the run. */
const readLastStep = async (world: World, { projectId, threadId, runId }: { projectId: string; threadId: string; runId: string }): Promise<RunStep[]> =>
  (await world.store.page('step', [projectId, threadId, runId], { order: 'desc', limit: 1 })).items;

function answered(step: StepOf<'in_progress'>, outputs: ToolOutput[], nowMs: number): RunStep {
  const expected = clientCalls(step).map((call) => call.id);
  const byId = new Map(outputs.map(({ toolCallId = '', output = '' }) => [toolCallId, output]));
  const complete = outputs.length === expected.length && expected.every((id) => byId.has(id));
  if (!complete) {
    const received = outputs.map(({ toolCallId }) => toolCallId ?? '');
    throw new ToolOutputsMismatchError(expected, received);
  }
  const after = withOutputs(step, byId);
  return openCalls(after).length === 0 ? completeStep(after, nowMs) : after;
}
