/** How a thread's session of code_interpreter ends when nobody needs it any more. */
import { CODE_SESSION_IDLE_MS } from '../domain/code-session.ts';
import { remove, retryOnConflict, update } from '../ports/commit.ts';
import type { Job, Outcome } from '../ports/queue.ts';
import { keys } from '../ports/store.ts';
import type { World } from '../ports/world.ts';

const DONE: Outcome = { done: true };

/** One that cannot be ended now ends by itself: every sandbox sees to that. */
export async function closeSession({ sandbox, log }: Pick<World, 'sandbox' | 'log'>, session: string): Promise<void> {
  try {
    await sandbox?.close(session);
  } catch (error) {
    log.error('sandbox_not_ended', { error });
  }
}

/** Ends a session that was idle for too long; looks again later at one that was used meanwhile. */
export function endIdleSession(world: World, { projectId, threadId, session }: Extract<Job, { type: 'end-session' }>): Promise<Outcome> {
  return retryOnConflict(async () => {
    const record = await world.store.get(keys.codeSession(projectId, threadId));
    if (record?.session !== session) {
      // Another has taken its place, or the change that this job came with was never made.
      await closeSession(world, session);
      return DONE;
    }
    const leftMs = record.usedAtMs + CODE_SESSION_IDLE_MS - world.clock.nowMs();
    if (leftMs > 0) return { done: false, againInMs: leftMs };
    // First written down: whoever uses it now begins another one.
    const { session: _, ...rest } = record;
    await world.commit({ name: 'end-session', writes: [update('code_session', record, { ...rest, mounted: [] })] });
    await closeSession(world, session);
    return DONE;
  });
}

/** With the thread. */
export async function reapSession(world: World, projectId: string, threadId: string): Promise<void> {
  const record = await world.store.get(keys.codeSession(projectId, threadId));
  if (!record) return;
  if (record.session !== undefined) await closeSession(world, record.session);
  await world.commit({ name: 'reap-session', writes: [remove('code_session', record)] });
}
