import { describe, expect, test } from '@jest/globals';
import { type Stage, all, ids, pageIds } from '../stage.ts';
import { countsOf, document, found, newFiles, newStore } from '../vector-stores.ts';

const AUTO = { type: 'static', static: { max_chunk_size_tokens: 800, chunk_overlap_tokens: 400 } };

/** Files that cannot be searched, and what is said of them. */
const BAD: [name: string, content: string, code: string, message: RegExp][] = [
  ['photo.png', '\u0089PNG', 'unsupported_file', /png/i],
  ['empty.txt', '', 'invalid_file', /empty/i],
  ['blank.md', ' \n\n ', 'invalid_file', /text/i],
  ['broken.pdf', 'this is no pdf', 'invalid_file', /./],
];

export function vectorStoreFiles(use: () => Stage): void {
  describe('files of a vector store', () => {
    test('are attached, indexed within a poll, read, given attributes and taken out again', async () => {
      const stage = use();
      const { files } = stage.client.vectorStores;
      const store = await stage.client.vectorStores.create({});
      const where = { vector_store_id: store.id };
      const [fileId = ''] = await newFiles(stage, { 'notes.txt': 'Blue cheese keeps for three weeks.' });

      const { response } = await files.create(store.id, { file_id: fileId, attributes: { kind: 'food', weeks: 3, fresh: true } }).withResponse();
      expect(Number(response.headers.get('openai-poll-after-ms'))).toBeLessThanOrEqual(100);
      const done = await files.createAndPoll(store.id, { file_id: fileId });
      expect(done).toEqual({
        id: fileId,
        object: 'vector_store.file',
        usage_bytes: expect.any(Number),
        created_at: expect.any(Number),
        vector_store_id: store.id,
        status: 'completed',
        last_error: null,
        chunking_strategy: AUTO,
        attributes: { kind: 'food', weeks: 3, fresh: true },
      });
      expect(await files.retrieve(fileId, where)).toEqual(done);
      expect((await files.content(fileId, where)).data).toEqual([{ type: 'text', text: 'Blue cheese keeps for three weeks.' }]);

      expect((await files.update(fileId, { ...where, attributes: { kind: 'cheese' } })).attributes).toEqual({ kind: 'cheese' });
      expect((await files.update(fileId, { ...where, attributes: null })).attributes).toEqual({});

      expect(await files.delete(fileId, where)).toEqual({ id: fileId, object: 'vector_store.file.deleted', deleted: true });
      for (const call of [files.retrieve(fileId, where), files.delete(fileId, where), files.content(fileId, where), files.update(fileId, { ...where, attributes: {} })]) {
        expect(await stage.failure(Promise.resolve(call))).toMatchObject({ status: 404, message: `No vector store file found with id '${fileId}'.` });
      }
      expect(await found(stage, store.id, 'blue cheese')).toEqual([]);
      const left = await stage.client.vectorStores.retrieve(store.id);
      expect([left.usage_bytes, countsOf(left)]).toEqual([0, [0, 0, 0, 0, 0]]);
      expect((await stage.client.files.retrieve(fileId)).id).toBe(fileId);
    });

    test('stay as they are when they are added again, but for what is said otherwise', async () => {
      const stage = use();
      const { files } = stage.client.vectorStores;
      const { storeId, fileIds } = await newStore(stage, { 'a.txt': 'One and one are two.' });
      const [fileId = ''] = fileIds;
      const before = await files.retrieve(fileId, { vector_store_id: storeId });

      expect(await files.create(storeId, { file_id: fileId })).toEqual(before);
      expect(await files.create(storeId, { file_id: fileId, attributes: { n: 1 } })).toEqual({ ...before, attributes: { n: 1 } });
      const anew = await files.create(storeId, { file_id: fileId, chunking_strategy: { type: 'static', static: { max_chunk_size_tokens: 100, chunk_overlap_tokens: 50 } } });
      expect([anew.status, anew.attributes]).toEqual(['in_progress', { n: 1 }]);
      const done = await files.createAndPoll(storeId, { file_id: fileId });
      expect(done).toEqual({ ...before, attributes: { n: 1 }, chunking_strategy: { type: 'static', static: { max_chunk_size_tokens: 100, chunk_overlap_tokens: 50 } } });
      expect(countsOf(await stage.client.vectorStores.retrieve(storeId))).toEqual([0, 1, 0, 0, 1]);
      expect(await found(stage, storeId, 'two')).toEqual([fileId]);
    });

    test('are cut as they are told to be', async () => {
      const stage = use();
      const { vectorStores } = stage.client;
      const text = Array.from({ length: 400 }, (_, n) => `Line ${n} of many.`).join('\n');
      const store = await vectorStores.create({});
      const [fileId = ''] = await newFiles(stage, { 'long.txt': text });
      const strategy = { type: 'static' as const, static: { max_chunk_size_tokens: 100, chunk_overlap_tokens: 20 } };

      const file = await vectorStores.files.createAndPoll(store.id, { file_id: fileId, chunking_strategy: strategy });
      const { data } = await vectorStores.files.content(fileId, { vector_store_id: store.id });
      expect(file.chunking_strategy).toEqual(strategy);
      expect(data.length).toBeGreaterThan(10);
      expect(data.map((part) => part.text).join('')).toBe(text);
      const { data: hits } = await vectorStores.search(store.id, { query: 'Line 77 of many', max_num_results: 50 });
      expect(hits.length).toBeGreaterThan(10);
      expect(hits.some(({ content }) => content[0]?.text.includes('Line 77 '))).toBe(true);
    });

    test.each(BAD)('that cannot be read fail alone, and say why: %s', async (name, content, code, message) => {
      const stage = use();
      const { storeId, fileIds } = await newStore(stage, { 'good.txt': 'This one is good.' });
      const bad = await stage.client.vectorStores.files.uploadAndPoll(storeId, document(content, name));

      expect(bad).toMatchObject({ status: 'failed', usage_bytes: 0, last_error: { code, message: expect.stringMatching(message) } });
      expect(countsOf(await stage.client.vectorStores.retrieve(storeId))).toEqual([0, 1, 1, 0, 2]);
      expect(await found(stage, storeId, 'good')).toEqual(fileIds);
    });

    test('are listed in pages and by status', async () => {
      const stage = use();
      const { files } = stage.client.vectorStores;
      const { storeId, fileIds } = await newStore(stage, { 'a.txt': 'a', 'b.txt': 'b', 'c.png': 'c' });
      const [a = '', b = '', c = ''] = fileIds;

      expect(await pageIds(files.list(storeId))).toEqual([c, b, a]);
      expect(ids(await all(files.list(storeId, { limit: 1, order: 'asc' })))).toEqual([a, b, c]);
      expect(await pageIds(files.list(storeId, { filter: 'completed', order: 'asc' }))).toEqual([a, b]);
      expect(await pageIds(files.list(storeId, { filter: 'failed' }))).toEqual([c]);
      expect(await pageIds(files.list(storeId, { filter: 'in_progress' }))).toEqual([]);
      expect(await pageIds(files.list(storeId, { order: 'asc', before: b }))).toEqual([a]);
    });
  });
}
