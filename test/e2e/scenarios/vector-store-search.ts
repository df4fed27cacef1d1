import { describe, expect, test } from '@jest/globals';
import { httpError } from '../../support/scripted-model.ts';
import type { Stage } from '../stage.ts';
import { found, indexed, newFiles, newStore } from '../vector-stores.ts';

const TEXTS = {
  'cats.txt': 'Cats purr when they are content, and hiss when they are not.',
  'trains.txt': 'The night train to Vienna leaves at nine from platform four.',
  'bread.txt': 'Knead the dough for ten minutes, then let the bread rise overnight.',
  'tax.txt': 'The tax return for a company is due at the end of March.',
};

/** A store whose files have attributes: two numbers, a string and a boolean; the last has none. */
async function withAttributes(stage: Stage): Promise<{ storeId: string; names: (ids: string[]) => string }> {
  const [a = '', b = '', c = '', d = ''] = await newFiles(stage, { 'a.txt': 'word one', 'b.txt': 'word two', 'c.txt': 'word three', 'd.txt': 'word four' });
  const { id } = await stage.client.vectorStores.create({});
  await stage.client.vectorStores.fileBatches.createAndPoll(id, {
    files: [
      { file_id: a, attributes: { n: 1, s: '1', yes: true } },
      { file_id: b, attributes: { n: 2, s: 'two', yes: false } },
      { file_id: c, attributes: { n: 3.5, s: 'three' } },
      { file_id: d },
    ],
  });
  const letters = new Map([[a, 'a'], [b, 'b'], [c, 'c'], [d, 'd']]);
  return { storeId: id, names: (ids) => ids.map((each) => letters.get(each)).sort().join('') };
}

const FILTERS: [filters: object, fitting: string][] = [
  [{ type: 'eq', key: 'n', value: 1 }, 'a'],
  [{ type: 'eq', key: 'n', value: '1' }, ''],
  [{ type: 'eq', key: 'yes', value: false }, 'b'],
  [{ type: 'ne', key: 's', value: 'two' }, 'acd'],
  [{ type: 'gt', key: 'n', value: 2 }, 'c'],
  [{ type: 'gte', key: 'n', value: 2 }, 'bc'],
  [{ type: 'lt', key: 'n', value: 2 }, 'a'],
  [{ type: 'lte', key: 'n', value: 2 }, 'ab'],
  [{ type: 'gt', key: 's', value: 'three' }, 'b'],
  [{ type: 'in', key: 'n', value: [1, 3.5, '2'] }, 'ac'],
  [{ type: 'nin', key: 's', value: ['two', 'three'] }, 'ad'],
  [{ type: 'and', filters: [{ type: 'gte', key: 'n', value: 2 }, { type: 'ne', key: 's', value: 'two' }] }, 'c'],
  [{ type: 'or', filters: [{ type: 'eq', key: 'n', value: 1 }, { type: 'and', filters: [{ type: 'eq', key: 's', value: 'two' }, { type: 'eq', key: 'yes', value: false }] }] }, 'ab'],
  [{ type: 'eq', key: 'toString', value: 'x' }, ''],
  [{ type: 'and', filters: [] }, 'abcd'],
];

export function vectorStoreSearch(use: () => Stage): void {
  describe('a search in a vector store', () => {
    test('finds the best first, with its file, its score and its text', async () => {
      const stage = use();
      const { storeId, fileIds } = await newStore(stage, TEXTS);

      const { body } = await stage.http<{ data: { score: number }[] }>('POST', `/vector_stores/${storeId}/search`, { body: { query: 'When does the night train leave?', max_num_results: 2 } });
      expect(body).toEqual({
        object: 'vector_store.search_results.page',
        search_query: ['When does the night train leave?'],
        data: [{ file_id: fileIds[1], filename: 'trains.txt', score: expect.any(Number), attributes: {}, content: [{ type: 'text', text: TEXTS['trains.txt'] }] }, expect.anything()],
        has_more: false,
        next_page: null,
      });
      const [best, next] = body.data.map(({ score }) => score);
      expect(best).toBeLessThanOrEqual(1);
      expect(best).toBeGreaterThanOrEqual(next ?? 1);
    });

    test('takes several queries, keeps to its threshold, and says what it made of a query', async () => {
      const stage = use();
      const { storeId, fileIds } = await newStore(stage, TEXTS);
      const [cats = '', , bread = ''] = fileIds;

      const both = await found(stage, storeId, ['purring cats', 'kneading dough for bread'], { max_num_results: 2 });
      expect(new Set(both)).toEqual(new Set([cats, bread]));
      expect(await found(stage, storeId, 'cats purr when content', { ranking_options: { ranker: 'default-2024-11-15', score_threshold: 0.95 } })).toEqual([cats]);
      expect(await found(stage, storeId, 'cats', { ranking_options: { ranker: 'none' } })).toContain(cats);
      const { body } = await stage.http<{ search_query: string[]; data: { file_id: string }[] }>('POST', `/vector_stores/${storeId}/search`, { body: { query: ['Could you please tell me about the night train?', 'tax'], rewrite_query: true } });
      expect(body.search_query).toEqual(['the night train', 'tax']);
      expect(new Set(body.data.slice(0, 2).map(({ file_id }) => file_id))).toEqual(new Set([fileIds[1], fileIds[3]]));
    });

    test('looks only at files whose attributes fit', async () => {
      const stage = use();
      const { storeId, names } = await withAttributes(stage);
      const got: [object, string][] = [];
      for (const [filters] of FILTERS) got.push([filters, names(await found(stage, storeId, 'word', { filters }))]);
      expect(got).toEqual(FILTERS);
    });

    test('sees at once that attributes have changed', async () => {
      const stage = use();
      const { storeId, fileIds } = await newStore(stage, { 'a.txt': 'word' });
      const filters = { type: 'eq', key: 'year', value: 2026 };
      expect(await found(stage, storeId, 'word', { filters })).toEqual([]);
      await stage.client.vectorStores.files.update(fileIds[0] ?? '', { vector_store_id: storeId, attributes: { year: 2026 } });
      expect(await found(stage, storeId, 'word', { filters })).toEqual(fileIds);
    });

    test('goes by words alone when there are no vectors to be had', async () => {
      const stage = use();
      const { storeId, fileIds } = await newStore(stage, TEXTS);
      stage.server.expectError('embedding_failed');
      stage.model.embeddings.always(httpError(400));
      expect((await found(stage, storeId, 'dough'))[0]).toBe(fileIds[2]);

      // So does indexing, when the provider refuses the model.
      const refused = await newFiles(stage, { 'd.txt': 'Unicorns graze at dawn.' });
      const store = await stage.client.vectorStores.create({ file_ids: refused });
      const done = await indexed(stage, store.id);
      expect([done.file_counts.completed, done.usage_bytes]).toEqual([1, Buffer.byteLength('Unicorns graze at dawn.')]);
      expect(await found(stage, store.id, 'unicorns')).toEqual(refused);
    });

    test('finds what was indexed while the provider was busy', async () => {
      const stage = use();
      stage.model.embeddings.script(httpError(429, { retryAfterMs: 1 }), httpError(500));
      const { storeId, fileIds } = await newStore(stage, { 'a.txt': 'Patience is rewarded.' });
      expect(await found(stage, storeId, 'patience')).toEqual(fileIds);
      expect(stage.model.embeddings.count).toBe(4);
    });
  });
}
