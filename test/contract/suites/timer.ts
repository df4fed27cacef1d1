/** What every timer must do: go off at its time, minutes or months away, whatever happens to processes meanwhile. */
import { describe, expect, it } from '@jest/globals';
import { create } from '../../../shared/ports/commit.ts';
import { aThread, DAY_MS } from '../../support/records.ts';
import { type Answer, cancel, DONE, Deliveries, job, jobOf, MINUTE, SECOND, setTimers } from './deliveries.ts';
import { failureOf, type MakeWorld, useStage } from './stage.ts';

export function describeTimer(name: string, makeWorld: MakeWorld): void {
  describe(`${name}: timer`, () => {
    const stage = useStage(makeWorld);
    const now = () => stage.world.clock.nowMs();
    const work = (answer?: Answer): Deliveries => {
      const deliveries = new Deliveries(stage, answer);
      stage.work(deliveries.handle);
      return deliveries;
    };

    it('goes off when its time has come, and no millisecond before', async () => {
      const deliveries = work();
      await setTimers(stage, { name: 'expire:run_1:1', job: jobOf('run_1'), dueMs: now() + 10 * MINUTE });
      await stage.world.pass(10 * MINUTE - 1);
      await deliveries.fence();
      expect(deliveries.names).toEqual([]);
      await stage.world.pass(1);
      await deliveries.reach('run_1');
      expect(deliveries.all.at(-1)).toStrictEqual({ job: jobOf('run_1'), attempt: 1 });
    });

    it('goes off once', async () => {
      const deliveries = work();
      await setTimers(stage, job('a', now() + MINUTE));
      await stage.world.pass(MINUTE);
      await deliveries.reach('a');
      await stage.world.pass(DAY_MS);
      await deliveries.fence();
      expect(deliveries.names).toEqual(['a']);
    });

    it('goes off at once when its time is past', async () => {
      const deliveries = work();
      await setTimers(stage, job('a', now() - MINUTE), job('b', now()));
      await Promise.all([deliveries.reach('a'), deliveries.reach('b')]);
    });

    it('goes off in its turn, each at its own time', async () => {
      const times: [string, number][] = [];
      const startMs = now();
      const deliveries = work((_, timer) => {
        times.push([timer, now() - startMs]);
        return DONE;
      });
      await setTimers(stage, ...[5, 1, 4].map((minute) => job(String(minute), startMs + minute * MINUTE)));
      await setTimers(stage, ...[2, 3].map((minute) => job(String(minute), startMs + minute * MINUTE)));
      for (const minute of ['1', '2', '3', '4', '5']) {
        await stage.world.pass(MINUTE);
        await deliveries.reach(minute);
      }
      expect(times).toEqual([1, 2, 3, 4, 5].map((minute) => [String(minute), minute * MINUTE]));
    });

    it('an earlier one set later does not wait for the one that was set first', async () => {
      const deliveries = work();
      await setTimers(stage, job('late', now() + 10 * MINUTE));
      await setTimers(stage, job('early', now() + SECOND));
      await stage.world.pass(SECOND);
      await deliveries.reach('early');
      expect(deliveries.names).toEqual(['early']);
      await stage.world.pass(10 * MINUTE);
      await deliveries.reach('late');
    });

    it('hundreds go off, those of one moment and those spread out', async () => {
      const deliveries = work();
      const timers = Array.from({ length: 400 }, (_, n) => job(`timer_${n}`, now() + (n % 2 === 0 ? 5 * MINUTE : n * SECOND)));
      await setTimers(stage, ...timers);
      await stage.world.pass(400 * SECOND);
      for (const timer of timers) await deliveries.reach(timer.name);
      await deliveries.fence();
      expect(deliveries.names).toHaveLength(400);
    });

    // setTimeout alone cannot wait longer than 24.8 days.
    it('waits for months', async () => {
      const deliveries = work();
      await setTimers(stage, job('a', now() + 60 * DAY_MS));
      for (let day = 1; day < 60; day++) await stage.world.pass(DAY_MS);
      await deliveries.fence();
      expect(deliveries.names).toEqual([]);
      await stage.world.pass(DAY_MS);
      await deliveries.reach('a');
    });

    it('survives a restart', async () => {
      work();
      await setTimers(stage, job('a', now() + 10 * MINUTE), job('b', now() + 5 * MINUTE));
      await stage.world.pass(4 * MINUTE);
      await stage.reopen();
      await stage.world.pass(2 * MINUTE);
      const deliveries = work();
      await deliveries.reach('b');
      await deliveries.fence();
      expect(deliveries.names).toEqual(['b']);
      await stage.world.pass(4 * MINUTE);
      await deliveries.reach('a');
    });

    it('comes again when its handler fails, or finds it too early', async () => {
      const startMs = now();
      const deliveries = work(({ attempt }, timer) => {
        if (timer === 'failing' && attempt === 1) throw new Error('once');
        return timer === 'early' && now() < startMs + 2 * MINUTE ? { done: false, againInMs: startMs + 2 * MINUTE - now() } : DONE;
      });
      await setTimers(stage, job('failing', now() + MINUTE), job('early', now() + MINUTE));
      await stage.world.pass(MINUTE);
      await Promise.all([deliveries.reach('failing'), deliveries.reach('early')]);
      await stage.world.pass(MINUTE);
      await Promise.all([deliveries.reach('failing', 2), deliveries.reach('early', 2)]);
      expect([deliveries.attempts('failing'), deliveries.attempts('early')]).toEqual([[1, 2], [1, 1]]);
    });

    it('is taken back by its name, best effort, without harm to others', async () => {
      const deliveries = work();
      await setTimers(stage, job('a', now() + MINUTE), job('b', now() + MINUTE));
      await cancel(stage, 'a', 'never-set');
      await stage.world.pass(MINUTE);
      await deliveries.reach('b');
      await cancel(stage, 'b');
      await deliveries.fence();
      if (stage.world.traits.namesReplace) expect(deliveries.names).toEqual(['b']);
    });

    it('may be set twice under one name', async () => {
      const deliveries = work();
      const same = job('a', now() + MINUTE);
      await setTimers(stage, same);
      await setTimers(stage, same);
      await stage.world.pass(MINUTE);
      await deliveries.reach('a');
      await stage.world.pass(MINUTE);
      await deliveries.fence();
      if (stage.world.traits.namesReplace) expect(deliveries.names).toEqual(['a']);
    });

    it('is not set by a change that did not come about, or finds nothing to do', async () => {
      const thread = aThread();
      await stage.put('thread', thread);
      const deliveries = work();
      await failureOf(stage.world.commit({ name: 'create', writes: [create('thread', thread)], timers: [job('a', now() + MINUTE)] }));
      await stage.world.pass(2 * MINUTE);
      await deliveries.fence();
      if (stage.world.traits.jobsNeedCommit) expect(deliveries.names).toEqual([]);
    });
  });
}
