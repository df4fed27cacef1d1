import type { Hit, Strengths } from '../ports/search-index.ts';
import type { Row } from './rows.ts';

/** What one way of looking has found, best first, and how much it counts beside the others. */
export interface Found {
  way: keyof Strengths;
  rows: readonly Row[];
  weight: number;
  /** There may be more that is weaker than the last of these. */
  isCut: boolean;
}

/**
 * One list of several. Strengths of different ways of looking cannot be compared, so each list's are stretched first: its best is 1, and 0 is the
 * weakest of a list that was cut, or nothing at all. The score is their weighted mean (a convex combination: Bruch, Gai and Ingber, 2023). Ranks alone
 * would let what both have somewhere win over what one of them has far ahead of all others.
 */
export function fuse(lists: readonly Found[], limit: number): Hit[] {
  const whole = lists.reduce((sum, { weight }) => sum + weight, 0);
  const strengths: Strengths = Object.fromEntries(lists.map(({ way, rows }) => [way, rows[0]?.strength ?? 0]));
  const found = new Map<string, { row: Row; score: number }>();
  for (const { rows, weight, isCut } of lists) {
    const best = rows[0]?.strength ?? 0;
    const least = Math.min(isCut ? (rows.at(-1)?.strength ?? 0) : 0, best);
    // What was added twice counts once.
    for (const [key, row] of new Map(rows.map((row) => [`${row.indexId} ${row.seq}`, row]))) {
      const stretched = best === least ? 1 : Math.max(0, (row.strength - least) / (best - least));
      found.set(key, { row, score: (found.get(key)?.score ?? 0) + (stretched * weight) / whole });
    }
  }
  return [...found.values()]
    .sort((a, b) => b.score - a.score)
    .slice(0, limit)
    .map(({ row: { fileId, indexId, seq, text }, score }) => ({ fileId, indexId, seq, text, score: Math.min(1, score), best: strengths }));
}
