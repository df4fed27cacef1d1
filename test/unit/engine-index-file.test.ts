import { beforeEach, describe, expect, it } from '@jest/globals';
import type { VectorStore, VectorStoreFile } from '../../shared/domain/vector-store.ts';
import { handleIndexJob } from '../../shared/engine/handle-index-job.ts';
import { ConflictError, type Write } from '../../shared/ports/commit.ts';
import { DocumentError } from '../../shared/ports/documents.ts';
import { ModelError } from '../../shared/ports/model.ts';
import { type IndexJob, MAX_ATTEMPTS } from '../../shared/ports/queue.ts';
import type { World } from '../../shared/ports/world.ts';
import { aFile, aStoreFile, aVectorStore } from '../support/file-records.ts';
import { ManualClock, START_MS } from '../support/manual-clock.ts';
import { MemoryIndex } from '../support/memory-index.ts';
import { PROJECT } from '../support/records.ts';
import { bareWorld } from './bare-world.ts';

/** Some four hundred chunks of a hundred tokens: two additions to the index. */
const TEXT = Array.from({ length: 2600 }, (_, n) => `Sentence ${n} has words.`).join('\n');

let records: Map<string, { id: string; rev: number }>;
let index: MemoryIndex;
let clock: ManualClock;
let embedded: number[];
let text: () => AsyncIterable<string>;
let embed: (texts: readonly string[]) => Promise<Float32Array[]>;
let store: VectorStore;
let file: VectorStoreFile;

beforeEach(() => {
  records = new Map();
  index = new MemoryIndex();
  clock = new ManualClock();
  embedded = [];
  text = async function* () {
    yield TEXT;
  };
  embed = async (texts) => (embedded.push(texts.length), texts.map(() => new Float32Array([1, 2])));
  store = aVectorStore({ projectId: PROJECT, embedding: { model: 'e', dimensions: 2 }, counts: { inProgress: 1, completed: 0, failed: 0, cancelled: 0 } });
  file = aStoreFile({ status: 'in_progress', projectId: PROJECT, vectorStoreId: store.id, chunking: { maxTokens: 100, overlapTokens: 50 } });
  put('vector_store', store);
  put('vector_store_file', file);
  put('file', aFile({ id: file.id, projectId: PROJECT }));
});

const put = <R extends { id: string; rev: number }>(kind: string, record: R) => records.set(`${kind} ${record.id}`, record);
const storedFile = () => records.get(`vector_store_file ${file.id}`) as VectorStoreFile | undefined;
const storedStore = () => records.get(`vector_store ${store.id}`) as VectorStore | undefined;
const place = () => ({ projectId: PROJECT, vectorStoreId: store.id });
const counts = () => index.counts(place())?.[file.indexId] ?? 0;

function world(owner = 'worker-1'): World {
  const base = bareWorld();
  const apply = (write: Write) => {
    const key = `${write.key.kind} ${write.key.id}`;
    if (write.op === 'delete') records.delete(key);
    else if (write.op !== 'check') records.set(key, write.record);
  };
  return {
    ...base,
    owner,
    isGone: () => false,
    clock,
    index,
    log: { info: () => undefined, error: () => undefined },
    config: { ...base.config, mostFileTokens: 100_000 },
    store: { ...base.store, get: async ({ kind, id }) => records.get(`${kind} ${id}`) as never },
    commit: async ({ writes }) => {
      for (const { key, ...write } of writes) {
        const current = records.get(`${key.kind} ${key.id}`);
        if ('expectRev' in write && current?.rev !== write.expectRev) throw new ConflictError(key, current as never);
      }
      writes.forEach(apply);
    },
    documents: { refuses: () => undefined, read: () => text() },
    model: { ...base.model, embed: ({ texts }) => embed(texts) },
  };
}

const job = (): IndexJob => ({ type: 'index-file', projectId: PROJECT, vectorStoreId: store.id, fileId: file.id, indexId: file.indexId, dueMs: START_MS });
const work = (attempt = 1, giveBack?: AbortSignal, owner?: string) => handleIndexJob(world(owner), job(), attempt, giveBack);

