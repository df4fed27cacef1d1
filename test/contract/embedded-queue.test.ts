/** The job table when there is more to do than is done at once. */
import { describe, expect, it } from '@jest/globals';
import { driveJob, expiryTimer, settleJob } from '../../shared/actions/run-jobs.ts';
import type { Scheduled } from '../../shared/ports/commit.ts';
import type { Delivery, Handle } from '../../shared/ports/queue.ts';
import { aRun } from '../support/records.ts';
import { useEmbedded } from './embedded-stage.ts';
import { DONE, job, nameOf } from './suites/deliveries.ts';
import { until } from './suites/stage.ts';

/** More than the queue takes on at once. */
const CROWD = 400;

const embedded = useEmbedded();

const send = (...jobs: Scheduled[]) => embedded.world.commit({ name: 'send', writes: [], jobs });
const work = (handle: Handle) => {
  const worker = embedded.world.queue.consume(handle);
  embedded.stopLater(() => worker.stop());
  return worker;
};
const crowd = Array.from({ length: CROWD }, () => aRun('queued'));

it('cancellations and expiries do not wait behind runs that are driven', async () => {
  const seen: Delivery['job'][] = [];
  work(({ job }) => {
    seen.push(job);
    return job.type === 'drive-run' ? new Promise(() => undefined) : Promise.resolve(DONE);
  });
  await send(...crowd.map((run) => driveJob(run, embedded.clock.nowMs())));
  await until(() => seen.length > 100, 'many runs are driven');
  const [cancelled, waiting] = [aRun('cancelling'), aRun('requires_action')];
  await embedded.world.commit({ name: 'both', writes: [], jobs: [settleJob(cancelled, embedded.clock.nowMs())], timers: [{ ...expiryTimer(waiting), dueMs: embedded.clock.nowMs() + 1000 }] });
  await until(() => seen.some((job) => job.type === 'settle-run' && job.runId === cancelled.id), 'the cancellation is delivered');
  await embedded.clock.pass(1000);
  await until(() => seen.some((job) => job.type === 'expire-run' && job.runId === waiting.id), 'the timer is delivered');
});

it('takes on no more than it can, and the next as soon as one is done', async () => {
  const underWay: (() => void)[] = [];
  let begun = 0;
  let most = 0;
  work(async () => {
    begun++;
    await new Promise<void>((resolve) => (most = Math.max(most, underWay.push(resolve))));
    return DONE;
  });
  await send(...crowd.map((run) => driveJob(run, embedded.clock.nowMs())));
  await embedded.clock.pass(0);
  expect(begun).toBe(256);
  while (begun < CROWD) {
    const before = begun;
    underWay.shift()?.();
    await until(() => begun > before, 'the next one has begun');
  }
  expect(most).toBe(256);
  for (const end of underWay) end();
  await until(() => embedded.world.db.sql('SELECT count(*) AS left FROM job').get()?.['left'] === 0, 'all are done');
});

it('leaves no alarm behind when it is stopped', async () => {
  const worker = work(() => Promise.resolve(DONE));
  await send(driveJob(aRun('queued'), embedded.clock.nowMs() + 5000));
  expect(embedded.clock.pending).toBe(1);
  worker.stop();
  expect(embedded.clock.pending).toBe(0);
});

describe('lanes', () => {
  /** Jobs that end when they are let go, each known by its name. */
  const hold = () => {
    const [begun, ends] = [[] as string[], new Map<string, () => void>()];
    work(async (delivery) => {
      const name = nameOf(delivery.job);
      begun.push(name);
      if (name.includes('slow')) await new Promise<void>((resolve) => ends.set(name, resolve));
      return DONE;
    });
    const letGo = (name: string) => {
      ends.get(name)?.();
      ends.delete(name);
    };
    return { begun, letGo, underWay: () => [...ends.keys()] };
  };
  const row = (count: number, name: (n: number) => string) => Array.from({ length: count }, (_, n) => job(name(n), 0));

  it('a slow webhook endpoint delays no other, however much waits for it', async () => {
    const { begun, underWay, letGo } = hold();
    await send(...row(1000, (n) => `webhook:whe_slow:${n}`));
    await until(() => underWay().length === 8, 'the slow endpoint has its share');
    await send(...row(20, (n) => `webhook:whe_a:${n}`), ...row(20, (n) => `webhook:whe_slow2:${n}`), job('webhook:whe_b:0', 0));
    await until(() => begun.filter((name) => name.startsWith('webhook:whe_a:')).length === 20 && begun.includes('webhook:whe_b:0'), 'the others are delivered');
    expect(underWay()).toHaveLength(16);
    letGo('webhook:whe_slow:3');
    await until(() => begun.includes('webhook:whe_slow:8'), 'the next one of the slow endpoint has begun');
    expect(underWay()).toHaveLength(16);
  });

  it('few histories are written at once', async () => {
    const { begun, underWay, letGo } = hold();
    await send(...row(10, (n) => `export:slow${n}`));
    await embedded.clock.pass(0);
    expect(underWay()).toHaveLength(4);
    for (let n = 0; n < 10; n++) {
      await until(() => begun.includes(`export:slow${n}`), 'the next one has begun');
      expect(underWay().length).toBeLessThanOrEqual(4);
      letGo(`export:slow${n}`);
    }
  });

  it.each(['drive:', 'tools:', 'export:', 'webhook:whe_1:', 'settle:'])('what is in none does not wait behind %s', async (prefix) => {
    const { begun } = hold();
    if (prefix !== 'settle:') await send(...row(CROWD, (n) => `${prefix}slow${n}`));
    await send(job('settle:run_1', 0), job('expire:run_1:0', 0), job('drivel', 0), job('webhook', 0));
    await until(() => ['settle:run_1', 'expire:run_1:0', 'drivel', 'webhook'].every((name) => begun.includes(name)), 'all are delivered');
  });

  it('after a restart what waited for a lease is due, what waits for better times is not', async () => {
    const names = ['drive:a', 'settle:a', 'tools:a', 'export:a', 'webhook:whe:a', 'expire:a', 'warn:a'];
    await send(...names.map((name) => ({ ...job(name, embedded.clock.nowMs() + 60_000) })));
    await embedded.reopen();
    const { begun } = hold();
    await until(() => begun.length >= 4, 'some are due');
    await embedded.clock.pass(1000);
    expect(begun.toSorted()).toEqual(['drive:a', 'export:a', 'settle:a', 'tools:a']);
  });
});
