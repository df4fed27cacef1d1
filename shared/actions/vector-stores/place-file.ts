import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { NotFoundError } from '../../domain/errors.ts';
import type { File } from '../../domain/file.ts';
import { AUTO_CHUNKING, type FileToAdd, type VectorStore, type VectorStoreFile } from '../../domain/vector-store.ts';
import { type Scheduled, type Write, create, update } from '../../ports/commit.ts';
import { keys } from '../../ports/store.ts';
import type { World } from '../../ports/world.ts';
import { indexJob, unindexJob } from './jobs.ts';

/** A file that is to be added, its own record, and its record in the store if it has one there. */
export interface Known {
  add: FileToAdd;
  file: File;
  before?: VectorStoreFile | undefined;
}

const READ_AT_ONCE = 100;

/** Reads all that is known of these files, each of them once: of several that name the same, the last says how. */
export async function readKnown(world: World, store: VectorStore, files: readonly FileToAdd[]): Promise<Known[]> {
  const wanted = [...new Map(files.map((add) => [add.fileId, add])).values()];
  const found: Known[] = [];
  for (let at = 0; at < wanted.length; at += READ_AT_ONCE) {
    found.push(...(await Promise.all(wanted.slice(at, at + READ_AT_ONCE).map((add) => readOne(world, store, add)))));
  }
  return found;
}

async function readOne({ store: records }: World, { projectId, id }: VectorStore, add: FileToAdd): Promise<Known> {
  const [file, before] = await Promise.all([records.get(keys.file(projectId, add.fileId)), records.get(keys.vectorStoreFile(projectId, id, add.fileId))]);
  if (!file) throw new NotFoundError('file', add.fileId);
  return { add, file, before };
}

export interface Placed {
  after: VectorStoreFile;
  writes: Write[];
  jobs: Scheduled[];
}

/**
 * What adding a file comes to. One that is in the store stays as it is but for what is said otherwise; if that is how it is cut, or if it had failed, it
 * is indexed anew. Its batch is the newest that it came with.
 */
export function placeFile({ add, file, before }: Known, { storeId, batchId, nowMs }: { storeId: string; batchId?: string; nowMs: number }): Placed {
  if (before && isKept(before, add)) return kept(before, add, batchId);
  const fresh: VectorStoreFile = {
    id: file.id,
    projectId: file.projectId,
    vectorStoreId: storeId,
    rev: before?.rev ?? 0,
    createdAtMs: before?.createdAtMs ?? nowMs,
    filename: file.filename,
    attributes: add.attributes ?? before?.attributes ?? {},
    chunking: add.chunking ?? before?.chunking ?? AUTO_CHUNKING,
    indexId: randomUUID(),
    fileExpiresAtMs: file.removeAfterMs,
    batchId,
    status: 'in_progress',
  };
  // A file that is being deleted at this moment must not get a place that nobody would find any more.
  const isThere: Write = { op: 'check', key: keys.file(file.projectId, file.id), expectRev: file.rev };
  const writes: Write[] = before
    ? [update('vector_store_file', before, fresh), isThere]
    : [create('vector_store_file', fresh), create('file_place', { id: storeId, projectId: file.projectId, fileId: file.id, rev: 0 }), isThere];
  return { after: fresh, writes, jobs: [indexJob(fresh, nowMs), ...(before ? [unindexJob(before, nowMs)] : [])] };
}

const isKept = (before: VectorStoreFile, { chunking }: FileToAdd): boolean =>
  (before.status === 'in_progress' || before.status === 'completed') && (chunking === undefined || isDeepStrictEqual(chunking, before.chunking));

function kept(before: VectorStoreFile, { attributes }: FileToAdd, batchId: string | undefined): Placed {
  const after = { ...before, attributes: attributes ?? before.attributes, batchId: batchId ?? before.batchId };
  const isSame = after.batchId === before.batchId && isDeepStrictEqual(after.attributes, before.attributes);
  return { after, writes: isSame ? [] : [update('vector_store_file', before, after)], jobs: [] };
}
