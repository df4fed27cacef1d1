import { describe, expect, test } from '@jest/globals';
import { vectors } from '../../support/scripted-model.ts';
import { type Stage, ids, pageIds } from '../stage.ts';
import { countsOf, document, found, indexed, newFiles, newStore } from '../vector-stores.ts';

export function vectorStoreBatches(use: () => Stage): void {
  describe('file batches', () => {
    test('upload files and are polled until all of them are indexed', async () => {
      const stage = use();
      const { vectorStores } = stage.client;
      const store = await vectorStores.create({});
      const [known = ''] = await newFiles(stage, { 'old.txt': 'Known already.' });

      const batch = await vectorStores.fileBatches.uploadAndPoll(store.id, { files: [document('The first.', 'a.txt'), document('The second.', 'b.txt')], fileIds: [known] });

      expect(batch).toEqual({
        id: expect.stringMatching(/^vsfb_/),
        object: 'vector_store.file_batch',
        created_at: expect.any(Number),
        vector_store_id: store.id,
        status: 'completed',
        file_counts: { in_progress: 0, completed: 3, failed: 0, cancelled: 0, total: 3 },
      });
      expect(await vectorStores.fileBatches.retrieve(batch.id, { vector_store_id: store.id })).toEqual(batch);
      expect(countsOf(await vectorStores.retrieve(store.id))).toEqual([0, 3, 0, 0, 3]);
      const listed = await pageIds(vectorStores.fileBatches.listFiles(batch.id, { vector_store_id: store.id }));
      expect([listed.length, listed.includes(known)]).toEqual([3, true]);
    });

    test('say for each file how it is added, or once for all', async () => {
      const stage = use();
      const { vectorStores } = stage.client;
      const store = await vectorStores.create({});
      const [a = '', b = '', c = '', d = ''] = await newFiles(stage, { 'a.txt': 'a', 'b.txt': 'b', 'c.txt': 'c', 'd.txt': 'd' });
      const small = { type: 'static' as const, static: { max_chunk_size_tokens: 200, chunk_overlap_tokens: 100 } };

      const files = [{ file_id: a, attributes: { n: 1 } }, { file_id: b, chunking_strategy: small }];
      await vectorStores.fileBatches.createAndPoll(store.id, { files, attributes: { ignored: true }, chunking_strategy: small });
      await vectorStores.fileBatches.createAndPoll(store.id, { file_ids: [c, d], attributes: { n: 2 }, chunking_strategy: small });

      const got = await Promise.all([a, b, c, d].map((id) => vectorStores.files.retrieve(id, { vector_store_id: store.id })));
      expect(got.map(({ attributes }) => attributes)).toEqual([{ n: 1 }, {}, { n: 2 }, { n: 2 }]);
      expect(got.map(({ chunking_strategy: strategy }) => strategy?.type === 'static' && strategy.static.max_chunk_size_tokens)).toEqual([800, 200, 200, 200]);
    });

    test('end when a file of them fails, and with files that were there before', async () => {
      const stage = use();
      const { vectorStores } = stage.client;
      const { storeId, fileIds } = await newStore(stage, { 'a.txt': 'Here before.' });
      const [bad = '', good = ''] = await newFiles(stage, { 'movie.mp4': 'x', 'b.txt': 'New.' });

      const batch = await vectorStores.fileBatches.createAndPoll(storeId, { file_ids: [...fileIds, bad, good, good] });

      expect([batch.status, countsOf(batch)]).toEqual(['completed', [0, 2, 1, 0, 3]]);
      expect(countsOf(await vectorStores.retrieve(storeId))).toEqual([0, 2, 1, 0, 3]);
      const where = { vector_store_id: storeId };
      expect(await pageIds(vectorStores.fileBatches.listFiles(batch.id, { ...where, filter: 'failed' }))).toEqual([bad]);
      expect(ids((await vectorStores.fileBatches.listFiles(batch.id, { ...where, filter: 'completed', order: 'asc', limit: 1 })).data)).toEqual(fileIds);
    });

    test('are cancelled with all that is not in the index yet', async () => {
      const stage = use();
      const { vectorStores } = stage.client;
      const { storeId, fileIds: kept } = await newStore(stage, { 'kept.txt': 'Kept words.' });
      const fileIds = await newFiles(stage, { 'a.txt': 'Apples.', 'b.txt': 'Bananas.' });
      const held = vectors().gated();
      stage.model.embeddings.always(held);

      const batch = await vectorStores.fileBatches.create(storeId, { file_ids: fileIds });
      expect([batch.status, countsOf(batch)]).toEqual(['in_progress', [2, 0, 0, 0, 2]]);
      await held.reached;
      const cancelled = await vectorStores.fileBatches.cancel(batch.id, { vector_store_id: storeId });
      held.release();

      expect([cancelled.status, countsOf(cancelled)]).toEqual(['cancelled', [0, 0, 0, 2, 2]]);
      expect(countsOf(await vectorStores.retrieve(storeId))).toEqual([0, 1, 0, 2, 3]);
      const files = await vectorStores.files.list(storeId, { filter: 'cancelled' });
      expect(files.data.map(({ status, last_error, usage_bytes }) => [status, last_error, usage_bytes])).toEqual([['cancelled', null, 0], ['cancelled', null, 0]]);
      stage.model.reset();
      expect(await found(stage, storeId, 'apples bananas words')).toEqual(kept);
      // Once more, and they are added after all.
      await vectorStores.fileBatches.createAndPoll(storeId, { file_ids: fileIds });
      expect(countsOf(await indexed(stage, storeId))).toEqual([0, 3, 0, 0, 3]);
      expect((await found(stage, storeId, 'Apples.'))[0]).toBe(fileIds[0]);
    });
  });
}
