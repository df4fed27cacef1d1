import { beforeEach, describe, expect, it } from '@jest/globals';
import type { VectorStore, VectorStoreFile } from '../../shared/domain/vector-store.ts';
import type { Hit, IndexQuery, StorePlace } from '../../shared/ports/search-index.ts';
import type { World } from '../../shared/ports/world.ts';
import { rewriteQuery } from '../../shared/tools/rewrite-query.ts';
import { searchStores } from '../../shared/tools/search-stores.ts';
import { aStoreFile, aVectorStore } from '../support/file-records.ts';
import { ManualClock, START_MS } from '../support/manual-clock.ts';
import { PROJECT } from '../support/records.ts';
import { bareWorld } from './bare-world.ts';

const DAY_MS = 86_400_000;
let stores: VectorStore[];
let files: VectorStoreFile[];
let hits: Record<string, Hit[]>;
let asked: (IndexQuery & StorePlace)[];
let embedded: (readonly string[])[];
let embed: World['model']['embed'];
let logged: string[];

beforeEach(() => {
  [stores, files, hits, asked, embedded, logged] = [[], [], {}, [], [], []];
  embed = async ({ texts }) => (embedded.push(texts), texts.map((text) => new Float32Array([text.length])));
});

function aStore(fields: Partial<VectorStore> = {}): VectorStore {
  const store = aVectorStore({ projectId: PROJECT, embedding: { model: 'e', dimensions: 1 }, ...fields });
  stores.push(store);
  hits[store.id] = [];
  return store;
}

/** A completed file of the store, found with these scores by every query. */
function aHit(store: VectorStore, text: string, ...scores: number[]): VectorStoreFile {
  const file = aStoreFile({ status: 'completed', projectId: PROJECT, vectorStoreId: store.id, usageBytes: 1, chunks: scores.length });
  files.push(file);
  scores.forEach((score, seq) => hits[store.id]?.push({ fileId: file.id, indexId: file.indexId, seq, text: `${text} ${seq}`, score }));
  return file;
}

function world(): World {
  const base = bareWorld();
  const store: World['store'] = {
    get: async (key) => ([...stores, ...files].find(({ id }) => id === key.id && (key.kind === 'vector_store') === stores.some((each) => each.id === id)) as never) ?? undefined,
    page: async () => ({ items: files.filter(({ status }) => status === 'completed') as never[], hasMore: false }),
  };
  const index: World['index'] = {
    ...base.index,
    async search(place, query) {
      asked.push({ ...place, ...query });
      const found = (hits[place.vectorStoreId] ?? []).filter(({ fileId }) => query.fileIds?.includes(fileId) ?? true);
      return found.toSorted((a, b) => b.score - a.score).slice(0, query.limit);
    },
  };
  const log: World['log'] = { info: (code) => void logged.push(code), error: (code) => void logged.push(code) };
  return { ...base, clock: new ManualClock(), store, index, log, model: { ...base.model, ...(embed && { embed }) } };
}

const search = (storeIds: string[], more: Partial<Parameters<typeof searchStores>[1]> = {}) => searchStores(world(), { projectId: PROJECT, storeIds, queries: ['q'], limit: 10, ...more });

