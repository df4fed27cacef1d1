/** The loop: ask the model, act on the answer, until the run rests. */
import { commitRunEnd } from '../actions/end-run.ts';
import type { ReadAhead } from '../actions/read-ahead.ts';
import { stepEnd } from '../actions/step-end.ts';
import type { OpenMessage } from '../domain/message.ts';
import type { Emit } from '../domain/run-event.ts';
import { type StepOf, type ToolCall, isCodeCall, isFunctionCall } from '../domain/run-step.ts';
import { type Run, type RunEnd, type RunOf, isActive } from '../domain/run.ts';
import { NO_USAGE, type Usage, addUsage } from '../domain/usage.ts';
import { ConflictError } from '../ports/commit.ts';
import { ModelError } from '../ports/model.ts';
import type { World } from '../ports/world.ts';
import { answerStep, dispatchCalls, findOpenStep } from './answer-step.ts';
import { type Asked, type Open, askModel } from './ask-model.ts';
import { usageOf } from './call-model.ts';
import { closeMessage, tellEnd, tellEndedElsewhere } from './close-answer.ts';
import { MOST_TRIES, saveAnsweredCalls, saveRequiredAction } from './checkpoint.ts';
import { awaitIndexing } from './await-indexing.ts';
import { assignCalls } from './endpoint-calls.ts';
import { giveBack } from './give-back.ts';
import { describeFailure } from './describe-failure.ts';
import { Hold } from './hold.ts';
import { Interrupt } from './interrupt.ts';
import { nextStep } from './next-step.ts';
import { SOMETHING_WENT_WRONG, runErrorOf } from './run-error.ts';
import type { RunSignals } from './run-signals.ts';
import { runCode } from './run-code.ts';
import { makeSearches } from './search-files.ts';
import { completionBudget, promptBudget } from './token-budget.ts';
import type { Turn } from './turn.ts';

/** A model that only calls what does not exist, or searches or executes beyond its last one, is given up after this many calls in a row. */
const MOST_ANSWERED_HERE = 8;

/**
 * How a driver has left its run: `rested`, ended or waiting for the client; `given back`, in progress and anybody's to take; `lost`
 * before it rested, to somebody else who left it as it is stored now.
 */
export type Leaving = { how: 'rested' } | { how: 'given back' } | { how: 'lost'; stored: Run | undefined };

interface Options {
  /** What the run's taker has read for the first prompt. */
  ahead?: Promise<ReadAhead | undefined> | undefined;
  /** Aborts when the driver's time is up: the run is then given back rather than ended. */
  giveBack?: AbortSignal | undefined;
}

/**
 * Drives a run, whose lease the caller has taken, until it ends or waits for the client. Tells everything to `emit`,
 * a state only after it is stored. Never throws for what a model, a client or another process does.
 */
export async function executeRun(world: World, signals: RunSignals, run: RunOf<'in_progress'>, emit: Emit, { ahead, giveBack: signal }: Options = {}): Promise<Leaving> {
  const open: Open = { ahead };
  const telling = signals.tellings.begin(run.id, () => open.turn);
  const emitToAll: Emit = (event) => {
    telling.tell(event);
    emit(event);
  };
  try {
    return await driveHeld(world, new Hold(world, signals, run, signal), emitToAll, open);
  } finally {
    telling.end();
  }
}

async function driveHeld(world: World, hold: Hold, emit: Emit, open: Open): Promise<Leaving> {
  let isGivenBack = false;
  try {
    await drive(world, hold, emit, open);
  } catch (error) {
    isGivenBack = await endBadly(world, hold, emit, open, error);
  } finally {
    hold.release();
  }
  if (!hold.lost) return { how: isGivenBack ? 'given back' : 'rested' };
  const { stored } = hold.lost;
  if (stored && !isActive(stored)) tellEndedElsewhere(emit, stored, open, world.clock.nowMs());
  return { how: 'lost', stored };
}

