/** The search index on LanceDB: one table a store. */
import type { Query, VectorQuery } from '@lancedb/lancedb';
import { setTimeout as pause } from 'node:timers/promises';
import type { Chunk, Entry, IndexQuery, SearchIndex, StorePlace } from '../ports/search-index.ts';
import { type Found, fuse } from './fuse.ts';
import { ChunkRow, Row, toTable, toUnit } from './rows.ts';
import { type Ground, type OpenTable, Tables, isMissing, says, vectorLengthOf } from './tables.ts';
import { MOST_PARTS, ensureIndexes, tidyTable } from './upkeep.ts';
import { wordsOf } from './words.ts';

/** Each way of looking finds so many at least: what neither has far ahead can still be what both have. */
const LEAST_DEPTH = 50;
/** Parts of the vector index that are looked at; more of them when these have too little that a filter lets through. */
const PROBES = 20;
/** A question with a number in it names something: a part, an error, a version. Words know those, meanings hardly do. */
const HAS_CODE = /\p{N}/u;
const WEIGHT_OF_CODE = 2;
const COLUMNS = ['file_id', 'index_id', 'seq', 'text'];

/** What takes longer hangs, and is to be tried again or given up by whoever asked: nobody may wait for it for ever. */
const LONGEST_MS = 120_000;
const LONGEST_UPKEEP_MS = 900_000;

const MOST_ATTEMPTS = 12;
const LONGEST_PAUSE_MS = 1000;

export function makeLanceIndex(ground: Ground): SearchIndex {
  const tables = new Tables(ground);

  /** Again, with the table opened anew, while others change it under our hands. */
  async function attempt<T>(place: StorePlace, act: (isRepeated: boolean) => Promise<T>, longestMs = LONGEST_MS): Promise<T> {
    for (let attempts = 1; ; attempts++) {
      try {
        return await inTime(longestMs, act(attempts > 1));
      } catch (error) {
        tables.forget(place);
        if (attempts === MOST_ATTEMPTS || !isPassing(error)) throw error;
        await pause(Math.min(10 * 2 ** attempts, LONGEST_PAUSE_MS) * Math.random());
      }
    }
  }

  const withTable = <T>(place: StorePlace, without: T, act: (open: OpenTable) => Promise<T>, longestMs?: number): Promise<T> =>
    attempt(
      place,
      async () => {
        const open = await tables.get(place);
        return open ? act(open) : without;
      },
      longestMs,
    );

  return {
    add: (place, entry, chunks) =>
      attempt(place, async (isRepeated) => {
        if (chunks.length === 0) return;
        const open = await tables.getOrMake(place);
        await ensureIndexes(open);
        // An attempt that failed may have been carried out all the same.
        if (isRepeated && (await countOf(open, entry, chunks)) > 0) return;
        await ensureVectors(open, chunks);
        await open.table.add(toTable(open, entry, chunks, open.vectorLength));
      }),
    standing: (place, indexId) =>
      withTable(place, { chunks: 0, lastSeq: -1 }, async ({ table }) => {
        const rows = (await table.query().where(isEntry(indexId)).select(['seq']).toArray()) as { seq: number }[];
        return { chunks: rows.length, lastSeq: rows.reduce((last, { seq }) => Math.max(last, seq), -1) };
      }),
    remove: (place, indexId) =>
      withTable(place, undefined, async ({ table }) => {
        if ((await table.countRows(isEntry(indexId))) > 0) await table.delete(isEntry(indexId));
      }),
    drop: (place) => tables.drop(place),
    search: (place, query) => withTable(place, [], (open) => search(open, query)),
    read: (place, indexId, fromSeq, limit) =>
      withTable(place, [], async ({ table }) => {
        const rows: unknown[] = await table.query().where(`${isEntry(indexId)} AND seq >= ${fromSeq} AND seq < ${fromSeq + limit}`).select(['seq', 'text', 'overlap']).toArray();
        return rows.map((row) => ChunkRow.parse(row)).sort((a, b) => a.seq - b.seq);
      }),
    tidy: (place) => withTable(place, undefined, (open) => oneAtATime(() => inTime(LONGEST_UPKEEP_MS, tidyTable(open))), 2 * LONGEST_UPKEEP_MS),
  };
}

