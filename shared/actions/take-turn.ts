import { type Lease, type RunOf, claimRun } from '../domain/run.ts';
import { claimsOn, lockedBy } from '../domain/thread.ts';
import { create, update } from '../ports/commit.ts';
import { keys } from '../ports/store.ts';
import type { World } from '../ports/world.ts';
import { addMessages } from './new-message.ts';
import { planAttachmentsStill } from './plan-tool-resources.ts';
import { type ReadAhead, readAhead } from './read-ahead.ts';

/** A run that has begun; or one whose turn has not come, to be looked at again by then at the latest; or one whose thread is gone. */
export type TurnTaken = { run: RunOf<'in_progress'>; ahead: Promise<ReadAhead | undefined> } | { untilMs: number } | undefined;

/**
 * Has a run that waits for its thread begin, if the thread is its own by now: handed to it by the run before, or left by one whose time is up. Its messages
 * are written with that, behind those of the runs before it. ConflictError when somebody else was faster.
 */
export async function takeTurn(world: World, run: RunOf<'queued'>, lease: Lease): Promise<TurnTaken> {
  const thread = await world.store.get(keys.thread(run.projectId, run.threadId));
  if (!thread) return undefined;
  const nowMs = world.clock.nowMs();
  const [holder] = claimsOn(thread, nowMs);
  if (holder && holder.id !== run.id) return { untilMs: Math.min(holder.expiresAtMs, run.expiresAtMs) };
  const messages = run.waits?.messages ?? [];
  const { toolResources, plan } = await planAttachmentsStill(world, thread, messages);
  const added = addMessages({ ...thread, toolResources }, messages, nowMs);
  const write = update('run', run, claimRun(run, lease, nowMs));
  const ahead = readAhead(world, write.record, { steps: [], added: added.messages });
  await world.commit({
    name: 'take-turn',
    writes: [write, update('thread', thread, lockedBy(added.thread, run, nowMs)), ...added.messages.map((message) => create('message', message)), ...plan.writes],
    jobs: plan.jobs,
    timers: plan.timers,
  });
  return { run: write.record, ahead };
}
