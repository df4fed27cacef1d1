/** What the queue's deliveries do. Each reads the run anew and finishes quietly when there is nothing left to do. */
import { armWarnings } from '../actions/arm-warnings.ts';
import { commitRunEnd } from '../actions/end-run.ts';
import { endIdleSession } from '../actions/end-session.ts';
import { expireStore } from '../actions/expire-store.ts';
import { expireRun, runKey } from '../actions/expire-run.ts';
import { readAhead } from '../actions/read-ahead.ts';
import { runExport } from '../actions/run-export.ts';
import { sendDelivery } from '../actions/send-delivery.ts';
import { takeTurn } from '../actions/take-turn.ts';
import { warnExpiry } from '../actions/warn-expiry.ts';
import { nobodyListens } from '../domain/run-event.ts';
import { type RunOf, claimRun, isActive, isPastWindow, releaseTo } from '../domain/run.ts';
import { ConflictError, update } from '../ports/commit.ts';
import { type Delivery, type Job, MAX_ATTEMPTS, type Outcome, type RunJob, isIndexJob } from '../ports/queue.ts';
import type { World } from '../ports/world.ts';
import { LOOK_AGAIN_MS, awaitCommit } from '../actions/await-commit.ts';
import { callTools } from './call-tools.ts';
import { executeRun } from './execute-run.ts';
import { handleIndexJob } from './handle-index-job.ts';
import { newLease } from './hold.ts';
import { SOMETHING_WENT_WRONG } from './run-error.ts';
import type { RunSignals } from './run-signals.ts';

const DONE: Outcome = { done: true };
const AGAIN_NOW: Outcome = { done: false, againInMs: 0 };

/** When `giveBack` aborts, a run that is being driven is left to whoever gets the job next, which is no failed attempt. */
export async function handleJob(world: World, signals: RunSignals, { job, attempt }: Delivery, giveBack?: AbortSignal): Promise<Outcome> {
  if (isIndexJob(job)) return handleIndexJob(world, job, attempt, giveBack);
  switch (job.type) {
    case 'expire-run':
      return expire(world, signals, job);
    case 'drive-run':
    case 'settle-run':
      return driveOrWait(world, signals, job, attempt, giveBack);
    case 'run-export':
      return runExport(world, job, { attempt, giveBack });
    case 'send-delivery':
      return sendDelivery(world, job, attempt);
    case 'warn-expiry':
      return warnExpiry(world, job);
    case 'arm-warnings':
      return armWarnings(world, job);
    case 'call-tools':
      return callTools(world, signals, job, attempt, giveBack);
    case 'expire-store':
      return expireStore(world, job);
    case 'end-session':
      return endIdleSession(world, job);
  }
}

async function expire(world: World, signals: RunSignals, job: RunJob): Promise<Outcome> {
  const run = await world.store.get(runKey(job));
  if (run && signals.isDriven(run.id)) return { done: false, againInMs: LOOK_AGAIN_MS };
  // A timer may be early by the clocks' difference: it must not be lost for that.
  if (run && isActive(run) && !isPastWindow(run, world.clock.nowMs())) return { done: false, againInMs: run.expiresAtMs - world.clock.nowMs() };
  await expireRun(world, runKey(job));
  return DONE;
}

