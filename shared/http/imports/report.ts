import { randomUUID } from 'node:crypto';
import type { Incoming, Outcome } from '../../actions/import-history.ts';
import { type WireImport, newImport } from '../../wire/import.ts';

/** Reasons that are given; all that are refused are counted. */
const MOST_REASONS = 1000;
type Group = keyof WireImport['counts'];
const GROUPS: Record<Incoming['kind'], Group> = { assistant: 'assistants', thread: 'threads', message: 'messages', run: 'runs', step: 'steps' };

/** What is told to whoever imports. */
export class Report {
  readonly wire: WireImport;
  constructor(isDryRun: boolean) {
    this.wire = newImport(`import_${randomUUID().replaceAll('-', '')}`, isDryRun);
  }

  tell(outcome: Outcome): void {
    const { kind, line, record } = outcome.incoming;
    const id = ('importedId' in record ? record.importedId : undefined) ?? record.id;
    if (outcome.result === 'refused') this.refuse(line, GROUPS[kind], id, outcome.reason);
    else this.wire.counts[GROUPS[kind]][outcome.result]++;
  }

  refuse(line: number, group: Group, id: string | null, reason: string): void {
    this.wire.counts[group].refused++;
    if (this.wire.refused.length < MOST_REASONS) this.wire.refused.push({ line, id, reason });
  }

  /** In the order of the lines: some are found wrong later than others. */
  get inOrder(): WireImport {
    return { ...this.wire, refused: this.wire.refused.toSorted((a, b) => a.line - b.line) };
  }

  /** `counts` as an export's last line says them; what was refused has come too. */
  end(counts: Record<string, unknown>): void {
    const isAll = (['threads', 'messages', 'runs', 'steps'] as const).every((group) => {
      const { created, unchanged, refused } = this.wire.counts[group];
      return counts[group] === created + unchanged + refused;
    });
    this.wire.end = isAll ? 'matches' : 'differs';
  }
}

export const groupOf = (kind: Incoming['kind']): Group => GROUPS[kind];