const text = (value: string): string => `'${value.replaceAll("'", "''")}'`;
const isEntry = (indexId: string): string => `index_id = ${text(indexId)}`;

const countOf = ({ table }: OpenTable, { indexId }: Entry, chunks: readonly Chunk[]): Promise<number> =>
  table.countRows(`${isEntry(indexId)} AND seq >= ${chunks[0]?.seq ?? 0} AND seq <= ${chunks.at(-1)?.seq ?? 0}`);

/** Gives the table its column of vectors with the first of them. */
async function ensureVectors(open: OpenTable, chunks: readonly Chunk[]): Promise<void> {
  const length = chunks.find(({ vector }) => vector !== undefined)?.vector?.length;
  if (length === undefined) return;
  open.vectorLength ??= await vectorLengthOf(open.table);
  if (open.vectorLength === undefined) {
    await open.table.addColumns([{ name: 'vector', valueSql: `arrow_cast(NULL, 'FixedSizeList(${length}, Float32)')` }]);
    open.vectorLength = length;
  }
  const other = chunks.find(({ vector }) => vector !== undefined && vector.length !== open.vectorLength)?.vector;
  if (other) throw new Error(`vectors of ${other.length} numbers in an index of ${open.vectorLength}`);
}

async function search(open: OpenTable, { text: asked, vector, limit, fileIds }: IndexQuery) {
  if (limit < 1 || fileIds?.length === 0) return [];
  const depth = Math.max(LEAST_DEPTH, limit * 2);
  const only = fileIds && `file_id IN (${fileIds.map(text).join(',')})`;
  const words = wordsOf(asked);
  const [near, worded] = await Promise.all([vector && byMeaning(open, vector, depth, only), words === '' ? undefined : byWords(open, words, depth, only)]);
  const found = (way: Found['way'], rows: Row[] | undefined, weight: number): Found[] => (rows ? [{ way, rows, weight, isCut: rows.length === depth }] : []);
  return fuse([...found('meaning', near, 1), ...found('words', worded, HAS_CODE.test(words) ? WEIGHT_OF_CODE : 1)], limit);
}

/** Undefined where there are no vectors to look at. */
async function byMeaning(open: OpenTable, vector: Float32Array, depth: number, only: string | undefined): Promise<Row[] | undefined> {
  open.vectorLength ??= await vectorLengthOf(open.table);
  const unit = toUnit(vector);
  if (open.vectorLength === undefined || !unit) return undefined;
  if (unit.length !== open.vectorLength) throw new Error(`a vector of ${unit.length} numbers for an index of ${open.vectorLength}`);
  const near = open.table.query().nearestTo(unit).column('vector').distanceType('l2');
  // To be ready for more costs twice the time, also where these have enough.
  return rowsOf(only === undefined ? near.nprobes(PROBES) : near.minimumNprobes(PROBES).maximumNprobes(MOST_PARTS), '_distance', depth, only);
}

async function byWords({ table, lance: { MatchQuery } }: OpenTable, words: string, depth: number, only: string | undefined): Promise<Row[]> {
  try {
    return await rowsOf(table.query().fullTextSearch(new MatchQuery(words, 'text')), '_score', depth, only);
  } catch (error) {
    // A table just made, to which nothing has been added yet.
    if (says(error, /inverted index/i)) return [];
    throw error;
  }
}

async function rowsOf(query: Query | VectorQuery, score: '_distance' | '_score', depth: number, only: string | undefined): Promise<Row[]> {
  const limited = query.select([...COLUMNS, score]).limit(depth);
  const rows: unknown[] = await (only === undefined ? limited : limited.where(only)).toArray();
  return rows.map((row) => Row.parse(row));
}

/** Others have changed or removed what was being read, or have written at the same time. */
const isPassing = (error: unknown): boolean => isMissing(error) || says(error, /conflict|concurrent|already exists|precondition|retry/i);

async function inTime<T>(ms: number, work: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`the search index has not answered for ${ms / 1000} seconds`)), ms);
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

let last: Promise<unknown> = Promise.resolve();

/** Upkeep takes memory, and threads that another one would wait for. */
function oneAtATime<T>(act: () => Promise<T>): Promise<T> {
  const mine = last.then(act, act);
  last = mine.catch(() => undefined);
  return mine;
}
