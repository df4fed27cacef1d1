/** Brings one file of a vector store into the search index. */
import { LOOK_AGAIN_MS, awaitCommit } from '../actions/await-commit.ts';
import { readContent } from '../actions/read-content.ts';
import { MOST_FILE_BYTES } from '../domain/file.ts';
import { type VectorStore, isStoreExpired } from '../domain/vector-store.ts';
import { DocumentError } from '../ports/documents.ts';
import { type Job, MAX_ATTEMPTS, type Outcome } from '../ports/queue.ts';
import { keys } from '../ports/store.ts';
import type { World } from '../ports/world.ts';
import { TooManyTokensError } from '../tools/chunker.ts';
import { cancelFile, completeFile, failFile } from './end-file.ts';
import { type FileAtWork, FileHold, leaseFile } from './file-hold.ts';
import { SERVER_ERROR, TOO_LARGE, whatIsWrong } from './file-errors.ts';
import { newLease } from './hold.ts';
import { Interrupt } from './interrupt.ts';
import { type Written, writeChunks } from './write-chunks.ts';

const DONE: Outcome = { done: true };
const AGAIN_NOW: Outcome = { done: false, againInMs: 0 };

type IndexFile = Extract<Job, { type: 'index-file' }>;

/** Looks what is left to do for the file and does it. Rejects when it has to be tried again; gives up for good when that was often enough. */
export async function indexFile(world: World, job: IndexFile, attempt: number, giveBack?: AbortSignal): Promise<Outcome> {
  const { projectId, vectorStoreId, fileId, indexId } = job;
  const place = { projectId, vectorStoreId };
  const [store, file] = await Promise.all([world.store.get(keys.vectorStore(projectId, vectorStoreId)), world.store.get(keys.vectorStoreFile(projectId, vectorStoreId, fileId))]);
  const nowMs = world.clock.nowMs();
  const isHere = store !== undefined && file?.indexId === indexId;
  if (attempt > MAX_ATTEMPTS) {
    if (isHere) await failFile(world, job, SERVER_ERROR);
    return DONE;
  }
  if (!isHere) return forgotten(world, job, store);
  if (isStoreExpired(store, nowMs)) {
    await cancelFile(world, job);
    if (store.isDropped === true) await world.index.drop(place);
    return DONE;
  }
  if (file.status !== 'in_progress') {
    // Whoever was at it when it was cancelled may have added something after that was taken out.
    if (file.status !== 'completed') await world.index.remove(place, indexId);
    return DONE;
  }
  const leaseLeftMs = file.lease && !world.isGone(file.lease.owner) ? file.lease.untilMs - nowMs : 0;
  if (leaseLeftMs > 0) return { done: false, againInMs: leaseLeftMs };
  if (giveBack?.aborted) return AGAIN_NOW;
  const held = await leaseFile(world, file, newLease(world));
  return held ? work(world, job, store, held, giveBack) : AGAIN_NOW;
}

/**
 * The file is not to be indexed, or not any more; or the commit that says so is still to come, and then nothing of it is in the index. What a worker has put there that
 * did not know goes now: the job that removes it may have been there before. A store that may yet come is left alone: others of its files may be in its index already.
 */
async function forgotten(world: World, { projectId, vectorStoreId, indexId, dueMs }: IndexFile, store: VectorStore | undefined): Promise<Outcome> {
  const place = { projectId, vectorStoreId };
  const outcome = awaitCommit(world.clock.nowMs() - dueMs);
  if (store?.isDropped === true || (!store && outcome.done)) await world.index.drop(place);
  else await world.index.remove(place, indexId);
  return outcome;
}

async function work(world: World, job: IndexFile, store: VectorStore, file: FileAtWork, giveBack: AbortSignal | undefined): Promise<Outcome> {
  const hold = new FileHold(world, file, giveBack);
  try {
    const written = await index(world, store, file, hold.signal);
    if (await completeFile(world, job, written)) return DONE;
    await leaveNothing(world, job);
    return AGAIN_NOW;
  } catch (error) {
    if (error instanceof DocumentError || error instanceof TooManyTokensError) {
      await failFile(world, job, whatIsWrong(error));
      return DONE;
    }
    await free(world, job);
    if (error instanceof Interrupt && error.why === 'given back') return AGAIN_NOW;
    const isWanted = await leaveNothing(world, job);
    // What goes wrong because the index was taken away under it is no failure.
    if (isWanted && !(error instanceof Interrupt)) throw error;
    return { done: false, againInMs: LOOK_AGAIN_MS };
  } finally {
    hold.release();
  }
}

async function index(world: World, store: VectorStore, file: FileAtWork, signal: AbortSignal): Promise<Written> {
  const place = { projectId: file.projectId, vectorStoreId: file.vectorStoreId };
  const content = await world.store.get(keys.file(file.projectId, file.id));
  if (!content) throw new DocumentError('invalid_file', 'The file was deleted before it could be processed.');
  // An upload may become a larger file; nothing of it need be read to know that.
  if (content.bytes > MOST_FILE_BYTES) throw new DocumentError('invalid_file', TOO_LARGE);
  const refused = world.documents.refuses(file.filename);
  if (refused) throw refused;
  const lastSeq = await standing(world, file);
  const text = world.documents.read(file.filename, readContent(world, content), signal);
  const written = await writeChunks(world, file, text, { store, lastSeq, mostTokens: world.config.mostFileTokens, signal });
  if (written.chunks === 0) throw new DocumentError('invalid_file', 'The file has no text in it.');
  const found = await world.index.standing(place, file.indexId);
  if (found.chunks === written.chunks && found.lastSeq === written.chunks - 1) return written;
  // Another worker took this one for dead, and has written beside it.
  await world.index.remove(place, file.indexId);
  throw new Error(`${found.chunks} chunks of ${file.id} are in the index instead of ${written.chunks}`);
}

/** Up to which chunk an earlier worker came. What is there twice is removed: all begins anew. */
async function standing(world: World, { projectId, vectorStoreId, indexId }: FileAtWork): Promise<number> {
  const place = { projectId, vectorStoreId };
  const { chunks, lastSeq } = await world.index.standing(place, indexId);
  if (chunks === 0) return -1;
  if (chunks === lastSeq + 1) return lastSeq;
  await world.index.remove(place, indexId);
  return -1;
}

/** Whether the file is to be indexed still. If not, what this worker has put there goes, where nobody else will see to that: with a store that was deleted it would stay for ever. */
async function leaveNothing(world: World, { projectId, vectorStoreId, fileId, indexId }: IndexFile): Promise<boolean> {
  const place = { projectId, vectorStoreId };
  const [store, file] = await Promise.all([world.store.get(keys.vectorStore(projectId, vectorStoreId)), world.store.get(keys.vectorStoreFile(projectId, vectorStoreId, fileId))]);
  if (!store) await world.index.drop(place);
  else if (file?.indexId !== indexId) await world.index.remove(place, indexId);
  return store !== undefined && store.isDropped !== true && file?.indexId === indexId && file.status === 'in_progress';
}

/** A lease that nobody uses must not keep the next attempt waiting. */
async function free(world: World, { projectId, vectorStoreId, fileId, indexId }: IndexFile): Promise<void> {
  const stored = await world.store.get(keys.vectorStoreFile(projectId, vectorStoreId, fileId));
  if (stored?.status === 'in_progress' && stored.indexId === indexId && stored.lease?.owner === world.owner) await leaseFile(world, stored, undefined);
}
