import { newId } from '../domain/ids.ts';
import { type Thread, type ThreadInput, touched } from '../domain/thread.ts';
import { type Write, create } from '../ports/commit.ts';
import type { World } from '../ports/world.ts';
import { checkMessageFiles, checkToolResources } from './known-files.ts';
import { addMessages } from './new-message.ts';

/** A thread with its first messages, not yet written: the caller commits it, perhaps with a run on it. */
export function planThread(world: World, projectId: string, input: ThreadInput): { thread: Thread; messageWrites: Write[] } {
  checkToolResources(input.toolResources);
  checkMessageFiles(input.messages);
  const nowMs = world.clock.nowMs();
  const empty: Thread = touched(
    {
      id: newId('thread', nowMs),
      projectId,
      rev: 0,
      createdAtMs: nowMs,
      metadata: input.metadata,
      toolResources: input.toolResources,
      retention: input.retention ?? world.config.retention,
      lastActiveAtMs: nowMs,
    },
    nowMs,
  );
  const { thread, messages } = addMessages(empty, input.messages, nowMs);
  return { thread, messageWrites: messages.map((message) => create('message', message)) };
}

export async function createThread(world: World, projectId: string, input: ThreadInput): Promise<Thread> {
  const { thread, messageWrites } = planThread(world, projectId, input);
  await world.commit({ name: 'create-thread', writes: [create('thread', thread), ...messageWrites] });
  return thread;
}
