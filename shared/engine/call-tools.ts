/**
 * The job beside a run that waits for its client: has endpoints of the project answer the calls that are not the client's. Whoever comes last,
 * client or endpoint, completes the step and sends the run on.
 */
import { problemText } from '../actions/call-endpoint.ts';
import { runKey } from '../actions/expire-run.ts';
import { driveJob, expiryTimerName } from '../actions/run-jobs.ts';
import { type StepOf, askedBy, completeStep, endpointCalls, openCalls, withOutputs } from '../domain/run-step.ts';
import { type Lease, type RunOf, callsAnswered, isActive, isPastWindow } from '../domain/run.ts';
import { ConflictError, retryOnConflict, update } from '../ports/commit.ts';
import { type Job, MAX_ATTEMPTS, type Outcome } from '../ports/queue.ts';
import { keys } from '../ports/store.ts';
import type { World } from '../ports/world.ts';
import { awaitCommit } from '../actions/await-commit.ts';
import { answerCalls } from './endpoint-calls.ts';
import { RENEW_BELOW_MS, newLease } from './hold.ts';
import { Interrupt } from './interrupt.ts';
import { onAbort } from './on-abort.ts';
import type { RunSignals } from './run-signals.ts';

type CallJob = Extract<Job, { type: 'call-tools' }>;
/** With the step that was found to wait for it. */
type StepJob = CallJob & { stepId: string };

const AGAIN_NOW: Outcome = { done: false, againInMs: 0 };

/** How often the run is looked at meanwhile: the longest that endpoints are waited for in vain. */
const LOOK_EVERY_MS = 2000;

/** When `giveBack` aborts, the calls that are not answered by then are left to whoever gets the job next. */
export async function callTools(world: World, signals: RunSignals, job: CallJob, attempt: number, giveBack: AbortSignal | undefined): Promise<Outcome> {
  const found = await findWaiting(world, job);
  if (found === 'not yet') return awaitCommit(world.clock.nowMs() - job.dueMs);
  if (!found || endpointCalls(found.step, 'job').length === 0) return { done: true };
  // The queue may deliver a job twice, and send two of them: only one of them asks.
  const waitMs = askerLeftMs(world, found.step);
  if (waitMs > 0) return { done: false, againInMs: waitMs };
  if (!(await holdCalls(world, found.step, newLease(world)))) return AGAIN_NOW;
  try {
    return await ask(world, signals, { ...job, stepId: found.step.id }, { attempt, giveBack });
  } catch (error) {
    await letGo(world, job);
    if (!(error instanceof Interrupt)) throw error;
    return error.why === 'given back' ? AGAIN_NOW : { done: true };
  }
}

async function ask(world: World, signals: RunSignals, job: StepJob, { attempt, giveBack }: { attempt: number; giveBack: AbortSignal | undefined }): Promise<Outcome> {
  const found = await findWaiting(world, job);
  if (typeof found !== 'object') return { done: true };
  const calls = endpointCalls(found.step, 'job');
  const over = new AbortController();
  const stops = [watch(world, signals, job, over), ...(giveBack ? [onAbort(giveBack, () => over.abort(new Interrupt('given back')))] : [])];
  try {
    if (attempt > MAX_ATTEMPTS) await saveOutputs(world, job, new Map(calls.map((call) => [call.id, problemText(call, 'could not be asked')])));
    else await answerCalls(world, { ...found, calls }, over.signal, (outputs) => saveOutputs(world, job, outputs));
    return { done: true };
  } finally {
    for (const stop of stops) stop();
  }
}

/** How long another job may still be asking. */
const askerLeftMs = (world: World, { asker }: StepOf<'in_progress'>): number => (asker && !world.isGone(asker.owner) ? asker.untilMs - world.clock.nowMs() : 0);

/** Takes or renews the lease on a step's calls, or gives it up. False when the step has changed since it was read. */
async function holdCalls(world: World, step: StepOf<'in_progress'>, lease?: Lease): Promise<boolean> {
  try {
    await world.commit({ name: 'hold-calls', writes: [update('step', step, askedBy(step, lease))] });
    return true;
  } catch (error) {
    if (error instanceof ConflictError) return false;
    throw error;
  }
}

/** Best effort: a lease that nobody gives up lapses. */
async function letGo(world: World, job: CallJob): Promise<void> {
  try {
    const found = await findWaiting(world, job);
    if (typeof found === 'object' && found.step.asker?.owner === world.owner) await holdCalls(world, found.step);
  } catch (error) {
    world.log.error('job_failed', { runId: job.runId, error });
  }
}

interface Waiting {
  run: RunOf<'queued' | 'in_progress' | 'requires_action'>;
  step: StepOf<'in_progress'>;
}

/** Undefined when nobody waits for the job's calls any more. The driver's own calls, in a later step, are of the same round. */
async function findWaiting({ store, clock }: World, job: CallJob & { stepId?: string }): Promise<Waiting | 'not yet' | undefined> {
  const [thread, run] = await Promise.all([store.get(keys.thread(job.projectId, job.threadId)), store.get(runKey(job))]);
  if (!run) return 'not yet';
  if (!thread || !isActive(run) || isPastWindow(run, clock.nowMs()) || run.status === 'cancelling') return undefined;
  if (run.round < job.round) return 'not yet';
  if (run.round > job.round || run.stepId === undefined || run.stepId !== (job.stepId ?? run.stepId)) return undefined;
  const step = await store.get(keys.step(run.projectId, run.threadId, run.id, run.stepId));
  return step?.status === 'in_progress' ? { run, step } : undefined;
}

/** Stops the waiting as soon as it is in vain: at once for what happens in this process, else at the next look. Keeps the lease meanwhile. */
function watch(world: World, signals: RunSignals, job: StepJob, over: AbortController): () => void {
  let cancel: () => void = () => undefined;
  const lookNow = async () => {
    const found = await findWaiting(world, job);
    if (typeof found !== 'object') return over.abort(new Interrupt('lost'));
    if (!over.signal.aborted && askerLeftMs(world, found.step) < RENEW_BELOW_MS) await holdCalls(world, found.step, newLease(world));
  };
  // A look that fails is only a look missed.
  const look = () => void lookNow().catch((error: unknown) => world.log.error('job_failed', { runId: job.runId, error }));
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
function saveOutputs(world: World, job: StepJob, outputs: ReadonlyMap<string, string>): Promise<void> {
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
