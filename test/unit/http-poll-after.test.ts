import { describe, expect, it } from '@jest/globals';
import { pollAfterMs } from '../../shared/http/threads/runs/poll-after.ts';

describe('when to look again', () => {
  it.each([
    [-1000, 20],
    [0, 20],
    [100, 20],
    [200, 20],
    [201, 20],
    [333, 33],
    [500, 50],
    [999, 100],
    [1000, 100],
    [600_000, 100],
  ])('at the age of %i ms: in %i ms', (ageMs, afterMs) => {
    expect(pollAfterMs(ageMs, undefined)).toBe(afterMs);
    expect(pollAfterMs(ageMs, 'js')).toBe(afterMs);
  });

  it.each([0, 500, 600_000])('the Python client keeps the first answer, so at the age of %i ms it gets the calm one', (ageMs) => {
    expect(pollAfterMs(ageMs, 'python')).toBe(100);
  });

  it('is a whole number and never more than 100 ms, so that no end goes unseen for longer', () => {
    for (let ageMs = 0; ageMs < 2000; ageMs += 7) {
      const afterMs = pollAfterMs(ageMs, undefined);
      expect(Number.isInteger(afterMs)).toBe(true);
      expect(afterMs).toBeGreaterThanOrEqual(20);
      expect(afterMs).toBeLessThanOrEqual(100);
    }
  });
});
