import { withMoves } from '../../domain/file-counts.ts';
import type { VectorStore, VectorStoreFile } from '../../domain/vector-store.ts';
import { type Scheduled, type Write, remove, retryOnConflict, update } from '../../ports/commit.ts';
import { inTurn } from '../../ports/in-turn.ts';
import { keys } from '../../ports/store.ts';
import type { World } from '../../ports/world.ts';
import { settleBatches } from './settle-batches.ts';

export interface FileKey {
  projectId: string;
  vectorStoreId: string;
  fileId: string;
}

/** What a file of a store becomes: absent for one that is taken out of it. */
export interface FileDecision {
  after?: VectorStoreFile | undefined;
  /** Of the store as it is after that. */
  jobs?: (store: VectorStore) => Scheduled[];
}

export type Decide = (file: VectorStoreFile, store: VectorStore | undefined) => FileDecision | undefined;

/**
 * Changes one file of a store, and with it, in the same commit, the counts of its store and of its batch. `decide` is asked again after a conflict, and answers
 * undefined when there is nothing to do. Resolves to the file as it was decided on, undefined when there is none. A store that is gone is no more counted in.
 */
export function changeFile(world: World, key: FileKey, name: string, decide: Decide): Promise<VectorStoreFile | undefined> {
  const { projectId, vectorStoreId, fileId } = key;
  const attempt = async () => {
    const [store, file] = await Promise.all([world.store.get(keys.vectorStore(projectId, vectorStoreId)), world.store.get(keys.vectorStoreFile(projectId, vectorStoreId, fileId))]);
    const decision = file && decide(file, store);
    if (!decision) return file;
    const { after, jobs } = decision;
    const changed = store && withMoves(store, [{ before: file, after }]);
    const writes: Write[] = [
      ...(after ? [update('vector_store_file', file, after)] : await removal(world, file)),
      ...(changed ? [update('vector_store', store, changed)] : []),
      ...(await settleBatches(world, { projectId, id: vectorStoreId }, [{ before: file, after }])),
    ];
    await world.commit({ name, writes, jobs: (changed && jobs?.(changed)) ?? [] });
    return file;
  };
  // All that is done to the files of a store changes the store: within a process one waits for the other.
  return inTurn(`vector store ${vectorStoreId}`, () => retryOnConflict(attempt));
}

/** The record of a file in a store and its place go together. */
export async function removal(world: World, file: VectorStoreFile): Promise<Write[]> {
  const place = await world.store.get(keys.filePlace(file.projectId, file.id, file.vectorStoreId));
  return [remove('vector_store_file', file), ...(place ? [remove('file_place', place)] : [])];
}
