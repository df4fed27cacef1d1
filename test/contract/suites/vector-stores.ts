/** What happens to a vector store while many change it at once: nothing is lost, and what it counts is what is there. */
import { describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { attachFile, createBatch } from '../../../shared/actions/vector-stores/attach-files.ts';
import { cancelBatch } from '../../../shared/actions/vector-stores/cancel-batch.ts';
import { createStore } from '../../../shared/actions/vector-stores/create-store.ts';
import { deleteStore } from '../../../shared/actions/vector-stores/delete-store.ts';
import { detachFile } from '../../../shared/actions/vector-stores/detach-file.ts';
import { detachFromAll } from '../../../shared/actions/vector-stores/detach-from-all.ts';
import { withMoves } from '../../../shared/domain/file-counts.ts';
import { NO_FILES, type VectorStore } from '../../../shared/domain/vector-store.ts';
import { handleIndexJob } from '../../../shared/engine/handle-index-job.ts';
import { update } from '../../../shared/ports/commit.ts';
import { type IndexJob, isIndexJob } from '../../../shared/ports/queue.ts';
import { keys } from '../../../shared/ports/store.ts';
import type { World } from '../../../shared/ports/world.ts';
import { aFile } from '../../support/file-records.ts';
import { MemoryIndex } from '../../support/memory-index.ts';
import { PROJECT } from '../../support/records.ts';
import { type ContractWorld, useStage } from './stage.ts';

const MANY = 20;

/** A world whose index jobs the test does itself, whenever it wants and as many at once as it wants. */
class Workshop {
  readonly index = new MemoryIndex();
  readonly world: World;
  /** Changes the store behind the back of whoever is about to, so often. */
  rivals = 0;
  #jobs: IndexJob[] = [];

  constructor(base: World) {
    const commit: World['commit'] = async (change) => {
      const store = change.writes.find((write) => write.op === 'update' && write.key.kind === 'vector_store');
      if (this.rivals > 0 && store) {
        this.rivals--;
        const before = (await base.store.get(store.key)) as VectorStore | undefined;
        if (before) await base.commit({ name: 'rival', writes: [update('vector_store', before, { ...before, lastActiveAtMs: before.lastActiveAtMs + 1 })] });
      }
      await base.commit({ ...change, jobs: [], timers: [] });
      for (const { job } of change.jobs ?? []) if (isIndexJob(job)) this.#jobs.push(job);
    };
    const documents: World['documents'] = { refuses: () => undefined, read: () => textOf() };
    this.world = { ...base, index: this.index, documents, commit };
  }

  /** Does all jobs, each on a worker of its own, until there are none. */
  async work(): Promise<void> {
    while (this.#jobs.length > 0) await Promise.all(this.#jobs.splice(0).map((job) => this.#do(job)));
  }

  /** The jobs that wait, twice each: a queue may deliver what it has delivered before. */
  double(): void {
    this.#jobs.push(...this.#jobs);
  }

  async #do(job: IndexJob): Promise<void> {
    const worker = { ...this.world, owner: randomUUID(), isGone: () => false };
    const outcome = await handleIndexJob(worker, job, 1);
    // One that waits for another worker's lease has nothing to do when that is done.
    if (!outcome.done && outcome.againInMs === 0) this.#jobs.push(job);
  }
}

async function* textOf(): AsyncGenerator<string> {
  yield 'Some words to be found.';
}

export function describeVectorStores<W extends ContractWorld>(name: string, makeWorld: () => Promise<W>, worldOf: (stage: W) => World): void {
  describe(`${name}: a vector store that many change at once`, () => {
    const stage = useStage(makeWorld);

    async function begin(count = MANY) {
      const shop = new Workshop(worldOf(stage.world as W));
      const files = Array.from({ length: count }, () => aFile({ projectId: PROJECT, pieces: [{ key: 'files/none', bytes: 5 }] }));
      await stage.put('file', ...files);
      const { id } = await createStore(shop.world, PROJECT, {});
      return { shop, world: shop.world, storeId: id, ids: files.map((file) => file.id) };
    }

    /** Counts, bytes, places and index as the files' own records have them. */
    async function expectTrue({ shop, world, storeId }: Awaited<ReturnType<typeof begin>>, counts: Partial<VectorStore['counts']>): Promise<void> {
      const store = await world.store.get(keys.vectorStore(PROJECT, storeId));
      const { items } = await world.store.page('vector_store_file', [PROJECT, storeId], { order: 'asc', limit: 1000 });
      if (!store) throw new Error('the store is gone');
      const empty = { ...store, counts: NO_FILES, usageBytes: 0 };
      const { counts: counted, usageBytes } = withMoves(empty, items.map((after) => ({ after })));
      expect([store.counts, store.usageBytes]).toEqual([counted, usageBytes]);
      expect(store.counts).toEqual({ ...NO_FILES, ...counts });
      const indexed = items.flatMap((file) => (file.status === 'completed' ? [[file.indexId, file.chunks] as const] : []));
      expect(shop.index.counts({ projectId: PROJECT, vectorStoreId: storeId }) ?? {}).toEqual(Object.fromEntries(indexed));
      for (const { id } of items) expect(await world.store.get(keys.filePlace(PROJECT, id, storeId))).toBeDefined();
    }

    it('has all files that are attached and indexed at once, jobs delivered twice', async () => {
      const here = await begin();
      here.shop.rivals = 10;
      await Promise.all(here.ids.map((fileId) => attachFile(here.world, PROJECT, here.storeId, { fileId })));
      here.shop.rivals = 10;
      here.shop.double();
      await here.shop.work();
      await expectTrue(here, { completed: MANY });
    });

    it('has a batch of files beside single ones, the same among them', async () => {
      const here = await begin(60);
      const { world, storeId, ids } = here;
      await attachFile(world, PROJECT, storeId, { fileId: ids[0] ?? '' });
      const [batch] = await Promise.all([
        createBatch(world, PROJECT, storeId, ids.map((fileId) => ({ fileId })), 'file_ids'),
        attachFile(world, PROJECT, storeId, { fileId: ids[1] ?? '', attributes: { n: 1 } }),
      ]);
      const again = await createBatch(world, PROJECT, storeId, ids.slice(0, 5).map((fileId) => ({ fileId, chunking: { maxTokens: 100, overlapTokens: 0 } })), 'file_ids');
      here.shop.rivals = 20;
      await here.shop.work();
      await expectTrue(here, { completed: 60 });
      for (const { id } of [batch, again]) {
        const { counts } = (await world.store.get(keys.fileBatch(PROJECT, storeId, id))) ?? {};
        expect(counts?.inProgress).toBe(0);
      }
    });

    it('has nothing of what is detached, deleted or cancelled while it is indexed', async () => {
      const here = await begin();
      const { world, storeId, ids, shop } = here;
      const batch = await createBatch(world, PROJECT, storeId, ids.slice(10).map((fileId) => ({ fileId })), 'file_ids');
      await Promise.all(ids.slice(0, 10).map((fileId) => attachFile(world, PROJECT, storeId, { fileId })));
      const working = shop.work();
      await Promise.all([
        ...ids.slice(0, 3).map((fileId) => detachFile(world, { projectId: PROJECT, vectorStoreId: storeId, fileId })),
        ...ids.slice(3, 6).map((fileId) => detachFromAll(world, PROJECT, fileId)),
        cancelBatch(world, PROJECT, storeId, batch.id),
      ]);
      await working;
      await shop.work();
      const { counts, isCancelled } = (await world.store.get(keys.fileBatch(PROJECT, storeId, batch.id))) ?? { counts: NO_FILES };
      expect([isCancelled, counts.inProgress, counts.completed + counts.cancelled]).toEqual([true, 0, 10]);
      const { items } = await world.store.page('vector_store_file', [PROJECT, storeId], { order: 'asc', limit: 100 });
      const cancelled = items.filter(({ status }) => status === 'cancelled').length;
      await expectTrue(here, { completed: items.length - cancelled, cancelled });
      expect(items.filter(({ id }) => ids.slice(0, 6).includes(id))).toEqual([]);
    });

    it('is gone with all that hung under it when it is deleted meanwhile', async () => {
      const here = await begin();
      const { world, storeId, ids, shop } = here;
      await createBatch(world, PROJECT, storeId, ids.map((fileId) => ({ fileId })), 'file_ids');
      const working = shop.work();
      await deleteStore(world, PROJECT, storeId);
      await working;
      await shop.work();
      const [files, batches] = await Promise.all([world.store.page('vector_store_file', [PROJECT, storeId], { order: 'asc', limit: 1 }), world.store.page('file_batch', [PROJECT, storeId], { order: 'asc', limit: 1 })]);
      expect([files.items, batches.items]).toEqual([[], []]);
      for (const id of ids) expect(await world.store.get(keys.filePlace(PROJECT, id, storeId))).toBeUndefined();
    });
  });
}
