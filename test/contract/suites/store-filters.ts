import { expect, it } from '@jest/globals';
import type { PageQuery } from '../../../shared/ports/store.ts';
import { update } from '../../../shared/ports/commit.ts';
import { aMessage, aThread, PROJECT } from '../../support/records.ts';
import type { Stage } from './stage.ts';
import { pageOf } from './store-pages.ts';

const id = (n: number): string => `${String(n).padStart(24, '0')}`;

/** Names and values that a query language would read as something else. */
const PAIRS: [name: string, value: string][] = [
  ['user', 'u1'],
  ['user.name', 'dots'],
  ['user', 'name'],
  ['$.user', 'a path'],
  ['$', ''],
  ['a"b', 'c"d'],
  [`it's`, `that's`],
  ['a\\b', '\\'],
  ['[0]', '[]'],
  ['*', '%'],
  ['_', '_'],
  ['#name', ':value'],
  ['0', '1'],
  ['n', '1'],
  ['n', '1.0'],
  ['n', 'true'],
  ['n', 'null'],
  ['n', '{"a":1}'],
  ['größe', 'ß'],
  ['e\u0301', 'e\u0301'],
  ['é', 'é'],
  ['🧵', '👩‍👩‍👧‍👦'],
  [' space ', ' '],
  ['', 'no name'],
  ['empty', ''],
  ['constructor', 'toString'],
  ['line\nbreak', 'tab\t'],
  ['nul\u0000', '\u0000'],
  ['k'.repeat(64), 'v'.repeat(512)],
];

export function describeFilters(stage: Stage): void {
  it('by metadata: finds exactly the records that have the pair, whatever its name and value look like', async () => {
    const threads = PAIRS.map(([name, value]) => aThread({ metadata: { [name]: value } }));
    await stage.put('thread', ...threads, aThread());
    const wrong: object[] = [];
    for (const [n, [name, value]] of PAIRS.entries()) {
      const { items, hasMore } = await stage.world.store.page('thread', [PROJECT], { order: 'asc', limit: 10, where: { metadata: { [name]: value } } });
      const isRight = items.length === 1 && items[0]?.id === threads[n]?.id && !hasMore;
      if (!isRight) wrong.push({ name, value, found: items.map(({ metadata }) => metadata) });
    }
    expect(wrong).toEqual([]);
  });

  it('by metadata: takes nothing for the pair that only resembles it', async () => {
    await stage.put('thread', aThread({ metadata: { user: 'u1' } }));
    for (const [name, value] of [['user', 'u2'], ['User', 'u1'], ['user', 'U1'], ['user', 'u1 '], ['use', 'u1'], ['user', ''], ['user', 'u'], ['u1', 'user']] as const) {
      const metadata = { [name]: value };
      const { items } = await stage.world.store.page('thread', [PROJECT], { order: 'asc', limit: 10, where: { metadata } });
      expect({ metadata, items }).toEqual({ metadata, items: [] });
    }
  });

  it('by metadata: asks for all of several pairs, and for nothing when there are none', async () => {
    const [both, one] = [aThread({ metadata: { user: 'u1', app: 'a' } }), aThread({ metadata: { user: 'u1' } })];
    await stage.put('thread', both, one);
    const found = async (metadata: Record<string, string>) =>
      (await stage.world.store.page('thread', [PROJECT], { order: 'asc', limit: 10, where: { metadata } })).items.map((item) => item.id);
    expect(await found({ user: 'u1', app: 'a' })).toEqual([both.id]);
    expect(await found({ user: 'u1', app: 'b' })).toEqual([]);
    expect(await found({ user: 'u1' })).toEqual([both.id, one.id]);
    expect(await found({})).toEqual([both.id, one.id]);
  });

  it('by metadata: goes by the newest revision', async () => {
    const thread = aThread({ metadata: { user: 'u1' } });
    await stage.put('thread', thread);
    await stage.world.commit({ name: 'rename', writes: [update('thread', thread, { ...thread, metadata: { user: 'u2' } })] });
    const found = async (user: string) => (await stage.world.store.page('thread', [PROJECT], { order: 'asc', limit: 10, where: { metadata: { user } } })).items.length;
    expect([await found('u1'), await found('u2')]).toEqual([0, 1]);
  });

  // Three in forty match: a page must look further than its own length, and count hasMore among the matches alone.
  const SPARSE = [3, 19, 37];
  const bounds: Pick<PageQuery, 'order' | 'limit' | 'after' | 'before'>[] = (['asc', 'desc'] as const).flatMap((order) => [
    ...[1, 2, 3, 4].map((limit) => ({ order, limit })),
    { order, limit: 1, after: id(3) },
    { order, limit: 1, after: id(20) },
    { order, limit: 2, before: id(37) },
    { order, limit: 1, before: id(36) },
    { order, limit: 5, after: id(order === 'asc' ? 2 : 38), before: id(order === 'asc' ? 37 : 3) },
  ]);

  it('by metadata: pages among many that do not match', async () => {
    await stage.put('thread', ...Array.from({ length: 40 }, (_, n) => aThread({ id: id(n), metadata: { app: SPARSE.includes(n) ? 'mine' : 'other' } })));
    for (const query of bounds) {
      const { items, hasMore } = await stage.world.store.page('thread', [PROJECT], { ...query, where: { metadata: { app: 'mine' } } });
      expect({ query, ids: items.map((item) => item.id), hasMore }).toEqual({ query, ...pageOf(SPARSE.map(id), query) });
    }
  });

  it('by run: pages among the messages of a long thread', async () => {
    const runOf = (n: number) => (SPARSE.includes(n) ? { runId: 'run_1' } : n % 2 === 0 ? { runId: 'run_11' } : {});
    await stage.put('message', ...Array.from({ length: 40 }, (_, n) => aMessage({ id: id(n), threadId: 'thread_1', ...runOf(n) })));
    for (const query of bounds) {
      const { items, hasMore } = await stage.world.store.page('message', [PROJECT, 'thread_1'], { ...query, where: { runId: 'run_1' } });
      expect({ query, ids: items.map((item) => item.id), hasMore }).toEqual({ query, ...pageOf(SPARSE.map(id), query) });
    }
  });

  it('by run: finds nothing of another thread or project', async () => {
    await stage.put('message', aMessage({ threadId: 'thread_2', runId: 'run_1' }), aMessage({ projectId: 'proj_2', threadId: 'thread_1', runId: 'run_1' }));
    const { items } = await stage.world.store.page('message', [PROJECT, 'thread_1'], { order: 'asc', limit: 10, where: { runId: 'run_1' } });
    expect(items).toEqual([]);
  });

  it('by run and metadata together', async () => {
    const message = aMessage({ threadId: 'thread_1', runId: 'run_1', metadata: { a: 'b' } });
    await stage.put('message', message, aMessage({ threadId: 'thread_1', runId: 'run_1' }), aMessage({ threadId: 'thread_1', metadata: { a: 'b' } }));
    const { items } = await stage.world.store.page('message', [PROJECT, 'thread_1'], { order: 'asc', limit: 10, where: { runId: 'run_1', metadata: { a: 'b' } } });
    expect(items).toStrictEqual([message]);
  });
}