describe('a search in several stores', () => {
  it('puts the results of all stores and queries together, each text once, best first', async () => {
    const [one, two] = [aStore(), aStore()];
    aHit(one, 'a', 0.9, 0.2);
    aHit(two, 'b', 1, 0.5);
    const found = await search([one.id, two.id, one.id], { queries: ['x', 'yy'] });
    expect(found.map(({ text, score, vectorStoreId }) => [text, score, vectorStoreId === one.id])).toEqual([['b 0', 1, false], ['a 0', 0.9, true], ['b 1', 0.5, false], ['a 1', 0.2, true]]);
    expect(embedded).toEqual([['x', 'yy']]);
    expect(asked.map(({ text, vector }) => [text, vector?.[0]])).toEqual([['x', 1], ['yy', 2], ['x', 1], ['yy', 2]]);
    expect((await search([one.id, two.id], { limit: 2, scoreThreshold: 0.95 })).map(({ text }) => text)).toEqual(['b 0']);
  });

  it('does not let what is weak in one store stand beside what is strong in another', async () => {
    const [strong, weak] = [aStore(), aStore()];
    aHit(strong, 'a', 1, 0.9);
    aHit(weak, 'b', 1);
    for (const hit of hits[strong.id] ?? []) hit.best = { meaning: 0.8, words: 10 };
    for (const hit of hits[weak.id] ?? []) hit.best = { meaning: 0.2, words: 0.5 };
    expect((await search([weak.id, strong.id])).map(({ text, score }) => [text, Number(score.toFixed(2))])).toEqual([['a 0', 1], ['a 1', 0.9], ['b 0', 0.15]]);
    expect((await search([weak.id])).map(({ score }) => score)).toEqual([1]);
  });

  it('finds nothing of a file that has expired', async () => {
    const store = aStore();
    const [past, later] = [aHit(store, 'a', 1), aHit(store, 'b', 0.5)];
    past.fileExpiresAtMs = START_MS;
    later.fileExpiresAtMs = START_MS + 1;
    expect((await search([store.id])).map(({ text }) => text)).toEqual(['b 0']);
  });

  it('asks once for each model of embeddings, and goes by words where there is none or it fails', async () => {
    const [one, two, three] = [aStore(), aStore({ embedding: { model: 'f' } }), aStore({ embedding: undefined })];
    await search([one.id, two.id, three.id]);
    const hasVector = (id: string) => asked.find(({ vectorStoreId }) => vectorStoreId === id)?.vector !== undefined;
    expect([embedded.length, ...[one, two, three].map(({ id }) => hasVector(id))]).toEqual([2, true, true, false]);
    embed = () => Promise.reject(new Error('down'));
    asked = [];
    aHit(one, 'a', 1);
    expect(await search([one.id])).toHaveLength(1);
    expect([asked[0]?.vector, logged]).toEqual([undefined, ['embedding_failed']]);
  });

  it('leaves out stores that are gone or expired', async () => {
    const expired = aStore({ expiresAfterDays: 1, lastActiveAtMs: START_MS - DAY_MS });
    const dropped = aStore({ isDropped: true });
    aHit(expired, 'a', 1);
    aHit(dropped, 'a', 1);
    expect(await search([expired.id, dropped.id, 'vs_none'])).toEqual([]);
  });
});

describe('what the index finds counts only if the records say so', () => {
  it('when it was added under another id, is not completed or is gone, and more is asked for then', async () => {
    const store = aStore();
    // The index has not caught up: thirty pieces of files that have left the store come first.
    hits[store.id] = Array.from({ length: 30 }, (_, seq) => ({ fileId: 'file-gone', indexId: 'i', seq, text: 'gone', score: 1 }));
    const [anew, failed] = [aHit(store, 'anew', 0.9), aHit(store, 'failed', 0.8)];
    aHit(store, 'kept', 0.1);
    files = files.map((file) => {
      if (file.id === anew.id) return { ...file, indexId: 'another' };
      return file.id === failed.id ? aStoreFile({ status: 'failed', id: failed.id, vectorStoreId: store.id, lastError: { code: 'server_error', message: '' } }) : file;
    });
    expect((await search([store.id], { limit: 1 })).map(({ text }) => text)).toEqual(['kept 0']);
    expect(asked.map(({ limit }) => limit)).toEqual([21, 84]);
  });

  it('and attributes are looked for before anything is searched', async () => {
    const store = aStore();
    const [a, b] = [aHit(store, 'a', 1), aHit(store, 'b', 0.5)];
    files = files.map((file) => (file.id === b.id ? { ...file, attributes: { n: 1 } } : file));
    expect((await search([store.id], { filter: { type: 'eq', key: 'n', value: 1 } })).map(({ fileId }) => fileId)).toEqual([b.id]);
    expect(asked[0]?.fileIds).toEqual([b.id]);
    asked = [];
    expect(await search([store.id], { filter: { type: 'eq', key: 'n', value: 2 } })).toEqual([]);
    expect(asked).toEqual([]);
    expect(a.id).not.toBe(b.id);
  });
});

describe('a query is rewritten', () => {
  it.each([
    ['Could you please tell me about the night train?', 'the night train'],
    ['What is the capital of France?', 'capital of France'],
    ['Hello! How do I reset my password, please?', 'reset my password'],
    ['tax return deadline', 'tax return deadline'],
    ['What is the?', 'What is the?'],
    ['Wie spät ist es?', 'Wie spät ist es'],
    [`Please find ${'x'.repeat(2000)} y?`, `Please find ${'x'.repeat(2000)} y?`],
  ])('%s → %s', (query, rewritten) => {
    expect(rewriteQuery(query)).toBe(rewritten);
  });
});
