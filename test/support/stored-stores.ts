/** What a data folder holds of vector stores: records, and rows of the index beside them. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { connect } from '@lancedb/lancedb';
import { FilePlace } from '../../shared/domain/file.ts';
import { FileBatch, VectorStore, VectorStoreFile } from '../../shared/domain/vector-store.ts';
import { folderOf } from '../../shared/search/place.ts';

export interface StoredStores {
  stores: VectorStore[];
  files: VectorStoreFile[];
  batches: FileBatch[];
  places: FilePlace[];
}

export function storedStores(dataDir: string): StoredStores {
  const db = new DatabaseSync(join(dataDir, 'threadkeep.db'), { readOnly: true, timeout: 5000 });
  try {
    // One snapshot: the server goes on writing meanwhile.
    db.exec('BEGIN');
    const bodies = (table: string): unknown[] => db.prepare(`SELECT body FROM ${table} ORDER BY id`).all().map((row) => JSON.parse(String(row['body'])) as unknown);
    return {
      stores: bodies('vector_store').map((body) => VectorStore.parse(body)),
      files: bodies('vector_store_file').map((body) => VectorStoreFile.parse(body)),
      batches: bodies('file_batch').map((body) => FileBatch.parse(body)),
      places: bodies('file_place').map((body) => FilePlace.parse(body)),
    };
  } finally {
    db.close();
  }
}

const indexFolder = (dataDir: string, vectorStoreId: string, projectId: string): string => join(dataDir, 'index', folderOf({ projectId, vectorStoreId }));

/** Anything at all of the store's index. */
export const hasIndex = (dataDir: string, vectorStoreId: string, projectId = 'proj_default'): boolean => existsSync(indexFolder(dataDir, vectorStoreId, projectId));

/** How many chunks the index of the store holds of what, by the ids that they were added under. */
export async function indexedChunks(dataDir: string, vectorStoreId: string, projectId = 'proj_default'): Promise<Record<string, number>> {
  const connection = await connect(indexFolder(dataDir, vectorStoreId, projectId), { readConsistencyInterval: 0 });
  const table = await connection.openTable('chunks');
  const counts: Record<string, number> = {};
  for (const { index_id } of (await table.query().select(['index_id']).toArray()) as { index_id: string }[]) counts[index_id] = (counts[index_id] ?? 0) + 1;
  table.close();
  connection.close();
  return counts;
}

/** What the index should hold by the records. */
export const chunksByRecords = ({ files }: StoredStores): Record<string, number> => Object.fromEntries(files.flatMap((file) => (file.status === 'completed' ? [[file.indexId, file.chunks]] : [])));
