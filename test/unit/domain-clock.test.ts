import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { sleep, systemClock, toSeconds } from '../../shared/domain/clock.ts';
import { ManualClock, START_MS } from '../support/manual-clock.ts';
import { DAY_MS } from '../support/records.ts';

/** What has become of a promise by now. */
const stateOf = (promise: Promise<unknown>): Promise<string> =>
  Promise.race([promise.then(() => 'resolved', () => 'rejected'), Promise.resolve().then(() => Promise.resolve('pending'))]);

describe('sleep', () => {
  it('resolves when its time has come, and not before', async () => {
    const clock = new ManualClock();
    const sleeping = sleep(clock, 1000);
    clock.advance(999);
    expect(await stateOf(sleeping)).toBe('pending');
    clock.advance(1);
    await sleeping;
    expect(clock.pending).toBe(0);
  });

  it('rejects with the reason of its signal, at once, and sets no alarm when that had come before', async () => {
    const clock = new ManualClock();
    const reason = new Error('enough');
    await expect(sleep(clock, 1000, AbortSignal.abort(reason))).rejects.toBe(reason);
    expect(clock.pending).toBe(0);
  });

  it('rejects as soon as its signal aborts, and takes its alarm back', async () => {
    const clock = new ManualClock();
    const abort = new AbortController();
    const reason = new Error('enough');
    const sleeping = sleep(clock, 1000, abort.signal);
    clock.advance(500);
    abort.abort(reason);
    await expect(sleeping).rejects.toBe(reason);
    expect(clock.pending).toBe(0);
  });

  it('leaves nothing on a signal that outlives it', async () => {
    const clock = new ManualClock();
    const abort = new AbortController();
    const remove = jest.spyOn(abort.signal, 'removeEventListener');
    const add = jest.spyOn(abort.signal, 'addEventListener');
    const sleeping = [sleep(clock, 1000, abort.signal), sleep(clock, 2000, abort.signal)];
    clock.advance(2000);
    await Promise.all(sleeping);
    expect([add.mock.calls.length, remove.mock.calls.map(([, listener]) => listener)]).toEqual([2, add.mock.calls.map(([, listener]) => listener)]);
    abort.abort();
    expect(await Promise.all(sleeping.map(stateOf))).toEqual(['resolved', 'resolved']);
  });

  it('each of several ends in its own time', async () => {
    const clock = new ManualClock();
    const order: string[] = [];
    const all = [sleep(clock, 30).then(() => order.push('30')), sleep(clock, 10).then(() => order.push('10')), sleep(clock, 20).then(() => order.push('20'))];
    await clock.pass(30);
    await Promise.all(all);
    expect(order).toEqual(['10', '20', '30']);
  });
});

describe('the system clock', () => {
  beforeEach(() => {
    jest.useFakeTimers({ now: START_MS });
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  it('tells the time in milliseconds', () => {
    expect(systemClock.nowMs()).toBe(START_MS);
  });

  it.each([0, -5, 1, 1500, 3_600_000, 24 * DAY_MS, 25 * DAY_MS, 60 * DAY_MS])('calls once, %i ms from now', (delayMs) => {
    let calls = 0;
    systemClock.after(delayMs, () => calls++);
    expect(calls).toBe(0);
    if (delayMs > 0) jest.advanceTimersByTime(delayMs - 1);
    expect(calls).toBe(0);
    jest.advanceTimersByTime(1);
    expect(calls).toBe(1);
    jest.advanceTimersByTime(60 * DAY_MS);
    expect(calls).toBe(1);
  });

  it.each([1000, 60 * DAY_MS])('does not call what was taken back, of %i ms', (delayMs) => {
    let calls = 0;
    const cancel = systemClock.after(delayMs, () => calls++);
    jest.advanceTimersByTime(delayMs - 1);
    cancel();
    cancel();
    jest.advanceTimersByTime(60 * DAY_MS);
    expect(calls).toBe(0);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('can be taken back after it has called', () => {
    const cancel = systemClock.after(10, () => undefined);
    jest.advanceTimersByTime(10);
    expect(() => cancel()).not.toThrow();
  });
});

describe('the clock that tests move', () => {
  it('calls in the order of time, each at its own, also what is set meanwhile', () => {
    const clock = new ManualClock();
    const calls: [string, number][] = [];
    const call = (name: string) => () => void calls.push([name, clock.nowMs() - START_MS]);
    clock.after(30, call('c'));
    clock.after(10, () => {
      call('a')();
      clock.after(15, call('b'));
      clock.after(50, call('late'));
    });
    clock.after(30, call('d'));
    clock.advance(40);
    expect(calls).toEqual([['a', 10], ['b', 25], ['c', 30], ['d', 30]]);
    expect([clock.nowMs() - START_MS, clock.pending]).toEqual([40, 1]);
  });

  it('does not call what was taken back, even by a call of the same moment', () => {
    const clock = new ManualClock();
    let calls = 0;
    clock.after(10, () => cancel());
    const cancel = clock.after(10, () => calls++);
    clock.advance(10);
    expect([calls, clock.pending]).toEqual([0, 0]);
  });

  it('calls what is due now by itself, but not at once', async () => {
    const clock = new ManualClock();
    const called = Promise.withResolvers<number>();
    clock.after(0, () => called.resolve(clock.nowMs()));
    expect(clock.pending).toBe(1);
    expect(await called.promise).toBe(START_MS);
    expect(clock.pending).toBe(0);
  });

  it('lets what a call sets off go on before the next one, when time passes', async () => {
    const clock = new ManualClock();
    const steps: number[] = [];
    const walking = (async () => {
      for (let n = 0; n < 5; n++) {
        await sleep(clock, 10);
        steps.push(clock.nowMs() - START_MS);
      }
    })();
    await clock.pass(50);
    await walking;
    expect(steps).toEqual([10, 20, 30, 40, 50]);
  });
});

it('the system clock keeps no process alive', async () => {
  const file = join(import.meta.dirname, '../../shared/domain/clock.ts');
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', `import { systemClock } from ${JSON.stringify(file)}; systemClock.after(3_600_000, () => {});`]);
  expect(await once(child, 'exit')).toEqual([0, null]);
});

it.each([[0, 0], [999, 0], [1000, 1], [1_768_478_400_999, 1_768_478_400]])('%i ms is in second %i', (ms, seconds) => {
  expect(toSeconds(ms)).toBe(seconds);
});
