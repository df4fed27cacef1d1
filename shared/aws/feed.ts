import type { Clock } from '../domain/clock.ts';
import { type FeedEvent, isFed } from '../ports/feed.ts';
import type { Kind, RecordOf } from '../ports/store.ts';
import type { Bodies } from './bodies.ts';
import { type Item, number, parseBody, placeOfItem, text } from './items.ts';
import type { Reader } from './reader.ts';
import { ownPlaceOfThread } from './schema.ts';

/** The parts of a DynamoDB stream's record that tell what happened; the event source's own record fits. */
export interface StreamRecord {
  eventName?: string | undefined;
  dynamodb?: { OldImage?: Image | undefined; NewImage?: Image | undefined; ApproximateCreationDateTime?: number | undefined } | undefined;
}
type Image = Record<string, { S?: string | undefined; N?: string | undefined }>;

/** Longer than any commit takes: what is not confirmed by then has failed. */
const UNCONFIRMED_MS = 60_000;

/** It cannot be told yet whether the change that this is part of will be committed. */
export class NotYetCommittedError extends Error {}

export interface FeedParts {
  bodies: Bodies;
  reader: Reader;
  clock: Clock;
}

/** The event that a record of the table's stream tells; undefined for most. Rejects when it has to be asked again later. */
export async function eventOf(parts: FeedParts, { eventName, dynamodb }: StreamRecord): Promise<FeedEvent | undefined> {
  const [before, after] = [dynamodb?.OldImage as Item | undefined, dynamodb?.NewImage as Item | undefined];
  const type = typeOf(eventName, after);
  const item = type === 'removed' ? before : after;
  const kind = item && (text(item, 'kind') as Kind | undefined);
  if (!type || !kind || !isFed(type, kind)) return undefined;
  const atMs = Math.round((dynamodb?.ApproximateCreationDateTime ?? 0) * 1000);
  const former = type === 'updated' && before ? briefRecord(kind, before) : undefined;
  if (type === 'updated' && (!former || statusOf(former) === statusOf(briefRecord(kind, item)))) return undefined;
  const record = await wholeRecord(parts, kind, item);
  if (!record || !(await isCommitted(parts, item, record, atMs))) return undefined;
  return { type, kind, record, atMs, ...(former && { before: former }) } as FeedEvent;
}

/** A create may replace a record that was past its time and not yet removed; only records just made are at revision 0. */
function typeOf(eventName: string | undefined, after: Item | undefined): FeedEvent['type'] | undefined {
  switch (eventName) {
    case 'INSERT':
      return 'created';
    case 'MODIFY':
      return after && number(after, 'rev') === 0 ? 'created' : 'updated';
    case 'REMOVE':
      return 'removed';
    default:
      return undefined;
  }
}

const statusOf = (record: RecordOf<Kind> | undefined): string | undefined => (record && 'status' in record ? record.status : undefined);

async function wholeRecord({ bodies }: FeedParts, kind: Kind, item: Item): Promise<RecordOf<Kind> | undefined> {
  const blob = text(item, 'blob');
  const body = blob === undefined ? undefined : await bodies.get(blob);
  return body === undefined ? briefRecord(kind, item) : parseBody(kind, body);
}

/** What the item itself has of its record. */
function briefRecord(kind: Kind, item: Item): RecordOf<Kind> | undefined {
  const body = text(item, 'body') ?? text(item, 'brief');
  return body === undefined ? undefined : parseBody(kind, body);
}

/** A message that was written before the rest of its change counts when that has been written, and its thread knows of it. */
async function isCommitted({ reader, clock }: FeedParts, item: Item, record: RecordOf<Kind>, atMs: number): Promise<boolean> {
  if (text(item, 'early') === undefined) return true;
  const place = placeOfItem(item);
  const [thread, stillThere] = await Promise.all([reader.get('thread', ownPlaceOfThread(place)), reader.has(place)]);
  // Taken back, or deleted since: then it has been told by its own removal, or never was.
  if (!stillThere) return false;
  if (thread?.lastMessageId !== undefined && thread.lastMessageId >= record.id) return true;
  if (clock.nowMs() < atMs + UNCONFIRMED_MS) throw new NotYetCommittedError(`${record.id} was written before the rest of its change`);
  return false;
}
