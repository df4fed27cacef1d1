import { settledIn } from '../../domain/file-counts.ts';
import type { VectorStore, VectorStoreFile } from '../../domain/vector-store.ts';
import { type Write, update } from '../../ports/commit.ts';
import { keys } from '../../ports/store.ts';
import type { World } from '../../ports/world.ts';

type Place = Pick<VectorStore, 'projectId' | 'id'>;
type Settled = Exclude<VectorStoreFile['status'], 'in_progress'>;

export interface BatchMove {
  before?: VectorStoreFile | undefined;
  after?: VectorStoreFile | undefined;
}

/** What batches must write down when files of theirs, which were in progress, are so no more, or are another batch's now. */
export async function settleBatches({ store }: Pick<World, 'store'>, { projectId, id }: Place, moves: readonly BatchMove[]): Promise<Write[]> {
  const ended = new Map<string, Settled[]>();
  for (const { before, after } of moves) {
    if (before?.status !== 'in_progress' || before.batchId === undefined) continue;
    const status = statusFor(before.batchId, after);
    if (status) ended.set(before.batchId, [...(ended.get(before.batchId) ?? []), status]);
  }
  const writes = await Promise.all(
    [...ended].map(async ([batchId, statuses]) => {
      const batch = await store.get(keys.fileBatch(projectId, id, batchId));
      if (!batch) return [];
      const counts = statuses.reduce((sum, status) => settledIn(sum, status), batch.counts);
      return [update('file_batch', batch, { ...batch, counts })];
    }),
  );
  return writes.flat();
}

function statusFor(batchId: string, after: VectorStoreFile | undefined): Settled | undefined {
  if (after?.batchId !== batchId) return 'cancelled';
  return after.status === 'in_progress' ? undefined : after.status;
}
