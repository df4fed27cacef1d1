/** Pages of the kinds that the index lists: the shards' keys merged in id order, then the records themselves. */
import { type AttributeValue, BatchGetItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import { setTimeout as pause } from 'node:timers/promises';
import type { Kind, Page, PageQuery, RecordOf } from '../ports/store.ts';
import { type Item, keyItem, placeOfItem, text } from './items.ts';
import { inParallel } from './parallel.ts';
import { recordFilter } from './record-filter.ts';
import { type Place, TABLE, byBytes, cursorText } from './schema.ts';
import type { StoreParts } from './store.ts';

/** DynamoDB's limit. */
const MOST_IN_BATCH = 100;
/** The most keys that one query asks a shard for. */
const MOST_IN_QUERY = 1000;
const AT_ONCE = 16;
const LONGEST_PAUSE_MS = 1000;

interface Entry {
  id: string;
  place: Place;
}

export function makeListing(parts: StoreParts) {
  return async <K extends Kind>(kind: K, shards: string[], query: PageQuery): Promise<Page<RecordOf<K>>> => {
    const { after, before, order, limit } = query;
    const reversed = before !== undefined && after === undefined;
    const forward = (order === 'asc') !== reversed;
    const far = reversed || before === undefined ? undefined : cursorText(before);
    const fits = recordFilter(query.where);
    const found: RecordOf<K>[] = [];
    let cursor = reversed ? before : after;
    if (query.where?.runId !== undefined) return { items: [], hasMore: false };
    while (found.length <= limit) {
      const round = await nextEntries(parts, shards, { cursor, forward, atOnce: Math.min(limit + 1, MOST_IN_QUERY) });
      const entries = round.entries.filter(({ id }) => far === undefined || (forward ? byBytes(id, far) < 0 : byBytes(id, far) > 0));
      for (let at = 0; at < entries.length && found.length <= limit; ) {
        // Without a filter nothing beyond the page need be read.
        const batch = entries.slice(at, at + Math.min(MOST_IN_BATCH, fits ? Infinity : limit + 1 - found.length));
        const records = await readAll(parts, kind, batch);
        found.push(...records.filter((record) => fits?.(record) ?? true));
        at += batch.length;
      }
      // An entry beyond the far cursor was left out: so is everything behind it.
      if (round.isLast || entries.length < round.entries.length) break;
      cursor = round.entries.at(-1)?.id;
    }
    const items = found.slice(0, limit);
    return { items: reversed ? items.reverse() : items, hasMore: found.length > limit };
  };
}

interface Round {
  cursor: string | undefined;
  forward: boolean;
  atOnce: number;
}

/** The next entries behind the cursor over all shards, at least as many as one shard gave when it has more. */
async function nextEntries({ db, table }: StoreParts, shards: string[], { cursor, forward, atOnce }: Round): Promise<{ entries: Entry[]; isLast: boolean }> {
  // An empty text can be no key: it is before everything.
  if (cursor === '' && !forward) return { entries: [], isLast: true };
  const start = cursor === undefined || cursor === '' ? undefined : cursorText(cursor);
  const read = await Promise.all(
    shards.map(async (lpk) => {
      const result = await db.send(
        new QueryCommand({
          TableName: table,
          IndexName: TABLE.index.name,
          KeyConditionExpression: start === undefined ? 'lpk = :lpk' : `lpk = :lpk AND lsk ${forward ? '>' : '<'} :start`,
          ExpressionAttributeValues: { ':lpk': { S: lpk }, ...(start !== undefined && { ':start': { S: start } }) },
          Limit: atOnce,
          ScanIndexForward: forward,
        }),
      );
      return { entries: (result.Items ?? []).map(entryOf), hasMore: result.LastEvaluatedKey !== undefined };
    }),
  );
  const inOrder = (a: Entry, b: Entry) => (forward ? byBytes(a.id, b.id) : byBytes(b.id, a.id));
  const all = read.flatMap(({ entries }) => entries).sort(inOrder);
  // Behind the last entry of a shard that has more, that shard's next one may come first.
  const edges = read.filter(({ hasMore }) => hasMore).flatMap(({ entries }) => entries.slice(-1)).sort(inOrder);
  const [edge] = edges;
  return { entries: edge ? all.filter((entry) => inOrder(entry, edge) <= 0) : all, isLast: !edge };
}

const entryOf = (item: Item): Entry => ({ id: text(item, 'lsk') ?? '', place: placeOfItem(item) });

/** The records of these entries that are still there and within their time, in their order. */
async function readAll<K extends Kind>({ db, table, reader }: StoreParts, kind: K, entries: Entry[]): Promise<RecordOf<K>[]> {
  const items = new Map<string, Item>();
  let missing: Record<string, AttributeValue>[] = entries.map(({ place }) => keyItem(place));
  for (let pauseMs = 20; missing.length > 0; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    const { Responses, UnprocessedKeys } = await db.send(new BatchGetItemCommand({ RequestItems: { [table]: { Keys: missing, ConsistentRead: true } } }));
    for (const item of Responses?.[table] ?? []) items.set(placeOfItem(item).pk, item);
    // More than 16 MB, or throttled: the rest is asked for again.
    missing = UnprocessedKeys?.[table]?.Keys ?? [];
    if (missing.length > 0) await pause(Math.random() * pauseMs);
  }
  const records = await inParallel(AT_ONCE, entries, async ({ place }) => {
    const item = items.get(place.pk);
    return item && reader.record(kind, item);
  });
  return records.filter((record) => record !== undefined);
}
