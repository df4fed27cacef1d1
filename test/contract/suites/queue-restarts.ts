import { expect, it } from '@jest/globals';
import { type Answer, DONE, Deliveries, job, jobOf, MINUTE, SECOND, send } from './deliveries.ts';
import type { Stage } from './stage.ts';

export function describeRestarts(stage: Stage): void {
  const now = () => stage.world.clock.nowMs();
  const work = (answer?: Answer): Deliveries => {
    const deliveries = new Deliveries(stage, answer);
    stage.work(deliveries.handle);
    return deliveries;
  };
  const restart = async () => {
    await stage.reopen();
    await stage.world.pass(stage.world.traits.redeliveryMs);
  };

  it('delivers nothing after stop', async () => {
    const deliveries = new Deliveries(stage);
    const consumer = stage.work(deliveries.handle);
    await send(stage, job('a', now() + 5 * SECOND));
    consumer.stop();
    await send(stage, job('b', now()));
    await stage.world.pass(10 * SECOND);
    const next = work();
    await Promise.all([next.reach('a'), next.reach('b')]);
    expect(deliveries.names).toEqual([]);
  });

  it('stops twice without harm', async () => {
    const consumer = stage.work(new Deliveries(stage).handle);
    consumer.stop();
    consumer.stop();
    const next = work();
    await send(stage, job('a', now()));
    await next.reach('a');
  });

  it.each(['drive-run', 'expire-run'] as const)('delivers a %s again that was being handled when its process ended', async (type) => {
    const before = work(() => new Promise(() => undefined));
    await send(stage, { name: 'a', job: jobOf('a', type), dueMs: now() });
    await before.reach('a');
    await restart();
    const after = work();
    await after.reach('a');
    await stage.world.pass(60 * MINUTE);
    await after.fence();
    const isTwice = type === 'drive-run' && stage.world.traits.tellsRunsTwice;
    expect(after.names).toEqual(isTwice ? ['a', 'a'] : ['a']);
    expect(after.all[0]?.job).toEqual(jobOf('a', type));
  });

  it('delivers what was due when nobody was there', async () => {
    await send(stage, job('a', now()), job('b', now() + SECOND));
    await stage.reopen();
    await stage.world.pass(MINUTE);
    const deliveries = work();
    await Promise.all([deliveries.reach('a'), deliveries.reach('b')]);
  });

  it('does not deliver again what was acknowledged before', async () => {
    const before = work();
    await send(stage, job('a', now()), job('b', now()));
    await Promise.all([before.reach('a'), before.reach('b')]);
    await before.fence();
    await restart();
    const after = work();
    await stage.world.pass(60 * MINUTE);
    await after.fence();
    expect(after.names).toEqual([]);
  });

  it('remembers failed attempts', async () => {
    const before = work(() => ({ done: false, againInMs: 5 * SECOND, failed: true }));
    await send(stage, job('a', now()));
    await before.reach('a');
    await before.fence();
    await restart();
    const after = work();
    await stage.world.pass(5 * SECOND);
    await after.reach('a');
    expect(after.attempts('a')).toEqual([2]);
  });

  it('keeps waiting, after a restart, for what is not yet due', async () => {
    await send(stage, job('a', now() + 10 * MINUTE));
    await stage.reopen();
    const deliveries = work();
    await stage.world.pass(10 * MINUTE - 1);
    await deliveries.fence();
    expect(deliveries.names).toEqual([]);
    await stage.world.pass(1);
    await deliveries.reach('a');
  });

  it('an answer that comes after stop does no harm', async () => {
    const gate = Promise.withResolvers<void>();
    const before = new Deliveries(stage, async () => {
      await gate.promise;
      return DONE;
    });
    const consumer = stage.work(before.handle);
    await send(stage, job('a', now()), job('b', now()));
    await Promise.all([before.reach('a'), before.reach('b')]);
    consumer.stop();
    gate.resolve();
    await restart();
    // Acknowledged late or delivered again: the port allows either.
    const after = work();
    await after.fence();
    expect(after.names.every((name) => name === 'a' || name === 'b')).toBe(true);
  });
}
