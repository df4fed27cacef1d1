/** What Threadkeep adds to the time to first token, streams of 200 tokens: the same streams with and without it, in turns. */
import { type Bench, Lab } from '../support/lab.ts';
import { percentile, times } from '../support/measure.ts';
import { type Row, held, ms } from '../support/table.ts';

const PLANS = [
  { width: 1, rounds: 10, perRound: 30, aim: 3 },
  { width: 16, rounds: 10, perRound: 80, aim: 25 },
];

/** A busy machine counts fewer rounds. */
const MOST_MS = 20_000;

export async function ttft(bench: Bench): Promise<Row[]> {
  const lab = await Lab.open(bench);
  const rows: Row[] = [];
  for (const { width, rounds, perRound, aim } of PLANS) {
    const direct: number[] = [];
    const kept: number[] = [];
    const untilMs = performance.now() + MOST_MS;
    // One round more than counted: the first warms up.
    for (let round = 0; round <= rounds && (round < 2 || performance.now() < untilMs); round++) {
      const threads: string[] = [];
      await times(perRound, 16, async () => threads.push(await lab.newThread()));
      const directMs: number[] = [];
      const keptMs: number[] = [];
      await times(perRound, width, async () => directMs.push(await lab.directStream()));
      await times(perRound, width, async () => keptMs.push(await lab.keptStream(threads.pop() ?? '')));
      if (round === 0) continue;
      direct.push(...directMs);
      kept.push(...keptMs);
    }
    rows.push(...compare(width, direct, kept, aim));
  }
  await lab.close();
  return rows;
}

function compare(width: number, direct: number[], kept: number[], aim: number): Row[] {
  const row = (share: number, limit?: number): Row => {
    const [without, through] = [percentile(direct, share), percentile(kept, share)];
    const what = `added time to first token, ${width} stream${width === 1 ? '' : 's'}, p${share * 100}`;
    const note = `  (${ms(through)} − ${ms(without)} directly)`;
    const added = through - without;
    return limit === undefined ? { what, value: ms(added) + note } : held(what, added, ms, { most: limit }, note);
  };
  return [row(0.5, aim), row(0.99)];
}
