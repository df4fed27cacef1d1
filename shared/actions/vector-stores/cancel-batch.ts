import { withMoves } from '../../domain/file-counts.ts';
import type { FileBatch, VectorStoreFile } from '../../domain/vector-store.ts';
import { type Write, retryOnConflict, update } from '../../ports/commit.ts';
import { inTurn } from '../../ports/in-turn.ts';
import { keys } from '../../ports/store.ts';
import type { World } from '../../ports/world.ts';
import { findFileBatch, findVectorStore } from '../find.ts';
import { abandoned } from './abandon-batch.ts';
import { expandJob, unindexJob } from './jobs.ts';
import { settleBatches } from './settle-batches.ts';

/** In case this process dies on the way. */
const AFTER_US_MS = 5000;
/** Two writes each, store and batches beside them. */
const AT_ONCE = 25;

/** Cancels what of a batch is not in the index yet. One that has come to its end stays as it is. */
export async function cancelBatch(world: World, projectId: string, storeId: string, batchId: string): Promise<FileBatch> {
  const attempt = async () => {
    const [store, batch] = await Promise.all([findVectorStore(world, projectId, storeId), findFileBatch(world, projectId, storeId, batchId)]);
    if (batch.isCancelled || batch.counts.inProgress === 0) return batch;
    const nowMs = world.clock.nowMs();
    await world.commit({ name: 'cancel-batch', writes: abandoned(store, batch, 'cancelled'), jobs: [{ ...expandJob(batch, nowMs), dueMs: nowMs + AFTER_US_MS }] });
    return batch;
  };
  const batch = await inTurn(`vector store ${storeId}`, () => retryOnConflict(attempt));
  await cancelFilesOf(world, batch);
  return findFileBatch(world, projectId, storeId, batchId);
}

/** Cancels the files of a cancelled batch that are still in progress, page by page. */
export async function cancelFilesOf(world: World, { id, projectId, vectorStoreId }: FileBatch): Promise<void> {
  for (;;) {
    const batch = await world.store.get(keys.fileBatch(projectId, vectorStoreId, id));
    if (!batch?.isCancelled) return;
    const where = { batchId: id, status: 'in_progress' };
    const { items } = await world.store.page('vector_store_file', [projectId, vectorStoreId], { order: 'asc', limit: AT_ONCE, where });
    if (items.length === 0) return;
    // A store that is being deleted counts nothing any more; what hangs under it goes with it.
    if (!(await inTurn(`vector store ${vectorStoreId}`, () => retryOnConflict(() => cancelFiles(world, items))))) return;
  }
}

/** False when the store is gone. */
async function cancelFiles(world: World, seen: VectorStoreFile[]): Promise<boolean> {
  const [first] = seen;
  if (!first) return true;
  const { projectId, vectorStoreId } = first;
  const [store, ...files] = await Promise.all([
    world.store.get(keys.vectorStore(projectId, vectorStoreId)),
    ...seen.map(({ id }) => world.store.get(keys.vectorStoreFile(projectId, vectorStoreId, id))),
  ]);
  if (!store) return false;
  const moves = files.flatMap((before) => (before?.status === 'in_progress' && before.batchId === first.batchId ? [{ before, after: cancelled(before) }] : []));
  const writes: Write[] = [
    update('vector_store', store, withMoves(store, moves)),
    ...moves.map(({ before, after }) => update('vector_store_file', before, after)),
    ...(await settleBatches(world, store, moves)),
  ];
  if (moves.length > 0) await world.commit({ name: 'cancel-files', writes, jobs: moves.map(({ before }) => unindexJob(before, world.clock.nowMs())) });
  return true;
}

export function cancelled(file: Extract<VectorStoreFile, { status: 'in_progress' }>): VectorStoreFile {
  const { lease: _, ...rest } = file;
  return { ...rest, status: 'cancelled' };
}
