import { expect, it } from '@jest/globals';
import type { PageQuery } from '../../../shared/ports/store.ts';
import { keyOf } from '../../../shared/ports/store.ts';
import { remove } from '../../../shared/ports/commit.ts';
import { aDelivery, aMessage, aRun, aStep, aToolEndpoint, aWebhookEndpoint, anApiKey, anExport, PROJECT } from '../../support/records.ts';
import type { Stage } from './stage.ts';

type Bounds = Pick<PageQuery, 'order' | 'limit' | 'after' | 'before'>;

/** What a page is, said over a sorted array. */
export function pageOf(ids: readonly string[], { order, limit, after, before }: Bounds): { ids: string[]; hasMore: boolean } {
  const isBehind = (id: string, cursor: string) => (order === 'asc' ? id > cursor : id < cursor);
  const inOrder = order === 'asc' ? [...ids] : [...ids].reverse();
  const range = inOrder.filter((id) => (after === undefined || isBehind(id, after)) && (before === undefined || isBehind(before, id)));
  const fromTheEnd = before !== undefined && after === undefined;
  return { ids: fromTheEnd ? range.slice(-limit) : range.slice(0, limit), hasMore: range.length > limit };
}

const THREAD = 'thread_1';
const SCOPE = [PROJECT, THREAD];
const id = (n: number): string => `msg_${String(n).padStart(24, '0')}`;
const messages = (count: number) => Array.from({ length: count }, (_, n) => aMessage({ id: id(n), threadId: THREAD }));

