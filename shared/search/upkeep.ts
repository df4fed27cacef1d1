/** What makes searches fast and deleted text go. */
import type { Table } from '@lancedb/lancedb';
import { toTable } from './rows.ts';
import { type OpenTable, vectorLengthOf } from './tables.ts';

/** Below so many bytes of vectors they are all looked at, which is exact, and takes 10 ms at most. */
const LARGE_BYTES = 10 * 1024 * 1024;
/** About so many vectors are a part of the vector index. */
const ROWS_OF_PART = 400;
export const MOST_PARTS = 1024;
/** So many more parts than it has make the index worth building anew. */
const GROWN = 4;
const BYTES_OF_NUMBER = 4;
const MOST_ROUNDS = 3;
/** Enough to find the parts' centres. */
const SAMPLES_OF_PART = 64;
const ROUNDS = 20;

const VECTORS = /^vectors_(\d+)$/;

/** The indexes that every table has. Resolves when they are there; several processes may see to it at once. */
export async function ensureIndexes({ table, lance: { Index } }: OpenTable): Promise<void> {
  const there = new Set((await table.listIndices()).flatMap(({ columns }) => columns));
  if (!there.has('text')) await table.createIndex('text', { config: Index.fts({ withPosition: false, stem: true, removeStopWords: true, asciiFolding: true, maxTokenLength: 64 }) });
  if (!there.has('index_id')) await table.createIndex('index_id', { config: Index.btree() });
  if (!there.has('file_id')) await table.createIndex('file_id', { config: Index.btree() });
}

/** True when some rows are in none of the indexes, or were deleted and are still on disk. */
async function isUntidy({ table }: OpenTable): Promise<boolean> {
  const [indices, versions] = await Promise.all([table.listIndices(), table.listVersions()]);
  return versions.length > 1 || indices.some(({ numUnindexedRows }) => (numUnindexedRows ?? 0) > 0);
}

export async function tidyTable(open: OpenTable): Promise<void> {
  if (!(await isUntidy(open))) return;
  const { table } = open;
  let isHoled = (await deletedRows(table)) > 0;
  if (isHoled) await addNeighbour(open);
  await table.optimize();
  // Rows are rewritten together only when the same indexes know all of them, so a further time does what the first could not.
  for (let rounds = 1; isHoled && rounds < MOST_ROUNDS; rounds++) {
    await table.optimize();
    isHoled = (await deletedRows(table)) > 0;
  }
  await ensureVectorIndex(open);
  // Now nothing but versions before this one has what was deleted.
  await table.optimize({ cleanupOlderThan: new Date() });
}

async function deletedRows(table: Table): Promise<number> {
  const newest = (await table.listVersions()).reduce((a, b) => (a.version > b.version ? a : b));
  return Number(newest.metadata['total_deletion_file_rows'] ?? 0);
}

/** Rows that share a file with a few deleted ones are rewritten, without those, only together with rows of a neighbour: this is one, with nothing in it. */
async function addNeighbour(open: OpenTable): Promise<void> {
  const { table } = open;
  await table.delete("index_id = ''");
  await table.add(toTable(open, { fileId: '', indexId: '' }, [{ seq: 0, text: '', overlap: 0 }], await vectorLengthOf(table)));
}

async function ensureVectorIndex({ table, vectorLength, lance: { Index } }: OpenTable): Promise<void> {
  if (vectorLength === undefined) return;
  const rows = await table.countRows();
  if (rows * vectorLength * BYTES_OF_NUMBER < LARGE_BYTES) return;
  const wanted = Math.min(MOST_PARTS, Math.ceil(rows / ROWS_OF_PART));
  const names = (await table.listIndices()).map(({ name }) => name).filter((name) => VECTORS.test(name));
  const parts = Math.max(0, ...names.map((name) => Number(VECTORS.exec(name)?.[1])));
  if (parts * GROWN > wanted) return;
  for (const name of names) await table.dropIndex(name);
  if ((await table.countRows('vector IS NOT NULL')) < wanted * 2) return;
  const config = Index.ivfFlat({ distanceType: 'l2', numPartitions: wanted, sampleRate: SAMPLES_OF_PART, maxIterations: ROUNDS });
  await table.createIndex('vector', { config, name: `vectors_${wanted}` });
}
