import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { MOST_WAITING, Thread, activeRunId, claimsOn, isLocked, lockedBy, touched, unlocked, withRetention, withWaiting } from '../../shared/domain/thread.ts';
import { START_MS } from '../support/manual-clock.ts';
import { aThread, DAY_MS } from '../support/records.ts';

describe('activity', () => {
  it('begins the retention anew: a thread used on day 59 lives 60 days more', () => {
    const nowMs = START_MS + 59 * DAY_MS;
    const thread = aThread();
    expect(touched(thread, nowMs)).toStrictEqual({ ...thread, lastActiveAtMs: nowMs, removeAfterMs: nowMs + 60 * DAY_MS });
  });

  it('leaves a thread that is to be kept for ever without an end', () => {
    const thread = aThread({ retention: 'never' });
    expect(touched(thread, START_MS + 1)).toStrictEqual({ ...thread, lastActiveAtMs: START_MS + 1 });
    expect(touched(thread, START_MS + 1)).not.toHaveProperty('removeAfterMs');
  });

  it('never goes back, though a clock may', () => {
    const thread = aThread({ lastActiveAtMs: START_MS + 5000, removeAfterMs: START_MS + 5000 + 60 * DAY_MS });
    expect(touched(thread, START_MS)).toStrictEqual(thread);
  });

  it('changes nothing else, and nothing of the record it was given', () => {
    const thread = aThread({ metadata: { a: 'b' }, activeRun: { id: 'run_1', expiresAtMs: START_MS }, lastMessageId: 'msg_1' });
    const copy = structuredClone(thread);
    const after = touched(thread, START_MS + 1);
    expect(thread).toStrictEqual(copy);
    expect({ ...after, lastActiveAtMs: 0, removeAfterMs: 0 }).toStrictEqual({ ...thread, lastActiveAtMs: 0, removeAfterMs: 0 });
  });

  it('gives any retention, at any time, a record that can be stored', () => {
    const retention = fc.oneof(fc.constant('never' as const), fc.integer({ min: 1, max: 3650 }).map((days) => ({ days })));
    fc.assert(
      fc.property(retention, fc.nat({ max: 4_000_000_000_000 }), (kept, nowMs) => {
        const after = touched(withRetention(aThread(), kept), nowMs);
        expect(Thread.parse(after)).toStrictEqual(after);
        expect(after.removeAfterMs).toBe(kept === 'never' ? undefined : after.lastActiveAtMs + kept.days * DAY_MS);
      }),
    );
  });
});

describe('another retention', () => {
  const nowMs = START_MS + 10 * DAY_MS;
  const thread = touched(aThread(), nowMs);

  it('counts from the last activity, not from now', () => {
    expect(withRetention(thread, { days: 7 })).toStrictEqual({ ...thread, retention: { days: 7 }, removeAfterMs: nowMs + 7 * DAY_MS });
  });

  it('may be none, and may be given back', () => {
    const { removeAfterMs: _, ...rest } = thread;
    const endless = withRetention(thread, 'never');
    expect(endless).toStrictEqual({ ...rest, retention: 'never' });
    expect(withRetention(endless, { days: 60 })).toStrictEqual(thread);
  });
});

describe('the lock', () => {
  const expiresAtMs = START_MS + 600_000;
  const locked = aThread({ activeRun: { id: 'run_1', expiresAtMs } });

  it('holds until the millisecond in which its run expires', () => {
    expect(activeRunId(locked, START_MS)).toBe('run_1');
    expect(activeRunId(locked, expiresAtMs - 1)).toBe('run_1');
    expect(activeRunId(locked, expiresAtMs)).toBeUndefined();
    expect(activeRunId(locked, expiresAtMs + DAY_MS)).toBeUndefined();
  });

  it('is not there on a thread that no run has taken', () => {
    expect(activeRunId(aThread(), START_MS)).toBeUndefined();
  });

  it('is taken off by its own run alone', () => {
    const free = unlocked(locked, 'run_1');
    expect(free).not.toHaveProperty('activeRun');
    expect({ ...free, activeRun: locked.activeRun }).toStrictEqual(locked);
    expect(unlocked(locked, 'run_2')).toBe(locked);
    expect(unlocked(free, 'run_1')).toBe(free);
    expect(locked.activeRun?.id).toBe('run_1');
  });
});

