/** The job table when there is more to do than is done at once. */
import { rmSync } from 'node:fs';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { driveJob, expiryTimer, settleJob } from '../../shared/actions/run-jobs.ts';
import type { EmbeddedWorld } from '../../shared/embedded/index.ts';
import type { Scheduled } from '../../shared/ports/commit.ts';
import type { Delivery, Handle } from '../../shared/ports/queue.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { aRun } from '../support/records.ts';
import { newFolder, openFolder } from './embedded-world.ts';
import { DONE } from './suites/deliveries.ts';
import { until } from './suites/stage.ts';

/** More than the queue takes on at once. */
const CROWD = 400;

let folder: string;
let clock: ManualClock;
let world: EmbeddedWorld;
const stops: (() => void)[] = [];

beforeEach(async () => {
  folder = newFolder();
  clock = new ManualClock();
  world = await openFolder(folder, clock);
});
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
  world.close();
  rmSync(folder, { recursive: true });
});

const send = (...jobs: Scheduled[]) => world.commit({ name: 'send', writes: [], jobs });
const work = (handle: Handle) => {
  const worker = world.queue.consume(handle);
  stops.push(() => worker.stop());
  return worker;
};
const crowd = Array.from({ length: CROWD }, () => aRun('queued'));

it('cancellations and expiries do not wait behind runs that are driven', async () => {
  const seen: Delivery['job'][] = [];
  work(({ job }) => {
    seen.push(job);
    return job.type === 'drive-run' ? new Promise(() => undefined) : Promise.resolve(DONE);
  });
  await send(...crowd.map((run) => driveJob(run, clock.nowMs())));
  await until(() => seen.length > 100, 'many runs are driven');
  const [cancelled, waiting] = [aRun('cancelling'), aRun('requires_action')];
  await world.commit({ name: 'both', writes: [], jobs: [settleJob(cancelled, clock.nowMs())], timers: [{ ...expiryTimer(waiting), dueMs: clock.nowMs() + 1000 }] });
  await until(() => seen.some(({ type, runId }) => type === 'settle-run' && runId === cancelled.id), 'the cancellation is delivered');
  await clock.pass(1000);
  await until(() => seen.some(({ type, runId }) => type === 'expire-run' && runId === waiting.id), 'the timer is delivered');
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
  await send(...crowd.map((run) => driveJob(run, clock.nowMs())));
  await clock.pass(0);
  expect(begun).toBe(256);
  while (begun < CROWD) {
    const before = begun;
    underWay.shift()?.();
    await until(() => begun > before, 'the next one has begun');
  }
  expect(most).toBe(256);
  for (const end of underWay) end();
  await until(() => world.db.sql('SELECT count(*) AS left FROM job').get()?.['left'] === 0, 'all are done');
});

it('leaves no alarm behind when it is stopped', async () => {
  const worker = work(() => Promise.resolve(DONE));
  await send(driveJob(aRun('queued'), clock.nowMs() + 5000));
  expect(clock.pending).toBe(1);
  worker.stop();
  expect(clock.pending).toBe(0);
});
