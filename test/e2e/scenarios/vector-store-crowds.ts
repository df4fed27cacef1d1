import { describe, expect, test } from '@jest/globals';
import { type Stage, eventually } from '../stage.ts';
import { countsOf, found, newFiles } from '../vector-stores.ts';

export function vectorStoreCrowds(use: () => Stage): void {
  describe('many files in one vector store', () => {
    test('twenty at once are all of them there', async () => {
      const stage = use();
      const { vectorStores } = stage.client;
      const store = await vectorStores.create({});
      const texts = Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`n${n}.txt`, `The word of file ${n} is w${n}x.`]));
      const fileIds = await newFiles(stage, texts);

      const files = await Promise.all(fileIds.map((file_id) => vectorStores.files.createAndPoll(store.id, { file_id })));

      const done = await vectorStores.retrieve(store.id);
      expect([done.status, countsOf(done)]).toEqual(['completed', [0, 20, 0, 0, 20]]);
      expect(done.usage_bytes).toBe(files.reduce((sum, { usage_bytes }) => sum + usage_bytes, 0));
      expect((await found(stage, store.id, 'w13x'))[0]).toBe(fileIds[13]);
    });

    test('sixty in one go are all of them there, and counted from the first moment', async () => {
      const stage = use();
      const { vectorStores } = stage.client;
      const fileIds = await newFiles(stage, Object.fromEntries(Array.from({ length: 60 }, (_, n) => [`f${n}.txt`, `File number ${n}.`])));
      const store = await vectorStores.create({ file_ids: fileIds });
      const seen: number[] = [];
      await eventually('all are indexed', async () => {
        const { file_counts: counts } = await vectorStores.retrieve(store.id);
        seen.push(counts.total);
        return counts.completed === 60 || undefined;
      });
      expect(new Set(seen)).toEqual(new Set([60]));
      expect((await vectorStores.files.list(store.id, { limit: 100 })).data).toHaveLength(60);
    });
  });
}
