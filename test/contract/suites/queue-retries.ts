import { expect, it } from '@jest/globals';
import type { Outcome } from '../../../shared/ports/queue.ts';
import { DONE, Deliveries, job, MINUTE, nameOf, SECOND, send } from './deliveries.ts';
import type { Stage } from './stage.ts';

const STEP_MS = 100;
const MOST_STEPS = 6000;

export function describeRetries(stage: Stage): void {
  const now = () => stage.world.clock.nowMs();

  /** When each delivery came, as time goes by in small steps until there were so many. */
  const timesOf = async (deliveries: Deliveries, name: string, count: number): Promise<number[]> => {
    const times: number[] = [];
    for (let step = 0; step < MOST_STEPS; step++) {
      while (times.length < deliveries.count(name)) times.push(now());
      if (times.length >= count) return times;
      await stage.world.pass(STEP_MS);
    }
    throw new Error(`${name} was delivered ${times.length} times in ten minutes`);
  };

  it('delivers again what throws, counting its attempts, with growing pauses', async () => {
    const deliveries = new Deliveries(stage, () => Promise.reject(new Error('not today')));
    stage.work(deliveries.handle);
    await send(stage, job('a', now()));
    await deliveries.reach('a');
    const times = await timesOf(deliveries, 'a', 5);
    const pauses = times.slice(1).map((time, n) => time - (times[n] ?? 0));
    expect(deliveries.attempts('a')).toEqual([1, 2, 3, 4, 5]);
    expect(pauses[0]).toBeGreaterThan(0);
    expect(pauses).toEqual(pauses.toSorted((a, b) => a - b));
    expect(new Set(pauses).size).toBe(4);
  });

  it('takes a handler that throws before it has begun for one that rejects', async () => {
    const deliveries = new Deliveries(stage);
    stage.work((delivery) => {
      void deliveries.handle(delivery);
      if (delivery.attempt === 1 && nameOf(delivery.job) === 'a') throw new Error('at once');
      return Promise.resolve(DONE);
    });
    await send(stage, job('a', now()));
    await deliveries.reach('a');
    await timesOf(deliveries, 'a', 2);
    await stage.world.pass(10 * MINUTE);
    await deliveries.fence();
    expect(deliveries.attempts('a')).toEqual([1, 2]);
  });

  it.each<{ what: string; outcome: Outcome; attempts: number[] }>([
    { what: 'a failure, as a further attempt', outcome: { done: false, againInMs: 7 * SECOND, failed: true }, attempts: [1, 2] },
    { what: 'no failure, as if for the first time', outcome: { done: false, againInMs: 7 * SECOND }, attempts: [1, 1] },
  ])('delivers again after the time that the handler names: $what', async ({ outcome, attempts }) => {
    const deliveries = new Deliveries(stage, (_, __, nth) => (nth === 1 ? outcome : DONE));
    stage.work(deliveries.handle);
    await send(stage, job('a', now()));
    await deliveries.reach('a');
    await stage.world.pass(7 * SECOND - 1);
    await deliveries.fence();
    expect(deliveries.attempts('a')).toEqual([1]);
    await stage.world.pass(1);
    await deliveries.reach('a', 2);
    await stage.world.pass(10 * MINUTE);
    await deliveries.fence();
    expect(deliveries.attempts('a')).toEqual(attempts);
  });

  it('delivers again at once when the handler asks for that', async () => {
    const deliveries = new Deliveries(stage, (_, __, nth) => (nth < 20 ? { done: false, againInMs: 0 } : DONE));
    stage.work(deliveries.handle);
    await send(stage, job('a', now()));
    await deliveries.reach('a', 20);
    await deliveries.fence();
    expect(deliveries.attempts('a')).toEqual(Array.from({ length: 20 }, () => 1));
  });

  it('forgets earlier failures when the handler asks for another time without one', async () => {
    const script: Outcome[] = [
      { done: false, againInMs: SECOND, failed: true },
      { done: false, againInMs: SECOND, failed: true },
      { done: false, againInMs: SECOND },
      { done: false, againInMs: SECOND, failed: true },
      DONE,
    ];
    const deliveries = new Deliveries(stage, (_, __, nth) => script[nth - 1] ?? DONE);
    stage.work(deliveries.handle);
    await send(stage, job('a', now()));
    await deliveries.reach('a');
    for (let count = 2; count <= 5; count++) {
      await stage.world.pass(SECOND);
      await deliveries.reach('a', count);
    }
    await stage.world.pass(10 * MINUTE);
    await deliveries.fence();
    expect(deliveries.attempts('a')).toEqual([1, 2, 3, 1, 2]);
  });

  it('counts the attempts of each job by itself', async () => {
    const deliveries = new Deliveries(stage, (_, name, nth) => (nth <= Number(name) ? { done: false, againInMs: SECOND, failed: true } : DONE));
    stage.work(deliveries.handle);
    await send(stage, job('0', now()), job('1', now()), job('2', now()));
    for (const name of ['0', '1', '2']) await deliveries.reach(name);
    for (let count = 2; count <= 3; count++) {
      await stage.world.pass(SECOND);
      for (const name of ['1', '2']) await deliveries.reach(name, Math.min(count, Number(name) + 1));
    }
    await deliveries.fence();
    expect(['0', '1', '2'].map((name) => deliveries.attempts(name))).toEqual([[1], [1, 2], [1, 2, 3]]);
  });
}
