/** Files on their way into vector stores and out again, on a server that dies of it: nothing is lost, nothing is there twice, and all is counted. */
import { describe, expect, test } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import { ScriptedModel } from '../support/scripted-model.ts';
import { chunksByRecords, hasIndex, indexedChunks, storedStores } from '../support/stored-stores.ts';
import { once } from './conversation.ts';
import { CrashableServer } from './crashable.ts';
import { TEST_MS, withoutCount } from './points.ts';

/** More chunks than are added to the index at once. */
const LONG = Array.from({ length: 1000 }, (_, n) => `Sentence ${n} says that ${n * 7} birds have come.`).join('\n');
const SMALL = { type: 'static' as const, static: { max_chunk_size_tokens: 100, chunk_overlap_tokens: 50 } };
const TEXTS = { first: 'Apples are red.', second: 'Bananas are yellow.', third: 'Cherries are dark.' };

const newFile = (server: CrashableServer, name: string, text: string): Promise<string> => {
  const key = once();
  return server.insist(async (client) => (await client.files.create({ file: new File([text], name), purpose: 'assistants' }, key)).id);
};

const countsOf = async (server: CrashableServer, storeId: string): Promise<number[]> => {
  const { file_counts: counts } = await server.insist((client) => client.vectorStores.retrieve(storeId));
  return [counts.in_progress, counts.completed, counts.failed, counts.cancelled, counts.total];
};

const contentOf = async (server: CrashableServer, storeId: string, fileId: string): Promise<string> => {
  const { data } = await server.insist((client) => client.vectorStores.files.content(fileId, { vector_store_id: storeId }));
  return data.map(({ text }) => text).join('');
};

/** A deletion whose server died of it has happened, or has not. */
const insistGone = (server: CrashableServer, remove: (client: CrashableServer['client']) => PromiseLike<{ deleted: boolean }>): Promise<true> =>
  server.insist(async (client) => {
    try {
      return (await remove(client)).deleted as true;
    } catch (error) {
      if (error instanceof Error && 'status' in error && error.status === 404) return true;
      throw error;
    }
  });

const PATIENCE_MS = 90_000;

/** Looks again and again, and asks the server something each time: it comes back only when somebody notices that it has died. */
async function eventually(server: CrashableServer, what: string, probe: () => Promise<boolean>): Promise<void> {
  for (const untilMs = Date.now() + PATIENCE_MS; ; await delay(50)) {
    await server.insist((client) => client.vectorStores.list({ limit: 1 }));
    if (await probe()) return;
    if (Date.now() > untilMs) throw new Error(`not within ${PATIENCE_MS} ms: ${what}`);
  }
}

const POINTS = [
  ...['inside:create-vector-store', 'after:attach-file', 'after:create-file-batch', 'inside:expand-batch', 'after:expand-batch'],
  ...['after:lease-file', 'model:embed', 'after:index.add', 'after:index.add@4', 'inside:complete-file', 'after:complete-file', 'after:fail-file'],
  ...['after:detach-file', 'after:index.remove@2', 'after:delete-vector-store', 'after:index.drop', 'after:reap-vector-store'],
];

describe('a vector store', () => {
  test.concurrent.each(POINTS)('keeps and counts what is in it in spite of a kill -9 at %s', async (crashAt) => {
    await using model = await ScriptedModel.start();
    await using server = await CrashableServer.start({ modelUrl: model.baseUrl, crashAt, env: { EMBEDDING_DIMENSIONS: '8' } });
    const [long, first, second, third, bad] = [await newFile(server, 'long.txt', LONG), await newFile(server, 'a.txt', TEXTS.first), await newFile(server, 'b.txt', TEXTS.second), await newFile(server, 'c.txt', TEXTS.third), await newFile(server, 'd.png', 'x')];
    const [storeKey, batchKey] = [once(), once()];

    const { id: storeId } = await server.insist((client) => client.vectorStores.create({ file_ids: [first, bad] }, storeKey));
    await server.insist((client) => client.vectorStores.files.create(storeId, { file_id: long, chunking_strategy: SMALL }));
    const batch = await server.insist((client) => client.vectorStores.fileBatches.create(storeId, { file_ids: [second, third] }, batchKey));
    await eventually(server, 'all is indexed', async () => (await countsOf(server, storeId))[0] === 0);

    expect(await countsOf(server, storeId)).toEqual([0, 4, 1, 0, 5]);
    const { status, file_counts: counted } = await server.insist((client) => client.vectorStores.fileBatches.retrieve(batch.id, { vector_store_id: storeId }));
    expect([status, counted.completed, counted.total]).toEqual(['completed', 2, 2]);
    const texts = await Promise.all([long, first, second, third].map((id) => contentOf(server, storeId, id)));
    expect(texts).toEqual([LONG, TEXTS.first, TEXTS.second, TEXTS.third]);

    await insistGone(server, (client) => client.vectorStores.files.delete(first, { vector_store_id: storeId }));
    await insistGone(server, (client) => client.files.delete(second));
    expect(await countsOf(server, storeId)).toEqual([0, 2, 1, 0, 3]);
    await eventually(server, 'the index holds what the records say, once each', async () => {
      const wanted = chunksByRecords(storedStores(server.dataDir));
      return JSON.stringify(Object.entries(await indexedChunks(server.dataDir, storeId)).sort()) === JSON.stringify(Object.entries(wanted).sort());
    });
    const { stores, files } = storedStores(server.dataDir);
    expect(stores[0]?.usageBytes).toBe(files.reduce((sum, file) => sum + (file.status === 'completed' ? file.usageBytes : 0), 0));

    await insistGone(server, (client) => client.vectorStores.delete(storeId));
    await eventually(server, 'nothing is left of it', async () => {
      const left = storedStores(server.dataDir);
      return left.stores.length + left.files.length + left.batches.length + left.places.length === 0 && !hasIndex(server.dataDir, storeId);
    });
    await server.outlived();
    expect(server.crashes).toEqual([withoutCount(crashAt)]);
    await model.verify();
  }, TEST_MS);
});
