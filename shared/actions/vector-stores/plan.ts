/** Adding files to vector stores, as parts of a commit that may have others. */
import { withMoves, type FileMove } from '../../domain/file-counts.ts';
import { newId } from '../../domain/ids.ts';
import type { Metadata } from '../../domain/settings.ts';
import { type FileBatch, type FileToAdd, NO_FILES, type PendingFile, type VectorStore, type VectorStoreFile } from '../../domain/vector-store.ts';
import { type Scheduled, type Write, create, update } from '../../ports/commit.ts';
import type { World } from '../../ports/world.ts';
import { expandJob, expiryTimers } from './jobs.ts';
import { type Known, placeFile, readKnown } from './place-file.ts';
import { settleBatches } from './settle-batches.ts';
import { demandRoom, demandUsable } from './usable.ts';

export interface Plan {
  /** As it is after the commit. */
  store: VectorStore;
  /** What the files are added by when they are many. */
  batch?: FileBatch;
  /** Of those added one by one: each as it is after the commit. */
  files: VectorStoreFile[];
  writes: Write[];
  jobs: Scheduled[];
  timers: Scheduled[];
}

/** Up to so many are added one by one: three writes each, of the hundred that a commit may have. */
const MOST_SINGLE = 20;

export const fileToAdd = (fileId: string, how: Omit<FileToAdd, 'fileId'> = {}): FileToAdd => ({ fileId, ...how });

interface Options {
  /** Also few files are added by a batch, which takes two writes. */
  viaBatch?: boolean;
  /** What a refusal names. */
  param?: string;
}

export interface NewStore {
  name?: string | undefined;
  description?: string | undefined;
  metadata?: Metadata | undefined;
  expiresAfterDays?: number | undefined;
  files?: readonly FileToAdd[];
}

/** A vector store that is to be made, with these files in it. NotFoundError for a file that there is not. */
export async function planStore(world: World, projectId: string, { files = [], ...fields }: NewStore, options: Options = {}): Promise<Plan> {
  const nowMs = world.clock.nowMs();
  const { embedding } = world.config;
  const empty: VectorStore = {
    id: newId('vector_store', nowMs),
    projectId,
    rev: 0,
    createdAtMs: nowMs,
    name: fields.name,
    description: fields.description,
    metadata: fields.metadata ?? {},
    expiresAfterDays: fields.expiresAfterDays,
    lastActiveAtMs: nowMs,
    usageBytes: 0,
    counts: NO_FILES,
    ...(embedding && world.model.embed && { embedding }),
  };
  const { store, writes, ...plan } = await added(world, empty, files, options);
  return { ...plan, store, writes: [create('vector_store', store), ...writes], timers: expiryTimers(store, nowMs) };
}

/**
 * Files that are to be added to a store as it was read: one of the writes replaces it, so after a conflict the plan is made anew. NotFoundError for a file that
 * there is not; StoreExpiredError; InvalidRequestError when there is no room.
 */
export async function planFiles(world: World, store: VectorStore, files: readonly FileToAdd[], options: Options = {}): Promise<Plan> {
  demandUsable(world, store);
  const { store: after, writes, ...plan } = await added(world, store, files, options);
  const write = update('vector_store', store, { ...after, lastActiveAtMs: world.clock.nowMs() });
  return { ...plan, store: write.record, writes: [write, ...writes], timers: [] };
}

type Added = Omit<Plan, 'timers'>;

async function added(world: World, store: VectorStore, files: readonly FileToAdd[], { viaBatch, param = 'file_ids' }: Options): Promise<Added> {
  const known = await readKnown(world, store, files);
  demandRoom(world, store, known.filter(({ before }) => !before).length, param);
  if (known.length === 0) return { store, files: [], writes: [], jobs: [] };
  return viaBatch === true || known.length > MOST_SINGLE ? addedByBatch(world, store, known) : addedSingly(world, store, known);
}

async function addedSingly(world: World, store: VectorStore, known: readonly Known[]): Promise<Added> {
  const nowMs = world.clock.nowMs();
  const moves: FileMove[] = [];
  const plan: Omit<Added, 'store'> = { files: [], writes: [], jobs: [] };
  for (const each of known) {
    const { after, writes, jobs } = placeFile(each, { storeId: store.id, nowMs });
    moves.push({ before: each.before, after });
    plan.files.push(after);
    plan.writes.push(...writes);
    plan.jobs.push(...jobs);
  }
  plan.writes.push(...(await settleBatches(world, store, moves)));
  return { ...plan, store: withMoves(store, moves) };
}

/** The store counts the files from this commit on; their records come from the batch's job. */
function addedByBatch(world: World, store: VectorStore, known: readonly Known[]): Added {
  const nowMs = world.clock.nowMs();
  const pending = known.map(({ add, before }): PendingFile => (before ? { ...add, isThere: true } : add));
  const more = known.filter(({ before }) => !before).length;
  const batch: FileBatch = {
    id: newId('file_batch', nowMs),
    projectId: store.projectId,
    vectorStoreId: store.id,
    rev: 0,
    createdAtMs: nowMs,
    counts: { ...NO_FILES, inProgress: pending.length },
    isCancelled: false,
    pending,
  };
  const counts = { ...store.counts, inProgress: store.counts.inProgress + more };
  return { store: { ...store, counts }, batch, files: [], writes: [create('file_batch', batch)], jobs: [expandJob(batch, nowMs)] };
}
