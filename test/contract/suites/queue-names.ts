import { describe, expect, it } from '@jest/globals';
import type { Outcome } from '../../../shared/ports/queue.ts';
import { type Answer, cancel, DONE, Deliveries, job, MINUTE, SECOND, send } from './deliveries.ts';
import type { Stage } from './stage.ts';

export function describeNames(stage: Stage): void {
  const now = () => stage.world.clock.nowMs();
  const work = (answer?: Answer): Deliveries => {
    const deliveries = new Deliveries(stage, answer);
    stage.work(deliveries.handle);
    return deliveries;
  };
  /** What was delivered after all, an hour later. */
  const inTheEnd = async (deliveries: Deliveries): Promise<string[]> => {
    await stage.world.pass(60 * MINUTE);
    await deliveries.fence();
    return deliveries.names;
  };

  it('a later job of the same name is delivered when it is due, and stands for the one that waited', async () => {
    const deliveries = work();
    await send(stage, job('name', now() + 20 * SECOND, 'first'));
    await send(stage, job('name', now() + 10 * SECOND, 'second'));
    await stage.world.pass(10 * SECOND);
    await deliveries.reach('second');
    const names = await inTheEnd(deliveries);
    if (stage.world.traits.namesReplace) expect(names).toEqual(['second']);
  });

  it('a later job of the same name may put off the one that waited', async () => {
    const deliveries = work();
    await send(stage, job('name', now() + 10 * SECOND, 'first'));
    await send(stage, job('name', now() + 20 * SECOND, 'second'));
    await stage.world.pass(20 * SECOND);
    await deliveries.reach('second');
    if (stage.world.traits.namesReplace) expect(await inTheEnd(deliveries)).toEqual(['second']);
  });

  it('of two jobs of one name in one change the later is delivered', async () => {
    const deliveries = work();
    await send(stage, job('name', now(), 'first'), job('name', now(), 'second'));
    await deliveries.reach('second');
    if (stage.world.traits.namesReplace) expect(await inTheEnd(deliveries)).toEqual(['second']);
  });

  it('the name is free again once its job is acknowledged', async () => {
    const deliveries = work();
    for (let count = 1; count <= 5; count++) {
      await send(stage, job('name', now(), 'same'));
      await deliveries.reach('same', count);
    }
    expect(deliveries.attempts('same')).toEqual([1, 1, 1, 1, 1]);
  });

  const ends: [string, () => Outcome | Promise<Outcome>][] = [
    ['is acknowledged', () => DONE],
    ['asks to come again', () => ({ done: false, againInMs: SECOND })],
    ['fails', () => ({ done: false, againInMs: SECOND, failed: true })],
    ['throws', () => Promise.reject(new Error('thrown'))],
  ];
  it.each(ends)('a job sent while its predecessor of the same name is being handled is not lost when that one %s', async (_, end) => {
    const gate = Promise.withResolvers<void>();
    const deliveries = work(async (__, name, nth) => {
      if (name !== 'first' || nth > 1) return DONE;
      await gate.promise;
      return end();
    });
    await send(stage, job('name', now(), 'first'));
    await deliveries.reach('first');
    // It may be delivered at once, or when its predecessor has ended.
    await send(stage, job('name', now(), 'second'));
    await deliveries.fence();
    gate.resolve();
    await stage.world.pass(MINUTE);
    await deliveries.reach('second');
    const names = await inTheEnd(deliveries);
    expect(names.filter((name) => name === 'second')).toHaveLength(1);
  });

  it.each(ends)('a job that its predecessor sends for later comes at its time, when that one %s', async (_, end) => {
    const deliveries = work(async (__, name, nth) => {
      if (name !== 'first' || nth > 1) return DONE;
      await send(stage, job('name', now() + 5 * SECOND, 'second'));
      return end();
    });
    await send(stage, job('name', now(), 'first'));
    await deliveries.reach('first');
    await stage.world.pass(5 * SECOND - 1);
    await deliveries.fence();
    expect(deliveries.count('second')).toBe(0);
    await stage.world.pass(1);
    await deliveries.reach('second');
  });

  it('a handler that sends its own job anew, a hundred times over, does each once', async () => {
    const deliveries = work(async (_, __, nth) => {
      if (nth < 100) await send(stage, job('name', now(), 'same'));
      return DONE;
    });
    await send(stage, job('name', now(), 'same'));
    await deliveries.reach('same', 100);
    expect(await inTheEnd(deliveries)).toHaveLength(100);
    expect(new Set(deliveries.attempts('same'))).toEqual(new Set([1]));
  });

  describe('cancelling', () => {
    it('takes back what waits, and nothing else', async () => {
      const deliveries = work();
      await send(stage, job('a', now() + 5 * SECOND), job('b', now() + 5 * SECOND), job('c', now() + 5 * SECOND));
      await cancel(stage, 'a', 'c', 'never-sent', '', '%');
      await stage.world.pass(5 * SECOND);
      await deliveries.reach('b');
      if (stage.world.traits.namesReplace) expect(await inTheEnd(deliveries)).toEqual(['b']);
    });

    it('leaves the name to who comes next', async () => {
      const deliveries = work();
      await send(stage, job('name', now() + 5 * SECOND, 'first'));
      await cancel(stage, 'name');
      await send(stage, job('name', now() + 5 * SECOND, 'second'));
      await stage.world.pass(5 * SECOND);
      await deliveries.reach('second');
      if (stage.world.traits.namesReplace) expect(await inTheEnd(deliveries)).toEqual(['second']);
    });

    it('of a job that is being handled lets it end, and perhaps come again no more', async () => {
      const gate = Promise.withResolvers<void>();
      const deliveries = work(async () => {
        await gate.promise;
        return { done: false, againInMs: SECOND, failed: true };
      });
      await send(stage, job('a', now()));
      await deliveries.reach('a');
      await cancel(stage, 'a');
      gate.resolve();
      const names = await inTheEnd(deliveries);
      if (stage.world.traits.namesReplace) expect(names).toEqual(['a']);
    });
  });
}
