import type { FileBatch, FileToAdd, VectorStoreFile } from '../../domain/vector-store.ts';
import { retryOnConflict } from '../../ports/commit.ts';
import { inTurn } from '../../ports/in-turn.ts';
import type { World } from '../../ports/world.ts';
import { findVectorStore } from '../find.ts';
import { type Plan, planFiles } from './plan.ts';

/** Adds one file to a store. */
export async function attachFile(world: World, projectId: string, storeId: string, add: FileToAdd): Promise<VectorStoreFile> {
  const { files } = await addFiles(world, projectId, storeId, 'attach-file', [add], { param: 'file_id' });
  const [file] = files;
  if (!file) throw new Error('a file that was added is nowhere');
  return file;
}

/** Adds many files to a store; a job writes their records. */
export async function createBatch(world: World, projectId: string, storeId: string, files: readonly FileToAdd[], param: string): Promise<FileBatch> {
  const { batch } = await addFiles(world, projectId, storeId, 'create-file-batch', files, { viaBatch: true, param });
  if (!batch) throw new Error('a batch that was made is nowhere');
  return batch;
}

function addFiles(world: World, projectId: string, storeId: string, name: string, files: readonly FileToAdd[], options: Parameters<typeof planFiles>[3]): Promise<Plan> {
  const attempt = async () => {
    const plan = await planFiles(world, await findVectorStore(world, projectId, storeId), files, options);
    await world.commit({ name, writes: plan.writes, jobs: plan.jobs, timers: plan.timers });
    return plan;
  };
  return inTurn(`vector store ${storeId}`, () => retryOnConflict(attempt));
}
