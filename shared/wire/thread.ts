import type { Thread as WireThread } from 'openai/resources/beta/threads/threads';
import { toSeconds } from '../domain/clock.ts';
import type { Retention, Thread } from '../domain/thread.ts';

/** The contract's fields, and Threadkeep's own: when the thread was last used, and until when it will live (null: for ever). */
export interface KeptThread extends WireThread {
  last_active_at: number;
  expires_at: number | null;
  retention: Retention;
  /** Null: as the project has it. */
  export_on_expiry: boolean | null;
}

export const toWireThread = (thread: Thread): KeptThread => ({
  id: thread.id,
  object: 'thread',
  created_at: toSeconds(thread.createdAtMs),
  metadata: thread.metadata,
  tool_resources: thread.toolResources,
  last_active_at: toSeconds(thread.lastActiveAtMs),
  expires_at: thread.removeAfterMs === undefined ? null : toSeconds(thread.removeAfterMs),
  retention: thread.retention,
  export_on_expiry: thread.exportOnExpiry ?? null,
});
