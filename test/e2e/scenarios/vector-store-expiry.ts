import { describe, expect, test } from '@jest/globals';
import type { Stage } from '../stage.ts';
import { countsOf, found, newFiles, newStore } from '../vector-stores.ts';

const DAY_MS = 86_400_000;
const DAYS = 3;
const expiresAfter = { anchor: 'last_active_at' as const, days: DAYS };

/** All this on a server whose clock the tests move. */
export function vectorStoreExpiry(use: () => Stage): void {
  describe('a vector store that expires', () => {
    test('does so that many days after its last use, at once for whoever looks', async () => {
      const stage = use();
      const { vectorStores } = stage.client;
      const { storeId, fileIds } = await newStore(stage, { 'a.txt': 'Something to find.' });
      const [another = ''] = await newFiles(stage, { 'b.txt': 'b' });
      await vectorStores.update(storeId, { expires_after: expiresAfter });

      await stage.server.skip(DAYS * DAY_MS - 60_000);
      expect(await found(stage, storeId, 'something')).toEqual(fileIds);
      // That was a use: it lives as long again.
      await stage.server.skip(DAYS * DAY_MS - 60_000);
      expect((await vectorStores.retrieve(storeId)).status).toBe('completed');
      await stage.server.skip(61_000);

      const expired = await vectorStores.retrieve(storeId);
      expect([expired.status, countsOf(expired)]).toEqual(['expired', [0, 1, 0, 0, 1]]);
      const refused = [
        vectorStores.search(storeId, { query: 'something' }),
        vectorStores.files.create(storeId, { file_id: another }),
        vectorStores.fileBatches.create(storeId, { file_ids: [another] }),
        vectorStores.files.content(fileIds[0] ?? '', { vector_store_id: storeId }),
      ];
      for (const call of refused) expect(await stage.failure(Promise.resolve(call))).toMatchObject({ status: 400, message: `Vector store '${storeId}' has expired`, type: 'invalid_request_error', param: null, code: null });

      // Nothing brings it back.
      expect((await vectorStores.update(storeId, { expires_after: null })).status).toBe('expired');
      await stage.server.jump(DAY_MS);
      expect((await vectorStores.retrieve(storeId)).status).toBe('expired');
      expect((await vectorStores.files.list(storeId)).data).toHaveLength(1);
      expect((await vectorStores.delete(storeId)).deleted).toBe(true);
    });

    test('lives on while it is used, and without a time for ever', async () => {
      const stage = use();
      const { vectorStores } = stage.client;
      const used = await vectorStores.create({ expires_after: expiresAfter });
      const kept = await vectorStores.create({ expires_after: expiresAfter });
      const unused = await vectorStores.create({ expires_after: expiresAfter });
      await vectorStores.update(kept.id, { expires_after: null });

      for (let days = 0; days < 3 * DAYS; days += DAYS - 1) {
        await stage.server.jump((DAYS - 1) * DAY_MS);
        await vectorStores.search(used.id, { query: 'anything' });
      }

      const status = async (id: string) => (await vectorStores.retrieve(id)).status;
      expect([await status(used.id), await status(kept.id), await status(unused.id)]).toEqual(['completed', 'completed', 'expired']);
    });
  });
}
