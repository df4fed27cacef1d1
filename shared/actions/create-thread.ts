import { newId } from '../domain/ids.ts';
import type { Message } from '../domain/message.ts';
import { type Retention, type Thread, type ThreadInput, touched } from '../domain/thread.ts';
import { create } from '../ports/commit.ts';
import type { World } from '../ports/world.ts';
import { demandFeature } from './features.ts';
import { checkMessageFiles, checkToolResources } from './known-files.ts';
import { addMessages } from './new-message.ts';
import { readProject } from './project-settings.ts';

type WholeInput = ThreadInput & { retention: Retention };

/** With the project's retention where the client says none. */
export async function withDefaults(world: World, projectId: string, input: ThreadInput): Promise<WholeInput> {
  if (input.exportOnExpiry) demandFeature(world, 'histories', 'export_on_expiry');
  return { ...input, retention: input.retention ?? (await readProject(world, projectId)).retention };
}

/** A thread with its first messages, not yet written: the caller commits it, perhaps with a run on it. */
export function planThread(world: World, projectId: string, input: WholeInput): { thread: Thread; messages: Message[] } {
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
      retention: input.retention,
      exportOnExpiry: input.exportOnExpiry,
      lastActiveAtMs: nowMs,
    },
    nowMs,
  );
  return addMessages(empty, input.messages, nowMs);
}

export async function createThread(world: World, projectId: string, input: ThreadInput): Promise<Thread> {
  const { thread, messages } = planThread(world, projectId, await withDefaults(world, projectId, input));
  await world.commit({ name: 'create-thread', writes: [create('thread', thread), ...messages.map((message) => create('message', message))] });
  return thread;
}
