import { expect, it } from '@jest/globals';
import { cancelFilesOf } from '../../shared/actions/vector-stores/cancel-batch.ts';
import { aFileBatch, aStoreFile } from '../support/file-records.ts';
import { bareWorld } from './bare-world.ts';

it('a cancelled batch whose store is being deleted is left to that', async () => {
  const batch = aFileBatch({ isCancelled: true });
  const file = aStoreFile({ status: 'in_progress', batchId: batch.id, vectorStoreId: batch.vectorStoreId });
  let pages = 0;
  const world = bareWorld({
    store: {
      get: async ({ kind }) => (kind === 'file_batch' ? batch : kind === 'vector_store_file' ? file : undefined) as never,
      page: async () => {
        // Without an end it would keep this process from everything else, this test's own time limit included.
        if (++pages > 3) throw new Error('it looks again and again');
        return { items: [file] as never[], hasMore: false };
      },
    },
  });
  await cancelFilesOf(world, batch);
  expect(pages).toBe(1);
});
