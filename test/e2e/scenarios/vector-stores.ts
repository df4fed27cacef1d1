import { describe, expect, test } from '@jest/globals';
import { type Stage, all, eventually, ids, pageIds } from '../stage.ts';
import { countsOf, found, indexed, newFiles, newStore } from '../vector-stores.ts';

const DAY_S = 86_400;

export function vectorStores(use: () => Stage): void {
  describe('vector stores', () => {
    test('are created with all fields, and retrieved and listed as they were answered', async () => {
      const stage = use();
      const { vectorStores } = stage.client;
      const created = await vectorStores.create({ name: 'Manuals', description: 'All of them.', metadata: { team: 'post' }, expires_after: { anchor: 'last_active_at', days: 7 } });

      const { id, created_at, last_active_at, expires_at, ...fields } = created;
      expect(id).toMatch(/^vs_[A-Za-z0-9]{24}$/);
      expect(fields).toEqual({
        object: 'vector_store',
        name: 'Manuals',
        description: 'All of them.',
        usage_bytes: 0,
        file_counts: { in_progress: 0, completed: 0, failed: 0, cancelled: 0, total: 0 },
        status: 'completed',
        expires_after: { anchor: 'last_active_at', days: 7 },
        metadata: { team: 'post' },
      });
      expect([last_active_at, expires_at]).toEqual([created_at, created_at + 7 * DAY_S]);
      expect(await vectorStores.retrieve(id)).toEqual(created);
      expect((await vectorStores.list({ limit: 1 })).data).toEqual([created]);
    });

    test('are answered with null for what was left out, change, and are listed in pages', async () => {
      const { vectorStores } = use().client;
      const bare = await vectorStores.create({});
      const second = await vectorStores.create({ name: 'b' });
      expect(bare).toMatchObject({ name: null, description: null, expires_after: null, expires_at: null, metadata: {} });

      const changed = await vectorStores.update(bare.id, { name: 'a', metadata: { k: 'v' }, expires_after: { anchor: 'last_active_at', days: 1 } });
      expect(changed).toMatchObject({ id: bare.id, name: 'a', metadata: { k: 'v' }, expires_after: { days: 1 } });
      expect(await vectorStores.update(bare.id, { metadata: { l: 'w' } })).toMatchObject({ name: 'a', metadata: { l: 'w' }, expires_after: { days: 1 } });
      expect(await vectorStores.update(bare.id, { name: null, expires_after: null })).toMatchObject({ name: null, expires_after: null, expires_at: null });

      expect(await pageIds(vectorStores.list({ limit: 2 }))).toEqual([second.id, bare.id]);
      expect((await all(vectorStores.list({ limit: 1, order: 'asc', after: bare.id }))).map(({ id }) => id)[0]).toBe(second.id);
    });

    test('with files say how far their indexing is, what they take, and are searched', async () => {
      const stage = use();
      const [first = '', second = ''] = await newFiles(stage, { 'cats.txt': 'Cats purr when they are content.', 'trains.md': '# Trains\n\nThe night train leaves at nine.' });

      const store = await stage.client.vectorStores.create({ file_ids: [first, second, first] });
      expect([store.status, ...countsOf(store)]).toEqual(['in_progress', 2, 0, 0, 0, 2]);

      const done = await indexed(stage, store.id);
      const files = await all(stage.client.vectorStores.files.list(store.id));
      expect([done.status, ...countsOf(done)]).toEqual(['completed', 0, 2, 0, 0, 2]);
      expect(ids(files)).toEqual([second, first]);
      expect(files.every(({ usage_bytes, status }) => usage_bytes > 0 && status === 'completed')).toBe(true);
      expect(done.usage_bytes).toBe(files.reduce((sum, { usage_bytes }) => sum + usage_bytes, 0));
      expect((await found(stage, store.id, 'When does the train leave?'))[0]).toBe(second);
    });

    test('are gone when they are deleted, and their files are not', async () => {
      const stage = use();
      const { vectorStores, files } = stage.client;
      const { storeId, fileIds } = await newStore(stage, { 'a.txt': 'Something to be found.' });
      const [fileId = ''] = fileIds;

      expect(await vectorStores.delete(storeId)).toEqual({ id: storeId, object: 'vector_store.deleted', deleted: true });

      for (const call of [vectorStores.retrieve(storeId), vectorStores.search(storeId, { query: 'found' }), vectorStores.files.list(storeId), vectorStores.files.retrieve(fileId, { vector_store_id: storeId }), vectorStores.delete(storeId)]) {
        expect(await stage.failure(Promise.resolve(call))).toMatchObject({ status: 404, message: `No vector store found with id '${storeId}'.` });
      }
      expect(ids((await vectorStores.list({ limit: 100 })).data)).not.toContain(storeId);
      expect((await files.retrieve(fileId)).id).toBe(fileId);
      expect((await files.delete(fileId)).deleted).toBe(true);
    });

    test('lose a file that is deleted', async () => {
      const stage = use();
      const { storeId, fileIds } = await newStore(stage, { 'a.txt': 'Apples are red.', 'b.txt': 'Bananas are yellow.' });
      const [apples = '', bananas = ''] = fileIds;

      await stage.client.files.delete(apples);

      expect(await found(stage, storeId, 'apples red')).not.toContain(apples);
      const store = await stage.client.vectorStores.retrieve(storeId);
      const left = await stage.client.vectorStores.files.list(storeId);
      expect([ids(left.data), countsOf(store), store.usage_bytes]).toEqual([[bananas], [0, 1, 0, 0, 1], left.data[0]?.usage_bytes]);
    });

    test('are made once for an Idempotency-Key', async () => {
      const stage = use();
      const options = { headers: { 'Idempotency-Key': `store-${stage.sdk.major}-${Date.now()}` } };
      const [fileId = ''] = await newFiles(stage, { 'a.txt': 'Once.' });
      const first = await stage.client.vectorStores.create({ file_ids: [fileId] }, options);
      const again = await stage.client.vectorStores.create({ file_ids: [fileId] }, options);
      expect(again.id).toBe(first.id);

      const batchOptions = { headers: { 'Idempotency-Key': `batch-${stage.sdk.major}-${Date.now()}` } };
      const batch = await stage.client.vectorStores.fileBatches.create(first.id, { file_ids: [fileId] }, batchOptions);
      expect((await stage.client.vectorStores.fileBatches.create(first.id, { file_ids: [fileId] }, batchOptions)).id).toBe(batch.id);
      await eventually('the batch has ended', async () => (await stage.client.vectorStores.fileBatches.retrieve(batch.id, { vector_store_id: first.id })).status === 'completed' || undefined);
    });
  });
}
