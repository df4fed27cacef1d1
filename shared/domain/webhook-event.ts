import { toSeconds } from './clock.ts';
import type { WebhookEvent } from './delivery.ts';
import { derivedId } from './ids.ts';
import { RUN_TRANSITIONS, type RunStatus } from './run.ts';

const RUN_STATUSES = Object.keys(RUN_TRANSITIONS) as RunStatus[];

/** Everything that endpoints can be told of. */
export const EVENT_TYPES = [
  'thread.created',
  'thread.expiring',
  'thread.expired',
  'thread.deleted',
  ...RUN_STATUSES.map((status) => `thread.run.${status}` as const),
  'thread.message.completed',
  'thread.export.completed',
] as const;
export type EventType = (typeof EVENT_TYPES)[number];

/** What has happened to a record at a revision of its own. The same happening makes the same event, id and all, however often it is told. */
export function newEvent(type: EventType, atMs: number, { id, rev }: { id: string; rev: number }, data: Record<string, string | undefined> = {}): WebhookEvent {
  const known = Object.entries(data).filter((pair): pair is [string, string] => pair[1] !== undefined);
  return { id: derivedId('event', atMs, type, id, rev), type, createdAtMs: atMs, data: { ...Object.fromEntries(known), id } };
}

/** What is signed and sent: the envelope that the official clients' `webhooks.unwrap()` returns. */
export const envelopeOf = ({ id, type, createdAtMs, data }: WebhookEvent) => ({ id, object: 'event' as const, type, created_at: toSeconds(createdAtMs), data });
