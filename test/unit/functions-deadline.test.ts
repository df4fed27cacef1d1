import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { Deadline, GivenBackError } from '../../functions/shared/deadline.ts';

/** Far above what a test takes. */
const LONG_MS = 3_600_000;
const never = () => new Promise<string>(() => undefined);
const deadlineIn = (leftMs: number) => new Deadline({ getRemainingTimeInMillis: () => leftMs });
const aborted = (signal: AbortSignal) => new Promise<void>((resolve) => (signal.aborted ? resolve() : signal.addEventListener('abort', () => resolve())));

describe('the deadline of an invocation', () => {
  it('has those who heed it give back a quarter of a minute before the end, while the others still work', async () => {
    const deadline = deadlineIn(15_020);
    expect(deadline.signal.aborted).toBe(false);
    await aborted(deadline.signal);
    expect(deadline.signal.reason).toBeInstanceOf(GivenBackError);
    expect(await Promise.race([deadline.orGiveBack(never()), delay(50, 'still at work')])).toBe('still at work');
    deadline.clear();
  });

  it('drops what is not done five seconds before the end', async () => {
    const deadline = deadlineIn(5_020);
    await expect(deadline.orGiveBack(never())).rejects.toThrow(GivenBackError);
    expect(deadline.signal.aborted).toBe(true);
  });

  it('does nothing any more when it is cleared, and keeps no invocation from ending', async () => {
    const deadline = deadlineIn(15_010);
    deadline.clear();
    await delay(30);
    expect(deadline.signal.aborted).toBe(false);
    deadlineIn(LONG_MS).clear();
  });
});
