import { newId } from '../domain/ids.ts';
import type { Message } from '../domain/message.ts';
import { type Retention, type Thread, type ThreadInput, touched } from '../domain/thread.ts';
import { create, retryOnConflict } from '../ports/commit.ts';
import type { World } from '../ports/world.ts';
import { demandFeature } from './features.ts';
import { checkMessageFiles } from './known-files.ts';
import { addMessages } from './new-message.ts';
import { type FilePlan, planToolResources } from './plan-tool-resources.ts';
import { readProject } from './project-settings.ts';

type WholeInput = ThreadInput & { retention: Retention };

/** With the project's retention where the client says none. */
export async function withDefaults(world: World, projectId: string, input: ThreadInput): Promise<WholeInput> {
  if (input.exportOnExpiry) demandFeature(world, 'histories', 'export_on_expiry');
  return { ...input, retention: input.retention ?? (await readProject(world, projectId)).retention };
}

/** A thread with its first messages, not yet written: the caller commits it, perhaps with a run on it. */
export async function planThread(world: World, projectId: string, input: WholeInput): Promise<{ thread: Thread; messages: Message[]; plan: FilePlan }> {
  await checkMessageFiles(world, projectId, input.messages);
  const nowMs = world.clock.nowMs();
  const of = { id: newId('thread', nowMs), projectId };
  const { toolResources, plan } = await planToolResources(world, of, input.toolResources, input.messages);
  const empty: Thread = touched(
    {
      ...of,
      rev: 0,
      createdAtMs: nowMs,
      metadata: input.metadata,
      toolResources,
      retention: input.retention,
      exportOnExpiry: input.exportOnExpiry,
      lastActiveAtMs: nowMs,
    },
    nowMs,
  );
  return { ...addMessages(empty, input.messages, nowMs), plan };
}

export async function createThread(world: World, projectId: string, input: ThreadInput): Promise<Thread> {
  const whole = await withDefaults(world, projectId, input);
  return retryOnConflict(async () => {
    const { thread, messages, plan } = await planThread(world, projectId, whole);
    await world.commit({ name: 'create-thread', writes: [create('thread', thread), ...messages.map((message) => create('message', message)), ...plan.writes], jobs: plan.jobs, timers: plan.timers });
    return thread;
  });
}
