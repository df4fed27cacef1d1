import type { Message as WireMessage } from 'openai/resources/beta/threads/messages';
import { toSeconds } from '../domain/clock.ts';
import type { Message } from '../domain/message.ts';

export const toWireMessage = (message: Message): WireMessage => ({
  id: message.importedId ?? message.id,
  object: 'thread.message',
  created_at: toSeconds(message.createdAtMs),
  assistant_id: message.assistantId ?? null,
  thread_id: message.threadId,
  run_id: message.runId ?? null,
  status: message.status,
  incomplete_details: message.status === 'incomplete' ? { reason: message.incompleteReason } : null,
  incomplete_at: message.status === 'incomplete' ? toSeconds(message.incompleteAtMs) : null,
  completed_at: message.status === 'completed' ? toSeconds(message.completedAtMs) : null,
  role: message.role,
  content: message.content,
  attachments: message.attachments,
  metadata: message.metadata,
});
