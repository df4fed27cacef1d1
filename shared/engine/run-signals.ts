import { RunTellings } from './run-tellings.ts';

/**
 * Tells drivers in this process at once that something about their run has changed. A driver elsewhere notices at its
 * next look at the record, so nothing depends on this: it only makes a cancellation in one process immediate.
 */
export class RunSignals {
  /** The other way round: what drivers here tell. */
  readonly tellings = new RunTellings();
  readonly #listeners = new Map<string, () => void>();
  readonly #watchers = new Map<string, Set<() => void>>();

  listen(runId: string, onChange: () => void): () => void {
    this.#listeners.set(runId, onChange);
    return () => {
      if (this.#listeners.get(runId) === onChange) this.#listeners.delete(runId);
    };
  }

  /** For others than the run's driver, of whom there may be several. */
  watch(runId: string, onChange: () => void): () => void {
    const watchers = this.#watchers.get(runId) ?? new Set();
    this.#watchers.set(runId, watchers.add(onChange));
    return () => {
      watchers.delete(onChange);
      if (watchers.size === 0 && this.#watchers.get(runId) === watchers) this.#watchers.delete(runId);
    };
  }

  /** True while a driver of this process holds the run, even if its lease has lapsed because the process was not let run. */
  isDriven(runId: string): boolean {
    return this.#listeners.has(runId);
  }

  changed(runId: string): void {
    this.#listeners.get(runId)?.();
    for (const onChange of this.#watchers.get(runId) ?? []) onChange();
  }
}