export function describePages(stage: Stage): void {
  const read = async (query: PageQuery) => {
    const { items, hasMore } = await stage.world.store.page('message', SCOPE, query);
    return { ids: items.map((item) => item.id), hasMore };
  };

  it('is empty where there is nothing', async () => {
    await stage.put('message', aMessage({ threadId: 'thread_2' }), aMessage({ threadId: 'thread_11' }), aMessage({ threadId: 'thread_' }));
    for (const order of ['asc', 'desc'] as const) {
      expect(await read({ order, limit: 1 })).toEqual({ ids: [], hasMore: false });
      expect(await read({ order, limit: 100, after: id(1), before: id(2) })).toEqual({ ids: [], hasMore: false });
    }
  });

  it('holds whole records', async () => {
    const [first, second] = [aMessage({ id: id(1), threadId: THREAD, metadata: { n: '1' } }), aMessage({ id: id(2), threadId: THREAD })];
    await stage.put('message', second, first);
    expect((await stage.world.store.page('message', SCOPE, { order: 'asc', limit: 5 })).items).toStrictEqual([first, second]);
  });

  it('holds the records of its own scope and kind alone', async () => {
    const here = { threadId: THREAD, runId: 'run_1' };
    const mine = aStep('completed', here);
    await stage.put('step', mine, aStep('completed', { ...here, runId: 'run_2' }), aStep('completed', { ...here, runId: 'run_11' }), aStep('completed', { ...here, projectId: 'proj_2' }));
    await stage.put('run', aRun('queued', { threadId: THREAD, id: mine.id }));
    await stage.put('message', aMessage({ threadId: THREAD, id: mine.id }));
    expect((await stage.world.store.page('step', [PROJECT, THREAD, 'run_1'], { order: 'asc', limit: 10 })).items).toStrictEqual([mine]);
    expect((await stage.world.store.page('step', [PROJECT, THREAD], { order: 'asc', limit: 10 })).items).toEqual([]);
  });

  it('lists what a project has beside its threads, and deliveries by their endpoint', async () => {
    const other = { projectId: 'proj_other' };
    const [endpoint, history, tool] = [aWebhookEndpoint(), anExport('queued'), aToolEndpoint()];
    const [one, two] = [aDelivery('pending', { endpointId: endpoint.id }), aDelivery('failed', { endpointId: endpoint.id })];
    await stage.put('webhook_endpoint', endpoint, aWebhookEndpoint(other));
    await stage.put('export', history, anExport('queued', other));
    await stage.put('tool_endpoint', tool, aToolEndpoint(other));
    await stage.put('delivery', one, two, aDelivery('pending', { endpointId: `${endpoint.id}1` }), aDelivery('pending', { endpointId: endpoint.id, ...other }));
    const query: PageQuery = { order: 'desc', limit: 10 };
    expect((await stage.world.store.page('webhook_endpoint', [PROJECT], query)).items).toStrictEqual([endpoint]);
    expect((await stage.world.store.page('export', [PROJECT], query)).items).toStrictEqual([history]);
    expect((await stage.world.store.page('tool_endpoint', [PROJECT], query)).items).toStrictEqual([tool]);
    expect((await stage.world.store.page('delivery', [PROJECT, endpoint.id], query)).items).toStrictEqual([two, one]);
  });

  it('lists keys, which have no project above them', async () => {
    const fresh = (await stage.world.store.page('api_key', [], { order: 'asc', limit: 100 })).items;
    const [one, two] = [anApiKey({ projectId: 'proj_1' }), anApiKey({ projectId: 'proj_2' })];
    await stage.put('api_key', one, two);
    const all = (await stage.world.store.page('api_key', [], { order: 'asc', limit: 100 })).items;
    expect(all).toStrictEqual([...fresh, one, two].sort((a, b) => (a.id < b.id ? -1 : 1)));
  });

  // Seven records stand at 1, 3, 5 … 13 and one more was deleted, so every cursor can lie on, between, before and behind them.
  it('ends where it should, for every order, limit and pair of cursors', async () => {
    const standing = messages(14).filter((_, n) => n % 2 === 1);
    const deleted = aMessage({ id: id(6), threadId: THREAD });
    await stage.put('message', ...standing, deleted);
    await stage.world.commit({ name: 'delete', writes: [remove('message', deleted)] });
    const ids = standing.map((message) => message.id);
    const cursors = [undefined, id(0), id(1), id(2), id(5), id(6), id(7), id(13), id(14)];
    const wrong: object[] = [];
    for (const order of ['asc', 'desc'] as const)
      for (const limit of [1, 2, 6, 7, 8])
        for (const after of cursors)
          for (const before of cursors) {
            const query = { order, limit, after, before };
            const [got, wanted] = [await read(query), pageOf(ids, query)];
            if (JSON.stringify(got) !== JSON.stringify(wanted)) wrong.push({ query, got, wanted });
          }
    expect(wrong).toEqual([]);
  });

  it('compares a cursor that never existed, whatever it looks like', async () => {
    const standing = messages(3);
    await stage.put('message', ...standing);
    const ids = standing.map((message) => message.id);
    for (const cursor of ['', 'a', 'zzz', 'msg_', `${id(1)}!`, 'msg_💥', `'"%_\\`, '\u0000', `msg_${'x'.repeat(5000)}`])
      for (const order of ['asc', 'desc'] as const)
        for (const side of ['after', 'before'] as const) {
          const query = { order, limit: 2, [side]: cursor };
          expect({ cursor, ...(await read(query)) }).toEqual({ cursor, ...pageOf(ids, query) });
        }
  });

  it('follows what changes between two pages without losing or doubling what stays', async () => {
    const standing = messages(9);
    await stage.put('message', ...standing);
    const first = await read({ order: 'asc', limit: 3 });
    await stage.world.commit({ name: 'delete', writes: standing.slice(2, 4).map((message) => remove('message', message)) });
    await stage.put('message', aMessage({ id: id(20), threadId: THREAD }));
    const second = await read({ order: 'asc', limit: 100, after: first.ids.at(-1) });
    expect([...first.ids, ...second.ids]).toEqual([0, 1, 2, 4, 5, 6, 7, 8, 20].map(id));
  });

  it('takes an id in both directions from the same record', async () => {
    const standing = messages(5);
    await stage.put('message', ...standing);
    const middle = standing[2];
    if (!middle) return;
    expect(await stage.world.store.get(keyOf('message', middle))).toStrictEqual(middle);
    const behind = await read({ order: 'desc', limit: 10, after: middle.id });
    const ahead = await read({ order: 'desc', limit: 10, before: middle.id });
    expect([behind.ids, ahead.ids]).toEqual([[id(1), id(0)], [id(4), id(3)]]);
  });
}
