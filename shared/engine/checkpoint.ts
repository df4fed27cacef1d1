/** The durable steps in the middle of a run: each stores what the model has said so far, then tells it. */
import { callToolsJob, driveJobName, expiryTimer } from '../actions/run-jobs.ts';
import { completeMessage } from '../domain/message.ts';
import type { Emit } from '../domain/run-event.ts';
import { type StepOf, type ToolCall, endpointCalls } from '../domain/run-step.ts';
import { type RunOf, requireAction } from '../domain/run.ts';
import { NO_USAGE, type Usage, addUsage } from '../domain/usage.ts';
import { type Change, ConflictError, create, update } from '../ports/commit.ts';
import { keys } from '../ports/store.ts';
import type { World } from '../ports/world.ts';
import type { Hold } from './hold.ts';
import { Interrupt } from './interrupt.ts';
import type { Turn } from './turn.ts';

/** Rivals for the records of one run are few; more conflicts than this mean that something is wrong. */
export const MOST_TRIES = 50;

/** A text after which the model goes on to call functions. The call's usage counts with its last step. */
export async function saveText(world: World, hold: Hold, emit: Emit, turn: Turn): Promise<void> {
  const open = turn.messageSoFar;
  const step = turn.stepSoFar;
  if (!open || !step) return;
  const nowMs = world.clock.nowMs();
  const message = completeMessage(open, nowMs);
  const done = { ...step, status: 'completed' as const, completedAtMs: nowMs, usage: NO_USAGE };
  await commitHeld(world, hold, async (run) => {
    const thread = await world.store.get(keys.thread(run.projectId, run.threadId));
    if (!thread) {
      hold.lose(undefined);
      throw new Interrupt('lost');
    }
    const runWrite = update('run', run, run);
    return {
      change: {
        name: 'save-text',
        writes: [runWrite, update('thread', thread, { ...thread, lastMessageId: message.id }), create('message', message), create('step', done)],
      },
      run: runWrite.record,
    };
  });
  emit({ type: 'thread.message.completed', message });
  emit({ type: 'thread.run.step.completed', step: done });
}

/** Calls that the client has to answer, all or some of them: the run rests until it does, or until its window closes. A job sees to the others. */
export async function saveRequiredAction(world: World, hold: Hold, emit: Emit, turn: Turn, toolCalls: ToolCall[], usage: Usage): Promise<void> {
  const step: StepOf<'in_progress'> = { ...stepOfTurn(turn), details: { type: 'tool_calls', toolCalls }, usage };
  let waiting: RunOf<'requires_action'> | undefined;
  await commitHeld(world, hold, (run) => {
    const write = update('run', run, requireAction(run, step.id, addUsage(run.usage, usage)));
    waiting = write.record;
    return {
      change: {
        name: 'require-action',
        writes: [write, create('step', step)],
        jobs: endpointCalls(step, 'job').length > 0 ? [callToolsJob(write.record, world.clock.nowMs())] : [],
        timers: [expiryTimer(write.record)],
        cancels: [driveJobName(run)],
      },
    };
  });
  if (waiting) emit({ type: 'thread.run.requires_action', run: waiting, step });
}

/** Calls that were all answered here: the step is complete and the run goes on. */
export async function saveAnsweredCalls(world: World, hold: Hold, emit: Emit, turn: Turn, toolCalls: ToolCall[], usage: Usage): Promise<void> {
  const step = answeredStep(world, turn, toolCalls, usage);
  await commitHeld(world, hold, (run) => {
    const write = update('run', run, { ...run, usage: addUsage(run.usage, usage) });
    return { change: { name: 'save-answered-calls', writes: [write, create('step', step)] }, run: write.record };
  });
  emit({ type: 'thread.run.step.completed', step });
}

/** The open step as it is stored when all its calls are answered. */
export const answeredStep = ({ clock }: Pick<World, 'clock'>, turn: Turn, toolCalls: ToolCall[], usage: Usage): StepOf<'completed'> => ({
  ...stepOfTurn(turn),
  details: { type: 'tool_calls', toolCalls },
  status: 'completed',
  completedAtMs: clock.nowMs(),
  usage,
});

export function stepOfTurn(turn: Turn): StepOf<'in_progress'> {
  if (!turn.step) throw new Error('the model has called functions, but no step is open');
  return turn.step;
}

type Plan = { change: Change; run?: RunOf<'in_progress'> };

/** Commits on top of the run as it is now. A conflict is looked into: the run may have been relabelled, cancelled or taken over. */
export async function commitHeld(world: World, hold: Hold, plan: (run: RunOf<'in_progress'>) => Plan | Promise<Plan>): Promise<void> {
  for (let tries = 1; ; tries++) {
    hold.check();
    if (hold.run.status !== 'in_progress') throw new Interrupt('cancelled');
    const { change, run } = await plan(hold.run);
    try {
      if (!run) return await hold.rest(() => world.commit(change));
      await world.commit(change);
      return hold.adopt(run);
    } catch (error) {
      if (!(error instanceof ConflictError) || tries === MOST_TRIES) throw error;
      await hold.look();
    }
  }
}
