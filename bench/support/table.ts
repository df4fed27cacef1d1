/** One line of the result, and the aligned plain-text table of all. */

export interface Row {
  what: string;
  value: string;
  /** As the issue states it; absent where it states none. */
  aim?: string;
  met?: boolean;
}

export const number = (value: number): string =>
  value.toLocaleString('en-US', { maximumFractionDigits: Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2 });
export const ms = (value: number): string => `${number(value)} ms`;
export const mb = (value: number): string => `${number(value)} MB`;
export const rate = (value: number): string => `${number(value)} /s`;

const atMost = (value: number, limit: number, show: (n: number) => string): Pick<Row, 'aim' | 'met'> => ({ aim: `≤ ${show(limit)}`, met: value <= limit });
const atLeast = (value: number, limit: number, show: (n: number) => string): Pick<Row, 'aim' | 'met'> => ({ aim: `≥ ${show(limit)}`, met: value >= limit });

/** A row whose value is held against a limit. */
export const held = (what: string, value: number, show: (n: number) => string, aim: { most: number } | { least: number }, note = ''): Row => ({
  what,
  value: show(value) + note,
  ...('most' in aim ? atMost(value, aim.most, show) : atLeast(value, aim.least, show)),
});

export function format(rows: readonly Row[]): string {
  const verdict = ({ met }: Row) => (met === undefined ? '' : met ? 'met' : 'NOT MET');
  const cells = [['what', 'value', 'aim', ''], ...rows.map((row) => [row.what, row.value, row.aim ?? '–', verdict(row)])];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...cells.map((line) => line[column]?.length ?? 0)));
  const lines = cells.map((line) => line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ').trimEnd());
  lines.splice(1, 0, widths.map((width) => '-'.repeat(width)).join('  '));
  return lines.join('\n');
}
