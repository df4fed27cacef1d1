import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { remove } from '../../../shared/ports/commit.ts';
import type { PageQuery } from '../../../shared/ports/store.ts';
import { aMessage, PROJECT } from '../../support/records.ts';
import type { Stage } from './stage.ts';
import { pageOf } from './store-pages.ts';

const MOST = 30;
const id = (n: number): string => `msg_${String(n).padStart(24, '0')}`;
const anyId = fc.nat({ max: MOST });
const anyCursor = fc.option(anyId.map(id), { nil: undefined });
const anyStep = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('insert' as const), n: anyId }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('delete' as const), n: anyId }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('page' as const), order: fc.constantFrom('asc' as const, 'desc' as const), limit: fc.integer({ min: 1, max: 12 }), after: anyCursor, before: anyCursor }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('walk' as const), order: fc.constantFrom('asc' as const, 'desc' as const), limit: fc.integer({ min: 1, max: 7 }), backwards: fc.boolean() }) },
);

/** Whatever was inserted and deleted before, each page is that of a sorted array, and pages put together are the whole. */
export function describeWalks(stage: Stage): void {
  it('equals a sorted array under random inserts, deletes, pages and walks', async () => {
    let round = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(anyStep, { maxLength: 60 }), async (steps) => {
        const threadId = `thread_${++round}`;
        const read = async (query: PageQuery) => {
          const { items, hasMore } = await stage.world.store.page('message', [PROJECT, threadId], query);
          return { ids: items.map((item) => item.id), hasMore };
        };
        const model = new Map<string, ReturnType<typeof aMessage>>();
        const sorted = () => [...model.keys()].sort();
        for (const step of steps) {
          switch (step.do) {
            case 'insert': {
              const message = aMessage({ id: id(step.n), threadId });
              if (model.has(message.id)) break;
              await stage.put('message', message);
              model.set(message.id, message);
              break;
            }
            case 'delete': {
              const message = model.get(id(step.n));
              if (!message) break;
              await stage.world.commit({ name: 'delete', writes: [remove('message', message)] });
              model.delete(message.id);
              break;
            }
            case 'page':
              expect(await read(step)).toEqual(pageOf(sorted(), step));
              break;
            case 'walk': {
              const whole = step.order === 'asc' ? sorted() : sorted().reverse();
              expect(await walk(read, step)).toEqual(whole);
            }
          }
        }
      }),
      { numRuns: 40 },
    );
  });
}

/** All pages one after the other, from the first on or from the last back. */
async function walk(read: (query: PageQuery) => Promise<{ ids: string[]; hasMore: boolean }>, { order, limit, backwards }: { order: 'asc' | 'desc'; limit: number; backwards: boolean }): Promise<string[]> {
  let walked: string[] = [];
  // Behind every id there is, in the order's own sense.
  let cursor = backwards ? (order === 'asc' ? 'z' : '!') : undefined;
  for (;;) {
    const page = await read({ order, limit, ...(backwards ? { before: cursor } : { after: cursor }) });
    walked = backwards ? [...page.ids, ...walked] : [...walked, ...page.ids];
    if (!page.hasMore) return walked;
    expect(page.ids).toHaveLength(limit);
    cursor = backwards ? page.ids[0] : page.ids.at(-1);
  }
}
