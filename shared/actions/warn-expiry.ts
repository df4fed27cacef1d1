import { newEvent } from '../domain/webhook-event.ts';
import type { Job, Outcome } from '../ports/queue.ts';
import { keys } from '../ports/store.ts';
import type { World } from '../ports/world.ts';
import { setWarning, warningTime } from './arm-warning.ts';
import { tellHappening } from './tell-webhooks.ts';

const DONE: Outcome = { done: true };
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

/** Tells of a thread that comes near its end. One that was used since its timer was set is looked at again when it will be that near. */
export async function warnExpiry(world: World, { projectId, threadId }: Extract<Job, { type: 'warn-expiry' }>): Promise<Outcome> {
  const thread = await world.store.get(keys.thread(projectId, threadId));
  const warnAtMs = thread && (await warningTime(world, thread));
  if (thread?.removeAfterMs === undefined || warnAtMs === undefined) return DONE;
  const nowMs = world.clock.nowMs();
  // Early by no more than clocks differ: on AWS a timer of the same name and time would not start again.
  if (nowMs < warnAtMs && warnAtMs - nowMs < MINUTE_MS) return { done: false, againInMs: warnAtMs - nowMs };
  if (nowMs < warnAtMs) {
    await setWarning(world, thread, warnAtMs);
    return DONE;
  }
  // Of one end and so many days ahead there is one event, and one delivery, however many timers tell it and whenever.
  const event = newEvent('thread.expiring', Math.max(warnAtMs, thread.lastActiveAtMs), { id: threadId, rev: thread.removeAfterMs });
  // One that comes late, as for a life that was cut short, is of the hour: its retries count from there.
  const atMs = Math.max(warnAtMs, nowMs - (nowMs % HOUR_MS));
  await tellHappening(world, { projectId, threadId, event: { ...event, createdAtMs: atMs } });
  // Used after the warning, it comes near another end.
  await setWarning(world, thread, thread.removeAfterMs);
  return DONE;
}
