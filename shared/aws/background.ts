import type { Log } from '../ports/log.ts';

/**
 * Work that an answer need not wait for and that may be lost: removing what nobody refers to any more, stopping timers. A
 * Lambda is frozen once it has answered, so whoever answers waits for `drained` after that, while it still may.
 */
export class Background {
  readonly #log: Log;
  readonly #underWay = new Set<Promise<void>>();

  constructor(log: Log) {
    this.#log = log;
  }

  add(what: string, work: Promise<unknown>): void {
    const settled: Promise<void> = work.then(
      () => void this.#underWay.delete(settled),
      (error: unknown) => {
        this.#underWay.delete(settled);
        this.#log.error('background_failed', { what, error });
      },
    );
    this.#underWay.add(settled);
  }

  /** Resolves when all that was added so far has ended. Never rejects. */
  async drained(): Promise<void> {
    await Promise.all(this.#underWay);
  }
}
