/** What every queue must do: deliver each job when it is due, several at once, again when it failed, until it is acknowledged. */
import { describe, expect, it } from '@jest/globals';
import { create } from '../../../shared/ports/commit.ts';
import { keyOf } from '../../../shared/ports/store.ts';
import { aThread } from '../../support/records.ts';
import type { Job } from '../../../shared/ports/queue.ts';
import { DONE, Deliveries, job, jobOf, MINUTE, nameOf, SECOND, send } from './deliveries.ts';
import { describeNames } from './queue-names.ts';
import { describeRestarts } from './queue-restarts.ts';
import { describeRetries } from './queue-retries.ts';
import { failureOf, type MakeWorld, type Stage, useStage } from './stage.ts';

export function describeQueue(name: string, makeWorld: MakeWorld): void {
  describe(`${name}: queue`, () => {
    const stage = useStage(makeWorld);
    describe('delivery', () => describeDelivery(stage));
    describe('several at once', () => describeConcurrency(stage));
    describe('failures', () => describeRetries(stage));
    describe('names', () => describeNames(stage));
    describe('restarts', () => describeRestarts(stage));
  });
}

function describeDelivery(stage: Stage): void {
  const now = () => stage.world.clock.nowMs();

  it.each(['drive-run', 'expire-run'] as const)('delivers a %s that is due at once, as it was sent', async (type) => {
    const deliveries = new Deliveries(stage);
    stage.work(deliveries.handle);
    await send(stage, { name: 'a', job: jobOf('run_a', type), dueMs: now() });
    await deliveries.reach('run_a');
    expect(deliveries.all).toStrictEqual([{ job: jobOf('run_a', type), attempt: 1 }]);
  });

  it('delivers at once what was due long ago', async () => {
    const deliveries = new Deliveries(stage);
    stage.work(deliveries.handle);
    await send(stage, job('a', now() - 30 * MINUTE), job('b', 0));
    await Promise.all([deliveries.reach('a'), deliveries.reach('b')]);
  });

  it('delivers what was sent before there was a consumer', async () => {
    await send(stage, job('a', now()), { name: 'b', job: jobOf('b', 'drive-run'), dueMs: now() });
    const deliveries = new Deliveries(stage);
    stage.work(deliveries.handle);
    await Promise.all([deliveries.reach('a'), deliveries.reach('b')]);
  });

  it('delivers nothing before it is due', async () => {
    const deliveries = new Deliveries(stage);
    stage.work(deliveries.handle);
    await send(stage, job('later', now() + 30 * SECOND), job('sooner', now() + 10 * SECOND), { name: 'drive', job: jobOf('drive', 'drive-run'), dueMs: now() + 20 * SECOND });
    await stage.world.pass(10 * SECOND - 1);
    await deliveries.fence();
    expect(deliveries.names).toEqual([]);
    await stage.world.pass(1);
    await deliveries.reach('sooner');
    await stage.world.pass(10 * SECOND - 1);
    await deliveries.fence();
    expect(deliveries.names).toEqual(['sooner']);
    await stage.world.pass(1);
    await deliveries.reach('drive');
    await stage.world.pass(10 * SECOND);
    await deliveries.reach('later');
    expect(deliveries.names).toEqual(['sooner', 'drive', 'later']);
  });

  it('is done with what was acknowledged', async () => {
    const deliveries = new Deliveries(stage);
    stage.work(deliveries.handle);
    await send(stage, job('a', now()));
    await deliveries.reach('a');
    await stage.world.pass(60 * MINUTE);
    await deliveries.fence();
    expect(deliveries.names).toEqual(['a']);
  });

  // Where job and change are not one write, the job may overtake the change; the handler then asks for it again.
  it('lets a handler find, sooner or later, what its job was sent with', async () => {
    const thread = aThread();
    const found = Promise.withResolvers<unknown>();
    const deliveries = new Deliveries(stage, async () => {
      const seen = await stage.world.store.get(keyOf('thread', thread));
      if (seen === undefined) return { done: false, againInMs: 0 };
      found.resolve(seen);
      return DONE;
    });
    stage.work(deliveries.handle);
    await stage.world.commit({ name: 'create', writes: [create('thread', thread)], jobs: [job('a', now())] });
    expect(await found.promise).toStrictEqual(thread);
    if (stage.world.traits.jobsNeedCommit) expect(deliveries.names).toEqual(['a']);
  });

  it('delivers nothing for a change that did not come about, or what the handler finds nothing for', async () => {
    const thread = aThread();
    await stage.put('thread', thread);
    const twin = aThread();
    const found: unknown[] = [];
    const deliveries = new Deliveries(stage, async () => {
      found.push(await stage.world.store.get(keyOf('thread', twin)));
      return DONE;
    });
    stage.work(deliveries.handle);
    await failureOf(stage.world.commit({ name: 'create', writes: [create('thread', twin), create('thread', thread)], jobs: [job('a', now())], timers: [job('b', now() + SECOND)] }));
    await stage.world.pass(SECOND);
    await deliveries.fence();
    if (stage.world.traits.jobsNeedCommit) expect(deliveries.names).toEqual([]);
    expect(found.every((record) => record === undefined)).toBe(true);
  });

  it('cancels nothing for a change that did not come about', async () => {
    const thread = aThread();
    await stage.put('thread', thread);
    const deliveries = new Deliveries(stage);
    stage.work(deliveries.handle);
    await send(stage, job('a', now() + 5 * SECOND));
    await failureOf(stage.world.commit({ name: 'create', writes: [create('thread', thread)], cancels: ['a'] }));
    await stage.world.pass(5 * SECOND);
    await deliveries.reach('a');
  });
}