async function drive(world: World, hold: Hold, emit: Emit, open: Open): Promise<void> {
  const { stepId } = hold.run;
  if (stepId !== undefined) await waitForCalls(world, hold, emit, open, await findOpenStep(world, hold, stepId));
  else await awaitIndexing(world, hold);
  for (let answeredHere = 0; answeredHere < MOST_ANSWERED_HERE; ) {
    const left = completionBudget(hold.run);
    if (left !== undefined && left <= 0) return finish(world, hold, emit, { status: 'incomplete', reason: 'max_completion_tokens' }, NO_USAGE);
    if (promptBudget(hold.run) <= 0) return finish(world, hold, emit, { status: 'incomplete', reason: 'max_prompt_tokens' }, NO_USAGE);

    open.turn = undefined;
    const fitted = await askModel(world, hold, emit, open);
    if (!fitted) return finish(world, hold, emit, { status: 'incomplete', reason: 'max_prompt_tokens' }, NO_USAGE);
    const { turn, conversation } = fitted;
    const usage = await usageOf(turn, open.request);
    const next = nextStep(turn.finish(usage), hold.run.tools);
    switch (next.do) {
      case 'end':
        return finish(world, hold, emit, next.end, usage, turn, next.isFiltered);
      case 'wait': {
        const { others, usageLeft } = await runCodeFirst(world, hold, emit, fitted, next.toolCalls, usage);
        const searched = await makeSearches(world, hold.run, others, conversation.searches, hold.signal);
        const toolCalls = await assignCalls(world, hold.run, searched.toolCalls);
        if (toolCalls.filter(isFunctionCall).some((call) => call.output === undefined && call.calledBy !== 'driver')) return saveRequiredAction(world, hold, emit, turn, toolCalls, usageLeft);
        const step = await dispatchCalls(world, hold, turn, toolCalls, usageLeft);
        open.turn = undefined;
        await waitForCalls(world, hold, emit, open, step);
        answeredHere = 0;
        break;
      }
      case 'continue': {
        const { executed, others, usageLeft } = await runCodeFirst(world, hold, emit, fitted, next.toolCalls, usage);
        const { toolCalls, made } = await makeSearches(world, hold.run, others, conversation.searches, hold.signal);
        if (others.length > 0) await saveAnsweredCalls(world, hold, emit, turn, toolCalls, usageLeft);
        // Its steps are stored and its usage is counted: what goes wrong from here on must not do so again.
        open.turn = undefined;
        open.ahead = undefined;
        answeredHere = made + executed > 0 ? 0 : answeredHere + 1;
      }
    }
  }
  const error = { code: 'server_error' as const, message: 'The model kept calling functions without answering.' };
  await finish(world, hold, emit, { status: 'failed', error }, NO_USAGE);
}

/** The answer's code, each call in its own step. Its other calls are the next step's, with the usage if no code came before. */
async function runCodeFirst(world: World, hold: Hold, emit: Emit, { turn, conversation }: Asked, toolCalls: readonly ToolCall[], usage: Usage): Promise<{ executed: number; others: ToolCall[]; usageLeft: Usage }> {
  const code = toolCalls.filter(isCodeCall);
  const others = toolCalls.filter((call) => !isCodeCall(call));
  const executed = await runCode(world, hold, emit, turn, code, { usage, before: conversation.code ?? { calls: 0, keptBytes: 0, inputFiles: [] } });
  if (others.length > 0) turn.begin(others);
  return { executed, others, usageLeft: code.length > 0 ? NO_USAGE : usage };
}

async function waitForCalls(world: World, hold: Hold, emit: Emit, open: Open, step: StepOf<'in_progress'>): Promise<void> {
  open.step = step;
  await answerStep(world, hold, emit, step);
  if (hold.run.stepId !== undefined) throw new Error(`calls of ${step.id} have no output yet`);
  open.step = undefined;
  // What was read before does not know of the outputs.
  open.ahead = undefined;
}

