/**
 * The job beside a run that waits for its client: has endpoints of the project answer the calls that are not the client's. Whoever comes last,
 * client or endpoint, completes the step and sends the run on.
 */
import { problemText } from '../actions/call-endpoint.ts';
import { runKey } from '../actions/expire-run.ts';
import { driveJob, expiryTimerName } from '../actions/run-jobs.ts';
import { type StepOf, completeStep, endpointCalls, openCalls, withOutputs } from '../domain/run-step.ts';
import { type RunOf, callsAnswered, isActive, isPastWindow } from '../domain/run.ts';
import { retryOnConflict, update } from '../ports/commit.ts';
import { type Job, MAX_ATTEMPTS, type Outcome } from '../ports/queue.ts';
import { keys } from '../ports/store.ts';
import type { World } from '../ports/world.ts';
import { awaitCommit } from './await-commit.ts';
import { answerCalls } from './endpoint-calls.ts';
import { Interrupt } from './interrupt.ts';
import { onAbort } from './on-abort.ts';
import type { RunSignals } from './run-signals.ts';

type CallJob = Extract<Job, { type: 'call-tools' }>;

/** How often the run is looked at meanwhile: the longest that endpoints are waited for in vain. */
const LOOK_EVERY_MS = 2000;

/** When `giveBack` aborts, the calls that are not answered by then are left to whoever gets the job next. */
export async function callTools(world: World, signals: RunSignals, job: CallJob, attempt: number, giveBack: AbortSignal | undefined): Promise<Outcome> {
  const found = await findWaiting(world, job);
  if (found === 'not yet') return awaitCommit(world.clock.nowMs() - job.dueMs);
  if (!found) return { done: true };
  const calls = endpointCalls(found.step, 'job');
  const over = new AbortController();
  const stops = [watch(world, signals, job, over), ...(giveBack ? [onAbort(giveBack, () => over.abort(new Interrupt('given back')))] : [])];
  try {
    if (attempt > MAX_ATTEMPTS) await saveOutputs(world, job, new Map(calls.map((call) => [call.id, problemText(call, 'could not be asked')])));
    else await answerCalls(world, { ...found, calls }, over.signal, (outputs) => saveOutputs(world, job, outputs));
    return { done: true };
  } catch (error) {
    if (!(error instanceof Interrupt)) throw error;
    return error.why === 'given back' ? { done: false, againInMs: 0 } : { done: true };
  } finally {
    for (const stop of stops) stop();
  }
}

interface Waiting {
  run: RunOf<'queued' | 'in_progress' | 'requires_action'>;
  step: StepOf<'in_progress'>;
}

/** Undefined when nobody waits for the job's calls any more. */
async function findWaiting({ store, clock }: World, job: CallJob): Promise<Waiting | 'not yet' | undefined> {
  const [thread, run] = await Promise.all([store.get(keys.thread(job.projectId, job.threadId)), store.get(runKey(job))]);
  if (!run) return 'not yet';
  if (!thread || !isActive(run) || isPastWindow(run, clock.nowMs()) || run.status === 'cancelling') return undefined;
  if (run.round < job.round) return 'not yet';
  if (run.round > job.round || run.stepId === undefined) return undefined;
  const step = await store.get(keys.step(run.projectId, run.threadId, run.id, run.stepId));
  return step?.status === 'in_progress' ? { run, step } : undefined;
}

/** Stops the waiting as soon as it is in vain: at once for what happens in this process, else at the next look. */
function watch(world: World, signals: RunSignals, job: CallJob, over: AbortController): () => void {
  let cancel: () => void = () => undefined;
  const look = () => {
    findWaiting(world, job).then(
      (found) => typeof found !== 'object' && over.abort(new Interrupt('lost')),
      // A look that fails is only a look missed.
      (error: unknown) => world.log.error('job_failed', { runId: job.runId, error }),
    );
  };
  const lookLater = () => {
    cancel = world.clock.after(LOOK_EVERY_MS, () => {
      look();
      lookLater();
    });
  };
  lookLater();
  const unwatch = signals.watch(job.runId, look);
  return () => {
    cancel();
    unwatch();
  };
}

/** Nothing is written for a run that does not wait any more: Interrupt then. */
function saveOutputs(world: World, job: CallJob, outputs: ReadonlyMap<string, string>): Promise<void> {
  return retryOnConflict(async () => {
    const found = await findWaiting(world, job);
    if (typeof found !== 'object') throw new Interrupt('lost');
    const { run } = found;
    const step = withOutputs(found.step, outputs);
    if (run.status !== 'queued' || openCalls(step).length > 0) {
      return world.commit({ name: 'save-outputs', writes: [update('step', found.step, step), update('run', run, run)] });
    }
    const nowMs = world.clock.nowMs();
    const runWrite = update('run', run, callsAnswered(run));
    await world.commit({
      name: 'resume-run',
      writes: [update('step', found.step, completeStep(step, nowMs)), runWrite],
      jobs: [driveJob(runWrite.record, nowMs)],
      cancels: [expiryTimerName(run)],
    });
  });
}
