/** What became of everything that a request brought (docs/api.md). */
export interface ImportCounts {
  created: number;
  unchanged: number;
  refused: number;
}

export interface WireImport {
  id: string;
  object: 'import';
  dry_run: boolean;
  counts: Record<'assistants' | 'threads' | 'messages' | 'runs' | 'steps' | 'other', ImportCounts>;
  /** Whether the export's last line was there, and said as many of each as there were. */
  end: 'matches' | 'differs' | 'absent';
  /** The first of them. */
  refused: { line: number; id: string | null; reason: string }[];
}

export const newImport = (id: string, isDryRun: boolean): WireImport => {
  const none = (): ImportCounts => ({ created: 0, unchanged: 0, refused: 0 });
  return { id, object: 'import', dry_run: isDryRun, counts: { assistants: none(), threads: none(), messages: none(), runs: none(), steps: none(), other: none() }, end: 'absent', refused: [] };
};
