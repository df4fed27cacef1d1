/** The rows that say how long something took: in the middle and at worst. */
import { percentile } from '../support/measure.ts';
import { type Row, held, ms } from '../support/table.ts';

/** Beyond it a busy machine counts fewer rounds. */
export const MOST_MS = 7_000;

/** `aim` is of the middle. */
export const spread = (what: string, took: readonly number[], aim?: number): Row[] => {
  const [middle, worst] = [percentile(took, 0.5), percentile(took, 0.99)];
  return [aim === undefined ? { what: `${what}, p50`, value: ms(middle) } : held(`${what}, p50`, middle, ms, { most: aim }), { what: '… p99', value: ms(worst) }];
};
