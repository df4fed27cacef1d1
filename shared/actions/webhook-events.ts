import type { WebhookEvent } from '../domain/delivery.ts';
import { type EventType, newEvent } from '../domain/webhook-event.ts';
import { type FeedEvent, isExpired } from '../ports/feed.ts';

/** An event, and the thread by which it is kept in order. */
export interface Happening {
  projectId: string;
  threadId: string | undefined;
  event: WebhookEvent;
}

/** What a change of a record means to those outside; undefined for what they are not told. */
export function happeningOf(told: FeedEvent): Happening | undefined {
  const { projectId, rev } = told.record;
  // By the id that clients know it by.
  const id = (told.kind === 'message' ? told.record.importedId : undefined) ?? told.record.id;
  const make = (type: EventType, threadId: string | undefined, data: Record<string, string | undefined> = {}): Happening => ({
    projectId,
    threadId,
    event: newEvent(type, told.atMs, { id, rev }, data),
  });
  switch (told.kind) {
    case 'thread': {
      const type = told.type === 'created' ? 'thread.created' : isExpired(told) ? 'thread.expired' : 'thread.deleted';
      return make(type, told.record.id);
    }
    case 'run': {
      const { threadId, assistantId, status } = told.record;
      return make(`thread.run.${status}`, threadId, { thread_id: threadId, assistant_id: assistantId });
    }
    case 'message': {
      const { threadId, runId, status } = told.record;
      // What clients write they know of; only a run's messages come to be complete unseen.
      return runId !== undefined && status === 'completed' ? make('thread.message.completed', threadId, { thread_id: threadId, run_id: runId }) : undefined;
    }
    case 'export': {
      const { status, of } = told.record;
      const threadId = 'threadId' in of ? of.threadId : undefined;
      return status === 'completed' ? make('thread.export.completed', threadId, { thread_id: threadId }) : undefined;
    }
    case 'file':
    case 'upload':
      return undefined;
  }
}