/** The run's own end, reached by the driver while it still holds the run. */
const finish = (world: World, hold: Hold, emit: Emit, end: RunEnd, usage: Usage, turn?: Turn, isFiltered = false): Promise<void> =>
  commitEnd(world, hold, emit, end, { message: turn?.messageSoFar, step: turn?.stepSoFar, usage, isFiltered });

/** An interruption or a failure: what was open is closed with what it had, and the tokens it took are kept. True when the run was given back instead. */
async function endBadly(world: World, hold: Hold, emit: Emit, open: Open, error: unknown): Promise<boolean> {
  const cause = hold.signal.aborted ? (hold.signal.reason as unknown) : error;
  if (hold.lost) return false;
  if (cause instanceof Interrupt && cause.why === 'given back' && (await giveBack(world, hold))) return true;
  const end = endOf(cause);
  if (end.status === 'failed') logFailure(world, hold.run.id, cause);
  const usage = open.turn ? await usageOf(open.turn, open.request) : NO_USAGE;
  await commitEnd(world, hold, emit, end, { message: open.turn?.messageSoFar, step: open.turn?.stepSoFar, usage, isFiltered: false });
  return false;
}

/** What an operator must mend is an error of the log; a model that fails now and then is not. */
function logFailure({ log }: World, runId: string, cause: unknown): void {
  if (!(cause instanceof ModelError)) log.error('job_failed', { runId, error: cause });
  else log[cause.kind === 'unauthorized' ? 'error' : 'info']('model_failed', { runId, ...describeFailure(cause) });
}

function endOf(cause: unknown): Extract<RunEnd, { status: 'expired' | 'cancelled' | 'failed' }> {
  if (cause instanceof Interrupt) return { status: cause.why === 'expired' ? 'expired' : 'cancelled' };
  return { status: 'failed', error: cause instanceof ModelError ? runErrorOf(cause) : SOMETHING_WENT_WRONG };
}

/** What the last model call leaves open, and the tokens it took. */
interface OpenEnds {
  message: OpenMessage | undefined;
  step: StepOf<'in_progress'> | undefined;
  usage: Usage;
  isFiltered: boolean;
}

/** Stores the end, looking again whenever somebody else wrote in between, and tells it in the contract's order (§8). */
async function commitEnd(world: World, hold: Hold, emit: Emit, wanted: RunEnd, open: OpenEnds): Promise<void> {
  for (let tries = 1; !hold.lost; tries++) {
    const nowMs = world.clock.nowMs();
    const end = endNow(hold, wanted);
    const message = open.message && closeMessage(open.message, end, open.isFiltered, nowMs);
    const openStep = open.step && stepEnd(open.step, end, open.usage, nowMs);
    try {
      const usage = addUsage(hold.run.usage, open.usage);
      const ended = await hold.rest(() => commitRunEnd(world, hold.run, end, usage, { message, step: openStep }));
      if (!ended) return hold.lose(undefined);
      if (end.status === 'cancelled') emit({ type: 'thread.run.cancelling', run: hold.run });
      tellEnd(emit, ended.run, message, ended.step);
      world.log.info('run_ended', { runId: ended.run.id, status: ended.run.status, ...(ended.run.codeSessions !== undefined && { codeSessions: ended.run.codeSessions }) });
      return;
    } catch (error) {
      if (!(error instanceof ConflictError) || tries === MOST_TRIES) throw error;
      await hold.look();
    }
  }
}

/** Past its window a run is expired to every reader, so it must not become anything else; a cancelled one has no limits left to reach. */
function endNow(hold: Hold, wanted: RunEnd): RunEnd {
  if (hold.isPastWindow) return { status: 'expired' };
  return hold.run.status === 'cancelling' && wanted.status === 'incomplete' ? { status: 'cancelled' } : wanted;
}
