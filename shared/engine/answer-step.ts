/** The part of a run in which endpoints of its project answer the model's calls, under the hold of its driver. */
import { sleep } from '../domain/clock.ts';
import type { Emit } from '../domain/run-event.ts';
import { type StepOf, type ToolCall, completeStep, endpointCalls, openCalls, withOutputs } from '../domain/run-step.ts';
import { awaitCalls, callsAnswered } from '../domain/run.ts';
import { type Usage, addUsage } from '../domain/usage.ts';
import { create, update } from '../ports/commit.ts';
import { keys } from '../ports/store.ts';
import type { World } from '../ports/world.ts';
import { LOOK_AGAIN_MS } from '../actions/await-commit.ts';
import { commitHeld, stepOfTurn } from './checkpoint.ts';
import { answerCalls } from './endpoint-calls.ts';
import type { Hold } from './hold.ts';
import type { Turn } from './turn.ts';

/** Calls that endpoints answer, all of them. Stored before anybody is asked, so that a takeover asks for the same ones. */
export async function dispatchCalls(world: World, hold: Hold, turn: Turn, toolCalls: ToolCall[], usage: Usage): Promise<StepOf<'in_progress'>> {
  const step: StepOf<'in_progress'> = { ...stepOfTurn(turn), details: { type: 'tool_calls', toolCalls }, usage };
  await commitHeld(world, hold, (run) => {
    const write = update('run', run, awaitCalls(run, step.id, addUsage(run.usage, usage)));
    return { change: { name: 'dispatch-calls', writes: [write, create('step', step)] }, run: write.record };
  });
  return step;
}

/** The stored step whose calls the run waits for, as a driver finds it that has taken the run over. */
export async function findOpenStep(world: World, hold: Hold, stepId: string): Promise<StepOf<'in_progress'>> {
  const { projectId, threadId, id: runId } = hold.run;
  const step = await world.store.get(keys.step(projectId, threadId, runId, stepId));
  if (step?.status === 'in_progress') return step;
  // Gone with its thread, most likely.
  await hold.look();
  hold.check();
  throw new Error(`${runId} waits for calls of ${stepId}, which is not open`);
}

/** Has the step's open calls answered, and completes it. Outputs are stored as they come, so a takeover asks only for those that are missing. */
export async function answerStep(world: World, hold: Hold, emit: Emit, step: StepOf<'in_progress'>): Promise<void> {
  const calls = endpointCalls(step, 'driver');
  if (calls.length > 0) return answerCalls(world, { run: hold.run, step, calls }, hold.signal, (outputs) => saveOutputs(world, hold, emit, step.id, outputs));
  // The others are a job's to answer. A client that streams has submitted the rest before they are.
  for (;;) {
    const seen = await findOpenStep(world, hold, step.id);
    if (openCalls(seen).length === 0) return saveOutputs(world, hold, emit, step.id, new Map());
    await sleep(world.clock, LOOK_AGAIN_MS, hold.signal);
  }
}

/** With the last of the outputs the step is complete and the run goes on. */
async function saveOutputs(world: World, hold: Hold, emit: Emit, id: string, outputs: ReadonlyMap<string, string>): Promise<void> {
  let completed: StepOf<'completed'> | undefined;
  await commitHeld(world, hold, async (run) => {
    const step = await findOpenStep(world, hold, id);
    const answered = withOutputs(step, outputs);
    if (openCalls(answered).length > 0) {
      const held = update('run', run, run);
      return { change: { name: 'save-outputs', writes: [update('step', step, answered), held] }, run: held.record };
    }
    const stepWrite = update('step', step, completeStep(answered, world.clock.nowMs()));
    const runWrite = update('run', run, callsAnswered(run));
    completed = stepWrite.record;
    return { change: { name: 'complete-calls', writes: [stepWrite, runWrite] }, run: runWrite.record };
  });
  if (completed) emit({ type: 'thread.run.step.completed', step: completed });
}