describe('those that wait for the lock', () => {
  const claim = (n: number) => ({ id: `run_${n}`, expiresAtMs: START_MS + n * 1000 });
  const [first, second, third] = [claim(1), claim(2), claim(3)];
  const busy = aThread({ activeRun: first, waitingRuns: [second, third] });

  it('come after who holds it, in their order, and hold it in turn when his time is up', () => {
    expect(claimsOn(busy, START_MS)).toStrictEqual([first, second, third]);
    expect([0, 999, 1000, 2000, 3000].map((ms) => activeRunId(busy, START_MS + ms))).toEqual(['run_1', 'run_1', 'run_2', 'run_3', undefined]);
    expect([0, 999, 1000].map((ms) => isLocked(busy, START_MS + ms))).toEqual([true, true, false]);
  });

  it('line up behind each other, without those whose time is up, up to ten of them', () => {
    const fourth = claim(4);
    expect(withWaiting(busy, fourth, START_MS)?.waitingRuns).toStrictEqual([second, third, fourth]);
    expect(withWaiting(busy, fourth, START_MS + 2000)?.waitingRuns).toStrictEqual([third, fourth]);
    const crowd = Array.from({ length: MOST_WAITING }, (_, n) => claim(n + 2));
    expect(withWaiting(aThread({ activeRun: first, waitingRuns: crowd }), claim(99), START_MS)).toBeUndefined();
    expect(withWaiting(aThread({ activeRun: first, waitingRuns: crowd }), claim(99), START_MS + 2000)?.waitingRuns).toHaveLength(MOST_WAITING);
    expect(withWaiting(aThread({ activeRun: first }), second, START_MS)).toStrictEqual({ ...aThread({ activeRun: first }), id: expect.any(String) as unknown, waitingRuns: [second] });
  });

  it('leave the line when they are given the lock, with all who stood before them', () => {
    expect(lockedBy(unlocked(busy, 'run_1'), second, START_MS)).toStrictEqual({ ...busy, activeRun: second, waitingRuns: [third] });
    const last = lockedBy(unlocked(busy, 'run_1'), third, START_MS);
    expect(last.activeRun).toStrictEqual(third);
    expect(last).not.toHaveProperty('waitingRuns');
  });

  it('go on waiting when a run takes the lock that has not waited, but for those whose time is up', () => {
    const fourth = claim(4);
    expect(lockedBy(busy, fourth, START_MS)).toStrictEqual({ ...busy, activeRun: fourth });
    expect(lockedBy(busy, fourth, START_MS + 3000)).not.toHaveProperty('waitingRuns');
  });

  it('leave it when they end, and nobody else with them', () => {
    expect(unlocked(busy, 'run_2')).toStrictEqual({ ...busy, waitingRuns: [third] });
    expect(unlocked(unlocked(busy, 'run_2'), 'run_3')).not.toHaveProperty('waitingRuns');
    expect(unlocked(busy, 'run_1').waitingRuns).toStrictEqual([second, third]);
    expect(unlocked(busy, 'run_9')).toBe(busy);
  });

  it('make threads that can be stored, whatever is done in whatever order', () => {
    const act = fc.record({ what: fc.constantFrom('wait', 'lock', 'unlock'), n: fc.integer({ min: 1, max: 30 }), atMs: fc.integer({ min: 0, max: 40_000 }) });
    fc.assert(
      fc.property(fc.array(act, { maxLength: 40 }), (acts) => {
        let thread = aThread();
        for (const { what, n, atMs } of acts) {
          if (what === 'wait') thread = withWaiting(unlocked(thread, claim(n).id), claim(n), START_MS + atMs) ?? thread;
          else thread = what === 'lock' ? lockedBy(thread, claim(n), START_MS + atMs) : unlocked(thread, claim(n).id);
        }
        expect(Thread.parse(thread)).toStrictEqual(thread);
        const names = claimsOn(thread, START_MS).map(({ id }) => id);
        expect(thread.waitingRuns?.map(({ id }) => id) ?? []).toEqual([...new Set(thread.waitingRuns?.map(({ id }) => id))]);
        expect(names[0]).toBe(activeRunId(thread, START_MS));
      }),
    );
  });
});
