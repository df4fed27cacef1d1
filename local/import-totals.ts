import { type ImportCounts, type WireImport, newImport } from '../shared/wire/import.ts';
import { type Piece, isExport } from './import-pieces.ts';

/** Reasons that are printed. */
const MOST_SHOWN = 20;

/** What became of everything, over all requests. */
export class Totals {
  readonly #counts = newImport('', false).counts;
  readonly #refused: string[] = [];
  readonly #broken: string[] = [];
  #file = '';
  /** How many of each this file has brought. */
  #seen: Record<string, number> = {};
  #isExport = false;
  #lastLine = '';

  begin(file: string): void {
    this.#file = file;
    this.#seen = {};
    this.#isExport = false;
  }

  /** Of the file, before it is sent. */
  piece(piece: Piece): void {
    if (piece.firstLine === 1) this.#isExport = isExport(piece);
    this.#lastLine = piece.text.trimEnd().split('\n').at(-1) ?? '';
  }

  /** An export that was cut off lacks its last line, or has fewer lines than that says. */
  end(): void {
    if (!this.#isExport) return;
    const expected = this.#lastLine.startsWith('{"type":"end"') ? (JSON.parse(this.#lastLine) as { counts: Record<string, number> }).counts : undefined;
    const isWhole = expected && Object.entries(expected).every(([group, count]) => (this.#seen[group] ?? 0) === count);
    if (!isWhole) this.#broken.push(`${this.#file}: ${expected ? 'lines are missing from the export' : 'the export has no end: it was cut off'}`);
  }

  /** `placeOf`: the file and line that a line of the request comes from. */
  add(report: WireImport, placeOf: (line: number) => string): void {
    for (const [group, counts] of Object.entries(report.counts) as [keyof WireImport['counts'], ImportCounts][]) {
      for (const result of ['created', 'unchanged', 'refused'] as const) {
        this.#counts[group][result] += counts[result];
        this.#seen[group] = (this.#seen[group] ?? 0) + counts[result];
      }
    }
    for (const { line, id, reason } of report.refused) {
      // Some reasons begin with the id themselves.
      const what = id === null || reason.startsWith(id) ? reason : `${id} ${reason}`;
      this.#refused.push(`${placeOf(line)}: ${what}`);
    }
  }

  get isClean(): boolean {
    return this.#broken.length === 0 && Object.values(this.#counts).every(({ refused }) => refused === 0);
  }

  summary(isDryRun: boolean): string {
    const used = Object.entries(this.#counts).filter(([, { created, unchanged, refused }]) => created + unchanged + refused > 0);
    const lines = used.map(([group, { created, unchanged, refused }]) => `${group.padEnd(10)} ${created} ${isDryRun ? 'to be created' : 'created'}, ${unchanged} unchanged, ${refused} refused`);
    const more = this.#refused.length - MOST_SHOWN;
    return [...(lines.length > 0 ? lines : ['nothing to import']), ...this.#broken, ...this.#refused.slice(0, MOST_SHOWN), ...(more > 0 ? [`… and ${more} more`] : [])].join('\n');
  }
}
