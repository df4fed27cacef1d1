/**
 * Records as items of the table, and back.
 *
 * | attribute     | what for |
 * |---------------|----------|
 * | kind, rev     | the record's kind and revision; conditions compare `rev` |
 * | body          | the whole record as JSON: what is read is parsed from here alone |
 * | blob          | instead of `body` when that is too large for an item: the S3 key that it is under |
 * | removeAfterMs | readers see the item only before this time |
 * | ttl           | the same in seconds: DynamoDB removes the item some time after it |
 * | brief         | beside `blob`, of kinds that the feed tells: the record without what makes it large (brief.ts) |
 * | early         | of messages: written before the rest of their change, which may have failed (commit.ts) |
 * | runId         | of messages: what a page of one run's messages is filtered by |
 * | w             | which commit wrote it, so that a retry whose first answer was lost knows its own write |
 */
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { type Key, type Kind, type RecordOf, SCHEMAS } from '../ports/store.ts';
import { briefOf } from './brief.ts';
import { type Place, listPlace } from './schema.ts';

export type Item = Record<string, AttributeValue>;

/** A record on its way into the table. */
export interface Draft {
  place: Place;
  key: Key;
  record: RecordOf<Kind>;
  body: string;
  /** Bytes of the body in UTF-8. */
  size: number;
  /** Where the body is when it is not in the item. */
  blob?: string;
  isEarly?: boolean;
}

export function draftOf(place: Place, key: Key, record: RecordOf<Kind>): Draft {
  const body = JSON.stringify(record);
  return { place, key, record, body, size: Buffer.byteLength(body) };
}

export function itemOf({ place, key, record, body, blob, isEarly }: Draft, commitId: string): Item {
  const item: Item = { ...keyItem(place), kind: { S: key.kind }, rev: { N: String(record.rev) }, w: { S: commitId } };
  if (blob === undefined) item['body'] = { S: body };
  else {
    item['blob'] = { S: blob };
    const brief = briefOf(key.kind, record);
    if (brief) item['brief'] = { S: JSON.stringify(brief) };
  }
  if (isEarly) item['early'] = { S: commitId };
  const listed = listPlace(key);
  if (listed) {
    item['lpk'] = { S: listed.lpk };
    item['lsk'] = { S: listed.lsk };
  }
  if ('removeAfterMs' in record && record.removeAfterMs !== undefined) {
    item['removeAfterMs'] = { N: String(record.removeAfterMs) };
    item['ttl'] = { N: String(Math.ceil(record.removeAfterMs / 1000)) };
  }
  if (key.kind === 'message' && 'runId' in record && record.runId !== undefined) item['runId'] = { S: record.runId };
  return item;
}

export const keyItem = ({ pk, sk }: Place): Item => ({ pk: { S: pk }, sk: { S: sk } });

export const placeOfItem = (item: Item): Place => ({ pk: text(item, 'pk') ?? '', sk: text(item, 'sk') ?? '' });

export const text = (item: Item, name: string): string | undefined => item[name]?.S;

export const number = (item: Item, name: string): number | undefined => {
  const value = item[name]?.N;
  return value === undefined ? undefined : Number(value);
};

/** False from the millisecond on that `removeAfterMs` names, however long DynamoDB takes to remove the item. */
export const isLive = (item: Item, nowMs: number): boolean => (number(item, 'removeAfterMs') ?? Infinity) > nowMs;

/** A stored body as a record; one that no longer fits its schema is an error, never a cast. */
export function parseBody<K extends Kind>(kind: K, body: string): RecordOf<K> {
  const parsed = SCHEMAS[kind].safeParse(JSON.parse(body));
  if (!parsed.success) {
    const where = parsed.error.issues.map((issue) => issue.path.join('.')).join(', ');
    throw new Error(`a stored ${kind} does not fit its schema at: ${where}`);
  }
  return parsed.data as RecordOf<K>;
}