function describeConcurrency(stage: Stage): void {
  const now = () => stage.world.clock.nowMs();
  const names = (count: number) => Array.from({ length: count }, (_, n) => `job_${n}`);

  it('delivers jobs side by side: ten that wait for each other all end', async () => {
    const gate = Promise.withResolvers<void>();
    const begun = new Set<string>();
    const deliveries = new Deliveries(stage, async (_, name) => {
      if (begun.add(name).size === 10) gate.resolve();
      await gate.promise;
      return DONE;
    });
    stage.work(deliveries.handle);
    await send(stage, ...names(10).map((name) => job(name, now())));
    await gate.promise;
    await stage.world.pass(10 * MINUTE);
    await deliveries.fence();
    expect(deliveries.names.toSorted()).toEqual(names(10).toSorted());
  });

  it('goes on while handlers never return', async () => {
    const deliveries = new Deliveries(stage, (_, name) => (name.startsWith('stuck') ? new Promise(() => undefined) : DONE));
    stage.work(deliveries.handle);
    await send(stage, ...names(8).map((_, n) => job(`stuck_${n}`, now())));
    await send(stage, ...names(50).map((name) => job(name, now())));
    for (const name of names(50)) await deliveries.reach(name);
  });

  it('goes on while a job keeps failing', async () => {
    const deliveries = new Deliveries(stage, (_, name) => (name === 'bad' ? Promise.reject(new Error('bad')) : DONE));
    stage.work(deliveries.handle);
    await send(stage, job('bad', now()));
    await deliveries.reach('bad');
    await send(stage, ...names(10).map((name) => job(name, now())));
    for (const name of names(10)) await deliveries.reach(name);
  });

  it('delivers hundreds of jobs, each once', async () => {
    const deliveries = new Deliveries(stage);
    stage.work(deliveries.handle);
    await Promise.all(names(600).map((name) => send(stage, job(name, now()))));
    for (const name of names(600)) await deliveries.reach(name);
    await deliveries.fence();
    expect(deliveries.names).toHaveLength(600);
  });

  it('delivers every sort of job as it was sent, and again when it failed', async () => {
    const [projectId, threadId, rev] = ['proj / ü', 'thread_1', 3];
    const jobs: Job[] = [
      { type: 'drive-run', projectId, threadId, runId: 'run_1', rev, dueMs: now() },
      { type: 'settle-run', projectId, threadId, runId: 'run_2', rev, dueMs: now() },
      { type: 'expire-run', projectId, threadId, runId: 'run_3' },
      { type: 'run-export', projectId, exportId: 'exp_1' },
      { type: 'send-delivery', projectId, endpointId: 'whe_1', deliveryId: 'whd_1' },
      { type: 'call-tools', projectId, threadId, runId: 'run_4', round: 2, dueMs: 4 },
      { type: 'warn-expiry', projectId, threadId: 'thread_2' },
      { type: 'arm-warnings', projectId, after: 'thread_3' },
    ];
    const deliveries = new Deliveries(stage, (_, __, nth) => {
      if (nth === 1) throw new Error('once');
      return DONE;
    });
    stage.work(deliveries.handle);
    for (const sent of jobs) await send(stage, { name: `${sent.type}:${nameOf(sent)}`, job: sent, dueMs: now() });
    for (const sent of jobs) await deliveries.reach(nameOf(sent));
    await stage.world.pass(MINUTE);
    for (const sent of jobs) await deliveries.reach(nameOf(sent), 2);
    for (const sent of jobs) {
      const seen = deliveries.all.filter((delivery) => nameOf(delivery.job) === nameOf(sent)).slice(0, 2);
      expect(seen).toStrictEqual([{ job: sent, attempt: 1 }, { job: sent, attempt: 2 }]);
    }
  });

  it('delivers jobs that handlers send', async () => {
    const deliveries = new Deliveries(stage, async (_, name) => {
      const n = Number(name);
      if (n < 20) await send(stage, job(String(n + 1), now()));
      return DONE;
    });
    stage.work(deliveries.handle);
    await send(stage, job('0', now()));
    await deliveries.reach('20');
  });
}
