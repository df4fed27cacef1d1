import { newEvent } from '../domain/webhook-event.ts';
import type { Job, Outcome } from '../ports/queue.ts';
import { keys } from '../ports/store.ts';
import type { World } from '../ports/world.ts';
import { setWarning, warningTime } from './arm-warning.ts';
import { tellHappening } from './tell-webhooks.ts';

const DONE: Outcome = { done: true };
const HOUR_MS = 3_600_000;

/** Tells of a thread that comes near its end. One that was used since its timer was set is looked at again when it will be that near. */
export async function warnExpiry(world: World, { projectId, threadId }: Extract<Job, { type: 'warn-expiry' }>): Promise<Outcome> {
  const thread = await world.store.get(keys.thread(projectId, threadId));
  const warnAtMs = thread && (await warningTime(world, thread));
  if (thread?.removeAfterMs === undefined || warnAtMs === undefined) return DONE;
  const nowMs = world.clock.nowMs();
  if (nowMs < warnAtMs) {
    await setWarning(world, thread, warnAtMs);
    return DONE;
  }
  // A warning that comes late, as for a life that was cut short, is of the hour: retries count from there, and twice told it is still one.
  const atMs = Math.max(warnAtMs, nowMs - (nowMs % HOUR_MS));
  const event = newEvent('thread.expiring', warnAtMs, { id: threadId, rev: thread.removeAfterMs });
  await tellHappening(world, { projectId, threadId, event: { ...event, createdAtMs: atMs } });
  // Used after the warning, it comes near another end.
  await setWarning(world, thread, thread.removeAfterMs);
  return DONE;
}
