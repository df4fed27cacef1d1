import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Thread, activeRunId, touched, unlocked, withRetention } from '../../shared/domain/thread.ts';
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
