/** Loops and statistics. */

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

export const median = (values: readonly number[]): number => percentile(values, 0.5);

/** How many milliseconds `work` takes. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedMs = performance.now();
  await work();
  return performance.now() - startedMs;
}

/** Runs `work` over and over on `width` hands until `untilDone` says that it is enough; resolves when all have ended. */
async function inParallel(width: number, work: () => Promise<unknown>, isEnough: (started: number) => boolean): Promise<number> {
  let started = 0;
  const hand = async () => {
    while (!isEnough(started)) {
      started++;
      await work();
    }
  };
  await Promise.all(Array.from({ length: width }, hand));
  return started;
}

export const times = (count: number, width: number, work: () => Promise<unknown>): Promise<number> => inParallel(width, work, (started) => started >= count);

export interface Rate {
  count: number;
  ms: number;
}
export const perSecond = ({ count, ms }: Rate): number => (count / ms) * 1000;
export const addRates = (a: Rate, b: Rate): Rate => ({ count: a.count + b.count, ms: a.ms + b.ms });
export const NO_RATE: Rate = { count: 0, ms: 0 };

/** Works for `ms` on `width` hands; what has begun by then is finished and counted, with the time that it takes. */
export async function rateOf(ms: number, width: number, work: () => Promise<unknown>): Promise<Rate> {
  const startedMs = performance.now();
  const count = await inParallel(width, work, () => performance.now() - startedMs >= ms);
  return { count, ms: performance.now() - startedMs };
}

/** Several pieces of work measured in turns, so that whatever else the machine does falls on all of them alike. */
export async function ratesInTurns(turns: number, turnMs: number, width: number, works: (() => Promise<unknown>)[]): Promise<Rate[]> {
  let rates = works.map(() => NO_RATE);
  for (let turn = 0; turn < turns; turn++) {
    const next: Rate[] = [];
    for (const [i, work] of works.entries()) next.push(addRates(rates[i] ?? NO_RATE, await rateOf(turnMs, width, work)));
    rates = next;
  }
  return rates;
}
