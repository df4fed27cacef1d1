/** The ways in which the indexing of a file ends: its record, its store's counts and its batch's, in one commit. */
import { changeFile } from '../actions/vector-stores/change-file.ts';
import { cancelled } from '../actions/vector-stores/cancel-batch.ts';
import { tidyJobs, unindexJob } from '../actions/vector-stores/jobs.ts';
import type { FileError, VectorStoreFile } from '../domain/vector-store.ts';
import type { Job } from '../ports/queue.ts';
import type { World } from '../ports/world.ts';
import type { FileAtWork } from './file-hold.ts';
import type { Written } from './write-chunks.ts';

type IndexFile = Extract<Job, { type: 'index-file' }>;

/** False when the file is no longer this worker's to complete. */
export async function completeFile(world: World, job: IndexFile, { usageBytes, chunks }: Written): Promise<boolean> {
  const isEnded = await end(world, job, 'complete-file', (file) => (file.lease?.owner === world.owner ? { ...withoutLease(file), status: 'completed', usageBytes, chunks } : undefined));
  if (isEnded) world.log.info('file_indexed', { vectorStoreId: job.vectorStoreId, fileId: job.fileId, chunks });
  return isEnded;
}

export async function failFile(world: World, job: IndexFile, lastError: FileError): Promise<void> {
  const isEnded = await end(world, job, 'fail-file', (file) => ({ ...withoutLease(file), status: 'failed', lastError }));
  if (isEnded) world.log.info('file_refused', { vectorStoreId: job.vectorStoreId, fileId: job.fileId, code: lastError.code });
}

export const cancelFile = (world: World, job: IndexFile): Promise<boolean> => end(world, job, 'cancel-file', cancelled);

async function end(world: World, job: IndexFile, name: string, to: (file: FileAtWork) => VectorStoreFile | undefined): Promise<boolean> {
  let isEnded = false;
  await changeFile(world, job, name, (file) => {
    const after = file.status === 'in_progress' && file.indexId === job.indexId ? to(file) : undefined;
    isEnded = after !== undefined;
    if (!after) return undefined;
    const nowMs = world.clock.nowMs();
    return { after, jobs: (store) => (after.status === 'completed' ? tidyJobs(store, nowMs) : [unindexJob(after, nowMs), ...tidyJobs(store, nowMs)]) };
  });
  return isEnded;
}

function withoutLease(file: FileAtWork): Omit<FileAtWork, 'status' | 'lease'> {
  const { lease: _, status: __, ...rest } = file;
  return rest;
}
