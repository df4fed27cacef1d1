/**
 * Tells drivers in this process at once that something about their run has changed. A driver elsewhere notices at its
 * next look at the record, so nothing depends on this: it only makes a cancellation in one process immediate.
 */
export class RunSignals {
  readonly #listeners = new Map<string, () => void>();

  listen(runId: string, onChange: () => void): () => void {
    this.#listeners.set(runId, onChange);
    return () => {
      if (this.#listeners.get(runId) === onChange) this.#listeners.delete(runId);
    };
  }

  /** True while a driver of this process holds the run, even if its lease has lapsed because the process was not let run. */
  isDriven(runId: string): boolean {
    return this.#listeners.has(runId);
  }

  changed(runId: string): void {
    this.#listeners.get(runId)?.();
  }
}