describe('a file is indexed', () => {
  it('in several requests, and its bytes are those of its pieces and vectors', async () => {
    expect(await work()).toEqual({ done: true });
    const stored = storedFile();
    const chunks = await index.read(place(), file.indexId, 0, 10_000);
    expect(embedded.length).toBeGreaterThan(1);
    expect(chunks.map((each) => each.text.slice(each.overlap)).join('')).toBe(TEXT);
    const usageBytes = chunks.reduce((sum, each) => sum + Buffer.byteLength(each.text) + 8, 0);
    expect(stored).toMatchObject({ status: 'completed', chunks: chunks.length, usageBytes });
    expect(storedStore()).toMatchObject({ usageBytes, counts: { inProgress: 0, completed: 1 } });
    expect(await work()).toEqual({ done: true });
    expect(counts()).toBe(chunks.length);
  });

  it.each([2, undefined])('on from where an attempt failed, with the same pieces and bytes, of %s dimensions asked for', async (dimensions) => {
    store = { ...store, embedding: { model: 'e', dimensions } };
    put('vector_store', store);
    const whole = embed;
    embed = async (texts) => (embedded.length === 1 ? Promise.reject(new ModelError('unauthorized', 'no')) : whole(texts));
    await expect(work()).rejects.toThrow(ModelError);
    const had = counts();
    expect([had > 0, storedFile()?.status, (storedFile() as { lease?: object }).lease]).toEqual([true, 'in_progress', undefined]);
    embed = whole;
    embedded = [];
    expect(await work(2)).toEqual({ done: true });
    const stored = storedFile();
    expect(stored).toMatchObject({ status: 'completed', chunks: counts() });
    expect(embedded.reduce((sum, n) => sum + n, 0)).toBe(counts() - had);
    const chunks = await index.read(place(), file.indexId, 0, 10_000);
    expect(stored).toMatchObject({ usageBytes: chunks.reduce((sum, each) => sum + Buffer.byteLength(each.text) + 8, 0) });
  });

  it('anew when pieces of it are there twice', async () => {
    await index.add(place(), { fileId: file.id, indexId: file.indexId }, [{ seq: 0, text: 'a', overlap: 0 }, { seq: 0, text: 'a', overlap: 0 }]);
    expect(await work()).toEqual({ done: true });
    expect(storedFile()).toMatchObject({ status: 'completed', chunks: counts() });
  });

  it('by one worker at a time, and by the next when the lease has lapsed', async () => {
    put('vector_store_file', { ...file, lease: { owner: 'worker-2', untilMs: START_MS + 30_000 } } as VectorStoreFile);
    expect(await work()).toEqual({ done: false, againInMs: 30_000 });
    await clock.pass(30_000);
    expect(await work()).toEqual({ done: true });
  });

  it('not at all when its time is up before it has begun', async () => {
    expect(await work(1, AbortSignal.abort())).toEqual({ done: false, againInMs: 0 });
    expect(storedFile()).toEqual(file);
  });

  it('by its words alone when the provider refuses its model', async () => {
    embed = () => Promise.reject(new ModelError('rejected', 'no such model'));
    expect(await work()).toEqual({ done: true });
    const chunks = await index.read(place(), file.indexId, 0, 10_000);
    expect(chunks.every(({ vector }) => vector === undefined)).toBe(true);
    expect(storedFile()).toMatchObject({ status: 'completed', usageBytes: chunks.reduce((sum, each) => sum + Buffer.byteLength(each.text), 0) });
  });
});

describe('a file fails', () => {
  it.each([
    ['for what its document says', async function* (): AsyncGenerator<string> { yield 'a'; throw new DocumentError('invalid_file', 'It is encrypted.'); }, 'invalid_file', 'It is encrypted.'],
    ['without any text', async function* (): AsyncGenerator<string> { yield ''; }, 'invalid_file', 'The file has no text in it.'],
    ['with too many tokens', async function* (): AsyncGenerator<string> { for (let n = 0; n < 30; n++) yield TEXT; }, 'invalid_file', 'The file has more than 100000 tokens, which is the most that a file in a vector store may have.'],
  ])('%s', async (_what, read, code, message) => {
    text = read;
    expect(await work()).toEqual({ done: true });
    expect(storedFile()).toMatchObject({ status: 'failed', lastError: { code, message } });
    expect(storedStore()).toMatchObject({ usageBytes: 0, counts: { inProgress: 0, failed: 1 } });
  });

  it('when it is larger than a file may be, which an upload can become, unread', async () => {
    put('file', aFile({ id: file.id, projectId: PROJECT, bytes: 512 * 1024 * 1024 + 1 }));
    text = () => {
      throw new Error('it was read');
    };
    expect(await work()).toEqual({ done: true });
    expect(storedFile()).toMatchObject({ status: 'failed', lastError: { code: 'invalid_file', message: 'The file could not be parsed because it is too large.' } });
  });

  it('after too many attempts, with nothing asked of index and documents', async () => {
    const still = { ...world(), index: bareWorld().index, documents: bareWorld().documents };
    expect(await handleIndexJob(still, job(), MAX_ATTEMPTS + 1)).toEqual({ done: true });
    expect(storedFile()).toMatchObject({ status: 'failed', lastError: { code: 'server_error' } });
  });
});

describe('a job of a file that is not there', () => {
  it('waits for its commit, then takes out what it may have left, and of a store that may come nothing', async () => {
    records.delete(`vector_store ${store.id}`);
    await index.add(place(), { fileId: 'file-other', indexId: 'other' }, [{ seq: 0, text: 'a', overlap: 0 }]);
    expect(await work()).toMatchObject({ done: false });
    expect(index.counts(place())).toEqual({ other: 1 });
    await clock.pass(61_000);
    expect(await work()).toEqual({ done: true });
    expect(index.counts(place())).toBeUndefined();
  });

  it('leaves the file alone that was added anew', async () => {
    await index.add(place(), { fileId: file.id, indexId: file.indexId }, [{ seq: 0, text: 'a', overlap: 0 }]);
    put('vector_store_file', { ...file, indexId: 'another' });
    await index.add(place(), { fileId: file.id, indexId: 'another' }, [{ seq: 0, text: 'b', overlap: 0 }]);
    await work();
    expect(index.counts(place())).toEqual({ another: 1 });
  });
});