async function driveOrWait(world: World, signals: RunSignals, job: Extract<Job, { rev: number }>, attempt: number, giveBack: AbortSignal | undefined): Promise<Outcome> {
  const run = await world.store.get(runKey(job));
  const nowMs = world.clock.nowMs();
  if (!run || run.rev < job.rev) return awaitCommit(nowMs - job.dueMs);
  // Past its window it is expired to every reader, and must not become anything else.
  if (attempt > MAX_ATTEMPTS && !isPastWindow(run, nowMs)) return giveUp(world, job);
  // Also when its window has closed: the driver ends it, and has what it said so far.
  if (signals.isDriven(run.id) && run.status !== 'cancelling') return { done: false, againInMs: LOOK_AGAIN_MS };
  if (isPastWindow(run, nowMs)) return expire(world, signals, job);
  switch (run.status) {
    case 'queued':
      // Endpoints still answer calls of its step; the job that asks them sends it on.
      if (run.stepId !== undefined) return DONE;
      if (run.waits) return driveInTurn(world, signals, run, giveBack);
      return drive(world, signals, update('run', run, claimRun(run, newLease(world), nowMs)), { giveBack, isNew: run.round === 0 });
    case 'in_progress': {
      const waitMs = leaseLeftMs(world, run, nowMs);
      if (waitMs > 0) return { done: false, againInMs: waitMs };
      world.log.info('run_taken_over', { runId: run.id, from: run.lease.owner });
      return drive(world, signals, update('run', run, releaseTo(run, newLease(world))), { giveBack });
    }
    case 'cancelling': {
      signals.changed(run.id);
      const waitMs = leaseLeftMs(world, run, nowMs);
      if (waitMs > 0 || signals.isDriven(run.id)) return { done: false, againInMs: Math.max(waitMs, LOOK_AGAIN_MS) };
      return settle(commitRunEnd(world, run, { status: 'cancelled' }, run.usage));
    }
    case 'requires_action':
    case 'completed':
    case 'incomplete':
    case 'failed':
    case 'cancelled':
    case 'expired':
      return DONE;
  }
}

/** How long the run's driver may still be at work. */
function leaseLeftMs(world: World, run: RunOf<'in_progress' | 'cancelling'>, nowMs: number): number {
  if (!run.lease || world.isGone(run.lease.owner)) return 0;
  return run.lease.untilMs - nowMs;
}

type Claim = ReturnType<typeof update<'run', RunOf<'in_progress'>>>;

async function drive(world: World, signals: RunSignals, claim: Claim, { giveBack, isNew = false }: { giveBack: AbortSignal | undefined; isNew?: boolean }): Promise<Outcome> {
  if (giveBack?.aborted) return AGAIN_NOW;
  const ahead = readAhead(world, claim.record, isNew ? { steps: [] } : {});
  const claimed = await settle(world.commit({ name: 'claim-run', writes: [claim] }));
  if (!claimed.done) return claimed;
  const { how } = await executeRun(world, signals, claim.record, nobodyListens, { ahead, giveBack });
  return how === 'given back' ? AGAIN_NOW : DONE;
}

/** A run that waits for its thread: it begins when that is its own, and is looked at again when that may be. */
async function driveInTurn(world: World, signals: RunSignals, run: RunOf<'queued'>, giveBack: AbortSignal | undefined): Promise<Outcome> {
  if (giveBack?.aborted) return AGAIN_NOW;
  const taken = takeTurn(world, run, newLease(world));
  const settled = await settle(taken);
  if (!settled.done) return settled;
  const turn = await taken;
  if (!turn) return DONE;
  if ('untilMs' in turn) return { done: false, againInMs: Math.max(turn.untilMs - world.clock.nowMs(), LOOK_AGAIN_MS) };
  const { how } = await executeRun(world, signals, turn.run, nobodyListens, { ahead: turn.ahead, giveBack });
  return how === 'given back' ? AGAIN_NOW : DONE;
}

/** Losing a race means that the run has changed: look at it again at once. */
async function settle(committing: Promise<unknown>): Promise<Outcome> {
  try {
    await committing;
    return DONE;
  } catch (error) {
    if (error instanceof ConflictError) return AGAIN_NOW;
    throw error;
  }
}

/** A run whose job fails again and again must not stay queued for ever. */
async function giveUp(world: World, job: RunJob): Promise<Outcome> {
  const run = await world.store.get(runKey(job));
  if (!run || !isActive(run) || run.status === 'requires_action') return DONE;
  const end = run.status === 'cancelling' ? ({ status: 'cancelled' } as const) : ({ status: 'failed', error: SOMETHING_WENT_WRONG } as const);
  return settle(commitRunEnd(world, run, end, run.usage));
}
