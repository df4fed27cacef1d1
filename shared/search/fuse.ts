import type { Hit } from '../ports/search-index.ts';
import type { Row } from './rows.ts';

/**
 * How much the first places count beside those behind them, in reciprocal rank fusion (Cormack, Clarke and Büttcher 2009, who found 60 good
 * for lists of a thousand).
 */
const RANK_BIAS = 60;

/**
 * One list of several, each best first. Scores of different ways of looking cannot be compared, their ranks can: a chunk gets 1 / (60 + rank) from
 * every list that it is in, and the sum is divided by what the first of all lists would get.
 */
export function fuse(lists: readonly (readonly Row[])[], limit: number): Hit[] {
  const found = new Map<string, { row: Row; sum: number }>();
  for (const list of lists) {
    const once = new Map(list.map((row) => [`${row.indexId} ${row.seq}`, row]));
    for (const [at, [key, row]] of [...once].entries()) {
      const sum = found.get(key)?.sum ?? 0;
      found.set(key, { row, sum: sum + 1 / (RANK_BIAS + at + 1) });
    }
  }
  const best = lists.length / (RANK_BIAS + 1);
  return [...found.values()]
    .sort((a, b) => b.sum - a.sum)
    .slice(0, limit)
    .map(({ row, sum }) => ({ ...row, score: sum / best }));
}
