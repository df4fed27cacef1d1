import { type DynamoDBClient, QueryCommand } from '@aws-sdk/client-dynamodb';
import type { Clock } from '../domain/clock.ts';
import type { Kind, Page, PageQuery, RecordOf, Store } from '../ports/store.ts';
import { type Item, isLive, text } from './items.ts';
import { makeListing } from './listing.ts';
import { inParallel } from './parallel.ts';
import type { Reader } from './reader.ts';
import { recordFilter } from './record-filter.ts';
import { runSpan } from './run-span.ts';
import { type Range, byBytes, cursorText, listShards, placeOf, rangeOf } from './schema.ts';

export interface StoreParts {
  db: DynamoDBClient;
  table: string;
  clock: Clock;
  reader: Reader;
  /** How long a run may take: its messages are looked for within that time. */
  runWindowMs: number;
}

/** Large bodies fetched at once for a page. */
const AT_ONCE = 16;
/** How many items a query reads at a time when only some of them will be kept. */
const FILTERED_AT_ONCE = 200;

export function makeStore(parts: StoreParts): Store {
  const listed = makeListing(parts);
  return {
    async get(key) {
      const place = placeOf(key);
      return place && parts.reader.get(key.kind, place);
    },
    async page(kind, scope, query) {
      const shards = listShards(kind, scope);
      if (shards) return listed(kind, shards, query);
      const range = rangeOf(kind, scope);
      return range ? pageOfRange(parts, kind, range, query) : { items: [], hasMore: false };
    },
  };
}

/** One more than asked for tells whether there are more. */
async function pageOfRange<K extends Kind>(parts: StoreParts, kind: K, range: Range, query: PageQuery): Promise<Page<RecordOf<K>>> {
  const bounds = boundsOf(range, query, { runWindowMs: parts.runWindowMs, nowMs: parts.clock.nowMs() });
  if (!bounds) return { items: [], hasMore: false };
  const found: RecordOf<K>[] = [];
  const wanted = query.limit + 1;
  const fits = recordFilter(query.where);
  for await (const items of queried(parts, bounds, { wanted, runId: query.where?.runId, filtered: fits !== undefined })) {
    const live = items.filter((item) => isLive(item, parts.clock.nowMs()) && text(item, 'sk') !== bounds.excluded);
    // Without a filter nothing beyond the page need be looked at.
    const candidates = fits ? live : live.slice(0, wanted - found.length);
    const records = await inParallel(AT_ONCE, candidates, (item) => parts.reader.record(kind, item));
    for (const record of records) if (record && (fits?.(record) ?? true)) found.push(record);
    if (found.length >= wanted) break;
  }
  const items = found.slice(0, query.limit);
  return { items: bounds.reversed ? items.reverse() : items, hasMore: found.length > query.limit };
}

/** A query's limits: everything from `low` to `high`, begun behind `start`, without `excluded`, the cursor at the far end. */
interface Bounds {
  pk: string;
  low: string;
  high: string;
  forward: boolean;
  /** The page ends at its cursor, so it is read backwards from there. */
  reversed: boolean;
  start: string | undefined;
  excluded: string | undefined;
}

/** Undefined when nothing can lie between the cursors. */
function boundsOf({ pk, prefix, last }: Range, { order, after, before, where }: PageQuery, times: { runWindowMs: number; nowMs: number }): Bounds | undefined {
  const reversed = before !== undefined && after === undefined;
  const forward = (order === 'asc') !== reversed;
  const near = reversed ? before : after;
  const far = reversed ? undefined : before;
  const start = near === undefined ? undefined : prefix + cursorText(near);
  const excluded = far === undefined ? undefined : prefix + cursorText(far);
  let [low, high] = forward ? [prefix, excluded ?? last] : [excluded ?? prefix, last];
  const span = where?.runId === undefined ? undefined : runSpan(where.runId, times);
  if (span) {
    if (byBytes(low, prefix + span.from) < 0) low = prefix + span.from;
    if (byBytes(high, prefix + span.to) > 0) high = prefix + span.to;
  }
  if (byBytes(low, high) > 0) return undefined;
  // DynamoDB wants the start inside the range: one before it is no start, behind one after it is nothing.
  const isPast = (edge: string) => start !== undefined && (forward ? byBytes(start, edge) >= 0 : byBytes(start, edge) <= 0);
  if (isPast(forward ? high : low)) return undefined;
  return { pk, low, high, forward, reversed, start: isPast(forward ? low : high) ? start : undefined, excluded };
}

/** Pages of items, read as they are asked for. */
async function* queried({ db, table }: StoreParts, bounds: Bounds, { wanted, runId, filtered }: { wanted: number; runId: string | undefined; filtered: boolean }): AsyncGenerator<Item[]> {
  let start: Item | undefined = bounds.start === undefined ? undefined : { pk: { S: bounds.pk }, sk: { S: bounds.start } };
  do {
    const result = await db.send(
      new QueryCommand({
        TableName: table,
        KeyConditionExpression: 'pk = :pk AND sk BETWEEN :low AND :high',
        ExpressionAttributeValues: { ':pk': { S: bounds.pk }, ':low': { S: bounds.low }, ':high': { S: bounds.high }, ...(runId !== undefined && { ':run': { S: runId } }) },
        ...(runId !== undefined && { FilterExpression: 'runId = :run' }),
        // With the far cursor in the range one item of it may be read in vain.
        ...(runId === undefined && { Limit: filtered ? FILTERED_AT_ONCE : wanted + (bounds.excluded === undefined ? 0 : 1) }),
        ScanIndexForward: bounds.forward,
        ConsistentRead: true,
        ExclusiveStartKey: start,
      }),
    );
    yield result.Items ?? [];
    start = result.LastEvaluatedKey;
  } while (start);
}
