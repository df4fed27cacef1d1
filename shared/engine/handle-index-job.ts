/** What the index queue's deliveries do. */
import { awaitCommit } from '../actions/await-commit.ts';
import { dropStore } from '../actions/vector-stores/drop-store.ts';
import { tidyJob } from '../actions/vector-stores/jobs.ts';
import { expandBatch } from '../actions/vector-stores/expand-batch.ts';
import { isStoreExpired } from '../domain/vector-store.ts';
import { type IndexJob, MAX_ATTEMPTS, type Outcome } from '../ports/queue.ts';
import { keys } from '../ports/store.ts';
import type { World } from '../ports/world.ts';
import { indexFile } from './index-file.ts';

const DONE: Outcome = { done: true };
const LATER_MS = 600_000;

/**
 * When `giveBack` aborts, what takes long is left to whoever gets the job next, which is no failed attempt. From more than MAX_ATTEMPTS on no more is tried: records are
 * brought to where nobody waits for them, and neither index nor documents are asked for anything.
 */
export async function handleIndexJob(world: World, job: IndexJob, attempt: number, giveBack?: AbortSignal): Promise<Outcome> {
  switch (job.type) {
    case 'index-file':
      return indexFile(world, job, attempt, giveBack);
    case 'expand-batch':
      return expandBatch(world, job, attempt, giveBack);
    case 'drop-store':
      return dropStore(world, job, attempt, giveBack);
    case 'unindex-file':
      // What is deleted must not stay in the index for a fault of an hour.
      return attempt > MAX_ATTEMPTS ? { done: false, againInMs: LATER_MS } : unindexFile(world, job);
    case 'tidy-index':
      return attempt > MAX_ATTEMPTS ? DONE : tidyIndex(world, job);
  }
}

/** A job may come before its commit, or without: only what no record stands for is taken out. */
async function unindexFile(world: World, { projectId, vectorStoreId, fileId, indexId, dueMs }: Extract<IndexJob, { type: 'unindex-file' }>): Promise<Outcome> {
  const file = await world.store.get(keys.vectorStoreFile(projectId, vectorStoreId, fileId));
  if (file?.indexId === indexId && (file.status === 'in_progress' || file.status === 'completed')) return awaitCommit(world.clock.nowMs() - dueMs);
  await world.index.remove({ projectId, vectorStoreId }, indexId);
  // Only now is there something to take off the disk.
  const store = await world.store.get(keys.vectorStore(projectId, vectorStoreId));
  if (store) await world.commit({ name: 'removed-from-index', writes: [], jobs: [tidyJob(store, world.clock.nowMs())] });
  // To take something out is to write: into what has been dropped meanwhile.
  else await world.index.drop({ projectId, vectorStoreId });
  return DONE;
}

async function tidyIndex(world: World, { projectId, vectorStoreId }: Extract<IndexJob, { type: 'tidy-index' }>): Promise<Outcome> {
  const place = { projectId, vectorStoreId };
  const isWanted = async () => {
    const store = await world.store.get(keys.vectorStore(projectId, vectorStoreId));
    return store !== undefined && !isStoreExpired(store, world.clock.nowMs());
  };
  if (!(await isWanted())) return DONE;
  await world.index.tidy(place);
  // Dropped meanwhile, it has files again.
  if (!(await isWanted())) await world.index.drop(place);
  return DONE;
}
