/** Writes the records of a batch's files, a piece at a time. */
import { settledIn, withMoves } from '../../domain/file-counts.ts';
import { type FileBatch, type PendingFile, type VectorStore, isStoreExpired } from '../../domain/vector-store.ts';
import { type Scheduled, type Write, retryOnConflict, update } from '../../ports/commit.ts';
import { inTurn } from '../../ports/in-turn.ts';
import { type Job, MAX_ATTEMPTS, type Outcome } from '../../ports/queue.ts';
import { keys } from '../../ports/store.ts';
import type { World } from '../../ports/world.ts';
import { awaitCommit } from '../await-commit.ts';
import { abandoned, unreserve } from './abandon-batch.ts';
import { cancelFilesOf } from './cancel-batch.ts';
import { placeFile } from './place-file.ts';
import { settleBatches } from './settle-batches.ts';

const DONE: Outcome = { done: true };

/** At most four writes each, store and batch beside them: a commit takes a hundred. */
const PIECE = 24;

type ExpandJob = Extract<Job, { type: 'expand-batch' }>;

/** Brings a batch to where nothing of it is pending. Goes on where it stopped; when `giveBack` aborts it leaves the rest to the next. */
export async function expandBatch(world: World, job: ExpandJob, attempt: number, giveBack?: AbortSignal): Promise<Outcome> {
  const { projectId, vectorStoreId, batchId } = job;
  for (;;) {
    const batch = await world.store.get(keys.fileBatch(projectId, vectorStoreId, batchId));
    if (!batch) return awaitCommit(world.clock.nowMs() - job.dueMs);
    if (batch.isCancelled) {
      await cancelFilesOf(world, batch);
      return DONE;
    }
    if (batch.pending.length === 0) return DONE;
    if (giveBack?.aborted) return { done: false, againInMs: 0 };
    const isGoingOn = await inTurn(`vector store ${vectorStoreId}`, () => retryOnConflict(() => expandPiece(world, job, attempt > MAX_ATTEMPTS)));
    if (!isGoingOn) return DONE;
  }
}

/** False when the store is gone. Whatever cannot be added any more is settled for the batch, so that it comes to its end. */
async function expandPiece(world: World, { projectId, vectorStoreId, batchId }: ExpandJob, isGivenUp: boolean): Promise<boolean> {
  const [store, batch] = await Promise.all([world.store.get(keys.vectorStore(projectId, vectorStoreId)), world.store.get(keys.fileBatch(projectId, vectorStoreId, batchId))]);
  if (!store || !batch) return false;
  if (batch.isCancelled || batch.pending.length === 0) return true;
  if (isGivenUp || isStoreExpired(store, world.clock.nowMs())) {
    await world.commit({ name: 'abandon-batch', writes: abandoned(store, batch, isGivenUp ? 'failed' : 'cancelled') });
    return true;
  }
  const { writes, jobs } = await piece(world, store, batch);
  await world.commit({ name: 'expand-batch', writes, jobs });
  return true;
}

async function piece(world: World, store: VectorStore, batch: FileBatch): Promise<{ writes: Write[]; jobs: Scheduled[] }> {
  const nowMs = world.clock.nowMs();
  const now = batch.pending.slice(0, PIECE);
  const known = await Promise.all(now.map((add) => readPending(world, store, add)));
  const placed = known.map(({ add, file, before }) => {
    // Deleted since the batch was made.
    if (!file) return { before, after: before, writes: [], jobs: [], status: 'failed' as const };
    const { after, writes, jobs } = placeFile({ add, file, before }, { storeId: store.id, batchId: batch.id, nowMs });
    return { before, after, writes, jobs, status: after.status };
  });
  let { counts } = batch;
  for (const { status } of placed) if (status !== 'in_progress') counts = settledIn(counts, status);
  return {
    writes: [
      update('vector_store', store, withMoves(unreserve(store, now), placed)),
      update('file_batch', batch, { ...batch, counts, pending: batch.pending.slice(PIECE) }),
      ...(await settleBatches(world, store, placed)),
      ...placed.flatMap(({ writes }) => writes),
    ],
    jobs: placed.flatMap(({ jobs }) => jobs),
  };
}

async function readPending({ store: records }: World, { projectId, id }: VectorStore, add: PendingFile) {
  const [file, before] = await Promise.all([records.get(keys.file(projectId, add.fileId)), records.get(keys.vectorStoreFile(projectId, id, add.fileId))]);
  return { add, file, before };
}
