import { ThreadBusyError } from '../domain/errors.ts';
import type { Message, MessageInput } from '../domain/message.ts';
import { activeRunId } from '../domain/thread.ts';
import { create, retryOnConflict, update } from '../ports/commit.ts';
import { inTurn } from '../ports/in-turn.ts';
import type { World } from '../ports/world.ts';
import { findThread } from './find.ts';
import { checkMessageFiles } from './known-files.ts';
import { addMessages } from './new-message.ts';
import { planAttachments } from './plan-tool-resources.ts';

/** Adds one message to a thread that no run holds. */
export async function createMessage(world: World, projectId: string, threadId: string, input: MessageInput): Promise<Message> {
  await checkMessageFiles(world, projectId, [input]);
  return inTurn(threadId, () => retryOnConflict(async () => {
    const before = await findThread(world, projectId, threadId);
    const nowMs = world.clock.nowMs();
    const holder = activeRunId(before, nowMs);
    if (holder !== undefined) throw new ThreadBusyError(threadId, holder, 'message');
    const { toolResources, plan } = await planAttachments(world, before, [input]);
    const { thread, messages } = addMessages({ ...before, toolResources }, [input], nowMs);
    await world.commit({
      name: 'create-message',
      writes: [update('thread', before, thread), ...messages.map((message) => create('message', message)), ...plan.writes],
      jobs: plan.jobs,
      timers: plan.timers,
    });
    return messages[0] as Message;
  }));
}
