/** What scenarios cannot see: the data folder, and servers with other limits. */
import { describe, expect, test } from '@jest/globals';
import { chunksByRecords, hasIndex, indexedChunks, storedStores } from '../support/stored-stores.ts';
import { openai7 } from './clients/openai-7.ts';
import { all, eventually, useStage } from './stage.ts';
import { countsOf, document, found, indexed, newFiles, newStore } from './vector-stores.ts';

const DAY_MS = 86_400_000;

describe('the index of a vector store', () => {
  const use = useStage(openai7);

  test('holds what the records say, and nothing of files and stores that are gone', async () => {
    const stage = use();
    const { dataDir } = stage.server;
    const { storeId, fileIds } = await newStore(stage, { 'a.txt': 'Apples.', 'b.txt': 'Bananas.', 'c.txt': 'Cherries.' });
    const [a = '', b = '', c = ''] = fileIds;
    expect(await indexedChunks(dataDir, storeId)).toEqual(chunksByRecords(storedStores(dataDir)));

    await stage.client.vectorStores.files.delete(a, { vector_store_id: storeId });
    await stage.client.files.delete(b);
    // Cut otherwise, it is indexed anew and what was there before goes.
    await stage.client.vectorStores.files.createAndPoll(storeId, { file_id: c, chunking_strategy: { type: 'static', static: { max_chunk_size_tokens: 100, chunk_overlap_tokens: 0 } } });
    const { files, places } = storedStores(dataDir);
    expect([files.map(({ id }) => id), places.map(({ fileId, id }) => [fileId, id])]).toEqual([[c], [[c, storeId]]]);
    await eventually('the index has that alone', async () => JSON.stringify(await indexedChunks(dataDir, storeId)) === JSON.stringify(chunksByRecords(storedStores(dataDir))) || undefined);

    await stage.client.vectorStores.delete(storeId);
    await eventually('nothing is left', async () => {
      const left = storedStores(dataDir);
      return (left.stores.length + left.files.length + left.batches.length + left.places.length === 0 && !hasIndex(dataDir, storeId)) || undefined;
    });
  });

  test('is gone also when the store is deleted while a file comes in', async () => {
    const stage = use();
    const { dataDir } = stage.server;
    const text = Array.from({ length: 3000 }, (_, n) => `Sentence ${n} of a long text.`).join('\n');
    const [fileId = ''] = await newFiles(stage, { 'long.txt': text });
    const { id } = await stage.client.vectorStores.create({ file_ids: [fileId] });
    await eventually('it is under way', async () => stage.model.embeddings.count > 0 || undefined);
    await stage.client.vectorStores.delete(id);
    await eventually('nothing is left', async () => (storedStores(dataDir).files.length === 0 && !hasIndex(dataDir, id)) || undefined);
  });
});

describe('time', () => {
  const use = useStage(openai7, { clocked: true });

  test('removes the index of a store that has expired', async () => {
    const stage = use();
    const { dataDir } = stage.server;
    const { storeId } = await newStore(stage, { 'a.txt': 'Apples.' });
    await stage.client.vectorStores.update(storeId, { expires_after: { anchor: 'last_active_at', days: 1 } });
    await stage.server.jump(DAY_MS - 1000);
    expect(hasIndex(dataDir, storeId)).toBe(true);
    await stage.server.jump(1000);
    await eventually('the index is gone', async () => !hasIndex(dataDir, storeId) || undefined);
    expect(storedStores(dataDir).stores).toEqual([expect.objectContaining({ id: storeId, isDropped: true })]);
  });
});

describe('a server with small limits and no model for embeddings', () => {
  const use = useStage(openai7, { env: { MAX_FILES_PER_STORE: '3', MAX_FILE_TOKENS: '1000', EMBEDDING_MODEL: 'none', LOG: 'info' } });

  test('takes no more files than that, however they come', async () => {
    const stage = use();
    const { vectorStores } = stage.client;
    const ids = await newFiles(stage, { 'a.txt': 'a', 'b.txt': 'b', 'c.txt': 'c', 'd.txt': 'd' });
    const refusal = (id: string, param: string) => ({ status: 400, message: `Vector store '${id}' cannot have more than 3 files.`, param, code: 'vector_store_file_limit_exceeded' });
    const { id } = await vectorStores.create({ file_ids: ids.slice(0, 2) });

    expect(await stage.failure(vectorStores.fileBatches.create(id, { file_ids: ids.slice(2) }))).toMatchObject(refusal(id, 'file_ids'));
    expect(await stage.failure(vectorStores.fileBatches.create(id, { files: ids.slice(2).map((file_id) => ({ file_id })) }))).toMatchObject(refusal(id, 'files'));
    await vectorStores.files.create(id, { file_id: ids[2] ?? '' });
    expect(await stage.failure(vectorStores.files.create(id, { file_id: ids[3] ?? '' }))).toMatchObject(refusal(id, 'file_id'));
    // What is there already takes no more room.
    await vectorStores.fileBatches.createAndPoll(id, { file_ids: ids.slice(0, 3) });
    expect(countsOf(await indexed(stage, id))).toEqual([0, 3, 0, 0, 3]);
    expect((await stage.failure(vectorStores.create({ file_ids: ids }))).message).toMatch(/cannot have more than 3 files/);
    expect((await all(vectorStores.list())).map((store) => store.id)).toEqual([id]);
  });

  test('refuses a text of more tokens, by itself', async () => {
    const stage = use();
    const { storeId, fileIds } = await newStore(stage, { 'good.txt': 'This one is short.' });
    const file = await stage.client.vectorStores.files.uploadAndPoll(storeId, document('word '.repeat(3000), 'long.txt'));
    expect(file).toMatchObject({ status: 'failed', usage_bytes: 0, last_error: { code: 'invalid_file', message: expect.stringContaining('1000 tokens') } });
    expect(await found(stage, storeId, 'word short')).toEqual(fileIds);
  });

  test('searches by words, and says so in its log', async () => {
    const stage = use();
    stage.model.embeddings.forbid();
    const { storeId, fileIds } = await newStore(stage, { 'a.txt': 'Apples are red.', 'b.txt': 'Bananas are yellow.' });
    expect(await found(stage, storeId, 'yellow bananas')).toEqual([fileIds[1]]);
    expect(stage.server.stderr).toMatch(new RegExp(`"keyword_search_only".*${storeId}`));
  });
});
