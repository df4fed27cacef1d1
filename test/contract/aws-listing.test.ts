/** Lists over the sharded index: like one sorted array, also when the index is behind the table. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { remove } from '../../shared/ports/commit.ts';
import type { PageQuery } from '../../shared/ports/store.ts';
import { anApiKey, aThread, PROJECT } from '../support/records.ts';
import { useEngines, useTroubled } from './aws-stage.ts';
import { create } from '../../shared/ports/commit.ts';
import { pageOf } from './suites/store-pages.ts';

const troubled = useTroubled(useEngines());
const put = async (...threads: ReturnType<typeof aThread>[]) => {
  for (let at = 0; at < threads.length; at += 100) {
    await troubled.stage.commit({ name: 'put', writes: threads.slice(at, at + 100).map((thread) => create('thread', thread)) });
  }
};
const page = async (query: PageQuery) => {
  const { items, hasMore } = await troubled.stage.store.page('thread', [PROJECT], query);
  return { ids: items.map(({ id }) => id), hasMore };
};

describe('a list over four shards', () => {
  it('equals a sorted array, page by page, among records that are gone or past their time', async () => {
    const nowMs = troubled.stage.clock.nowMs();
    const id = (n: number) => `thread_${String(n).padStart(3, '0')}`;
    const threads = Array.from({ length: 160 }, (_, n) => aThread({ id: id(n), ...(n % 5 === 0 && { removeAfterMs: nowMs + 1 }) }));
    await put(...threads);
    for (const thread of threads.filter((_, n) => n % 7 === 0)) await troubled.stage.commit({ name: 'delete', writes: [remove('thread', thread)] });
    await troubled.stage.pass(1);
    const there = threads.map((thread) => thread.id).filter((_, n) => n % 5 !== 0 && n % 7 !== 0);
    const anyCursor = fc.option(fc.nat({ max: 165 }).map(id), { nil: undefined });
    const anyQuery = fc.record({ order: fc.constantFrom('asc' as const, 'desc' as const), limit: fc.integer({ min: 1, max: 100 }), after: anyCursor, before: anyCursor });
    await fc.assert(
      fc.asyncProperty(anyQuery, async (query) => {
        expect(await page(query)).toEqual(pageOf(there, query));
      }),
      { numRuns: 150 },
    );
  });

  it.each(['', '!', 'thread_', '\u0000', 'x'.repeat(5000), 'thread_💥', '\ud800'])('compares a cursor that never existed: %j', async (cursor) => {
    const threads = Array.from({ length: 9 }, () => aThread());
    await put(...threads);
    const ids = threads.map(({ id }) => id);
    for (const order of ['asc', 'desc'] as const)
      for (const side of ['after', 'before'] as const) {
        const query = { order, limit: 4, [side]: cursor };
        expect({ order, side, ...(await page(query)) }).toEqual({ order, side, ...pageOf(ids, query) });
      }
  });

  it('of more keys than a request returns is whole', async () => {
    const made = Array.from({ length: 700 }, () => anApiKey());
    for (let at = 0; at < made.length; at += 100) {
      await troubled.stage.commit({ name: 'put', writes: made.slice(at, at + 100).map((key) => create('api_key', key)) });
    }
    const { items, hasMore } = await troubled.stage.store.page('api_key', [], { order: 'asc', limit: 10_000 });
    expect(hasMore).toBe(false);
    expect(items.map(({ id }) => id)).toEqual(made.map(({ id }) => id).sort());
  });

  it('leaves out what the index still shows and the table no longer has', async () => {
    const threads = Array.from({ length: 12 }, () => aThread());
    await put(...threads);
    const gone = threads.slice(2, 9);
    const deleteThem = () => troubled.stage.commit({ name: 'delete', writes: gone.map((thread) => remove('thread', thread)) });
    // Deleted after the index was read, before the records were.
    troubled.db.plan('BatchGetItem', { before: deleteThem });
    const query = { order: 'asc', limit: 4 } as const;
    const left = threads.filter((thread) => !gone.includes(thread)).map(({ id }) => id);
    expect(await page(query)).toEqual(pageOf(left, query));
  });
});
