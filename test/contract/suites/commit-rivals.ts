import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Thread } from '../../../shared/domain/thread.ts';
import { ConflictError, create, remove, retryOnConflict, update } from '../../../shared/ports/commit.ts';
import { keyOf, keys } from '../../../shared/ports/store.ts';
import { aThread, anIdempotencyRecord, PROJECT } from '../../support/records.ts';
import type { Stage } from './stage.ts';

const settled = async (attempts: Promise<unknown>[]) => {
  const results = await Promise.allSettled(attempts);
  const lost = results.filter((result) => result.status === 'rejected').map((result) => result.reason as unknown);
  return { won: results.length - lost.length, lost };
};

export function describeRivals(stage: Stage): void {
  const read = async (id: string): Promise<Thread> => {
    const thread = await stage.world.store.get(keys.thread(PROJECT, id));
    if (!thread) throw new Error(`${id} is gone`);
    return thread;
  };
  const numberOf = (thread: Thread) => Number(thread.metadata['n']);
  const withNumber = (thread: Thread, n: number) => update('thread', thread, { ...thread, metadata: { n: String(n) } });

  it('one of many who create the same record wins, and all others are shown its record', async () => {
    const rivals = Array.from({ length: 20 }, (_, n) => aThread({ id: 'thread_same', metadata: { n: String(n) } }));
    const { won, lost } = await settled(rivals.map((thread) => stage.world.commit({ name: 'create', writes: [create('thread', thread)] })));
    const winner = await read('thread_same');
    expect(won).toBe(1);
    expect(lost.map((error) => error instanceof ConflictError && error.current)).toStrictEqual(lost.map(() => winner));
  });

  it('one of many who change the same revision wins, one of many who delete it too', async () => {
    const thread = aThread();
    await stage.put('thread', thread);
    const updates = await settled(Array.from({ length: 20 }, (_, n) => stage.world.commit({ name: 'update', writes: [withNumber(thread, n)] })));
    expect([updates.won, updates.lost.every((error) => error instanceof ConflictError)]).toEqual([1, true]);
    const now = await read(thread.id);
    expect(now.rev).toBe(1);
    const deletes = await settled(Array.from({ length: 20 }, () => stage.world.commit({ name: 'delete', writes: [remove('thread', now)] })));
    expect([deletes.won, deletes.lost.every((error) => error instanceof ConflictError && error.current === undefined)]).toEqual([1, true]);
  });

  it('all of fifty who count on one record are counted when they try again', async () => {
    const thread = aThread({ metadata: { n: '0' } });
    await stage.put('thread', thread);
    const increment = () =>
      retryOnConflict(async () => {
        const before = await read(thread.id);
        await stage.world.commit({ name: 'increment', writes: [withNumber(before, numberOf(before) + 1)] });
      });
    await Promise.all(Array.from({ length: 50 }, increment));
    const after = await read(thread.id);
    expect([numberOf(after), after.rev]).toEqual([50, 50]);
  });

  it('nothing is lost between two records, however the changes cross', async () => {
    const ids = ['thread_a', 'thread_b', 'thread_c'];
    await stage.put('thread', ...ids.map((id) => aThread({ id, metadata: { n: '1000' } })));
    const transfer = (from: string, to: string, amount: number) =>
      retryOnConflict(async () => {
        const [source, target] = [await read(from), await read(to)];
        await stage.world.commit({ name: 'transfer', writes: [withNumber(source, numberOf(source) - amount), withNumber(target, numberOf(target) + amount)] });
      });
    const transfers = fc.sample(fc.tuple(fc.shuffledSubarray(ids, { minLength: 2, maxLength: 2 }), fc.nat({ max: 100 })), { numRuns: 30, seed: 7 });
    await Promise.all(transfers.map(([[from = '', to = ''], amount]) => transfer(from, to, amount)));
    const after = await Promise.all(ids.map(read));
    const wanted = ids.map((id) => transfers.reduce((sum, [[from, to], amount]) => sum + (to === id ? amount : 0) - (from === id ? amount : 0), 1000));
    expect(after.map(numberOf)).toEqual(wanted);
    expect(after.reduce((revisions, thread) => revisions + thread.rev, 0)).toBe(60);
  });

  it('a check holds against who changes the record at the same time', async () => {
    for (let round = 0; round < 10; round++) {
      const guard = aThread({ metadata: { n: '0' } });
      await stage.put('thread', guard);
      const guarded = aThread();
      const key = keyOf('thread', guard);
      const checked = stage.world.commit({ name: 'guarded', writes: [{ op: 'check', key, expectRev: 0 }, create('thread', guarded)] });
      const changed = stage.world.commit({ name: 'change', writes: [withNumber(guard, 1)] });
      const results = await Promise.allSettled([checked, changed]);
      const isThere = (await stage.world.store.get(keyOf('thread', guarded))) !== undefined;
      // Either may come first, so either may lose; what the check guards exists exactly when the check held.
      expect(isThere).toBe(results[0].status === 'fulfilled');
      expect(results.some((result) => result.status === 'fulfilled')).toBe(true);
    }
  });

  it('twins with one idempotency key make one record and one memory of it', async () => {
    const memory = anIdempotencyRecord();
    const attempt = async (n: number) => {
      const thread = aThread({ metadata: { n: String(n) } });
      const mine = { ...memory, created: { kind: 'thread' as const, id: thread.id } };
      await stage.world.commit({ name: 'create', writes: [create('idempotency', mine), create('thread', thread)] });
    };
    const { won, lost } = await settled(Array.from({ length: 10 }, (_, n) => attempt(n)));
    const kept = await stage.world.store.get(keyOf('idempotency', memory));
    const { items } = await stage.world.store.page('thread', [PROJECT], { order: 'asc', limit: 20 });
    expect(won).toBe(1);
    expect(items.map(({ id }) => id)).toEqual([kept?.created.id]);
    for (const error of lost) expect(error).toMatchObject({ key: keyOf('idempotency', memory), current: kept });
  });

  it('a memory is not kept of what did not come to be', async () => {
    const [thread, memory] = [aThread(), anIdempotencyRecord()];
    await stage.put('thread', thread);
    const { lost } = await settled([stage.world.commit({ name: 'create', writes: [create('idempotency', memory), create('thread', thread)] })]);
    expect(lost).toMatchObject([{ key: keyOf('thread', thread), current: thread }]);
    expect(await stage.world.store.get(keyOf('idempotency', memory))).toBeUndefined();
  });
}
