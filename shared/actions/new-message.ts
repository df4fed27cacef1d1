import { newId } from '../domain/ids.ts';
import type { Message, MessageInput } from '../domain/message.ts';
import { type Thread, touched } from '../domain/thread.ts';

/** The messages that a client adds to a thread, in order, and the thread as they leave it. */
export function addMessages(thread: Thread, inputs: MessageInput[], nowMs: number): { thread: Thread; messages: Message[] } {
  let lastMessageId = thread.lastMessageId;
  const messages = inputs.map((input): Message => {
    lastMessageId = newId('message', nowMs, lastMessageId);
    return {
      ...input,
      id: lastMessageId,
      projectId: thread.projectId,
      threadId: thread.id,
      rev: 0,
      createdAtMs: nowMs,
      status: 'completed',
      completedAtMs: nowMs,
    };
  });
  return { thread: { ...touched(thread, nowMs), ...(lastMessageId !== undefined && { lastMessageId }) }, messages };
}
