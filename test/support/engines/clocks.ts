/** The world's own clock beside engines that are moved with it. */
import type { Clock } from '../../../shared/domain/clock.ts';
import { ManualClock } from '../manual-clock.ts';

/** Tells when it will next have something to do. */
export class WatchedClock extends ManualClock {
  readonly #dues = new Map<symbol, number>();

  get nextDueMs(): number | undefined {
    const dues = [...this.#dues.values()];
    return dues.length > 0 ? Math.min(...dues) : undefined;
  }

  override after(delayMs: number, fn: () => void): () => void {
    const name = Symbol();
    this.#dues.set(name, this.nowMs() + Math.max(delayMs, 0));
    const cancel = super.after(delayMs, () => {
      this.#dues.delete(name);
      fn();
    });
    return () => {
      this.#dues.delete(name);
      cancel();
    };
  }
}

/** One process's view of a clock that outlives it: nothing that it has set goes off after its death. */
export class MortalClock implements Clock {
  readonly #clock: Clock;
  readonly #cancels = new Set<() => void>();
  #alive = true;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  nowMs(): number {
    return this.#clock.nowMs();
  }

  after(delayMs: number, fn: () => void): () => void {
    if (!this.#alive) return () => undefined;
    const cancel = this.#clock.after(delayMs, () => {
      this.#cancels.delete(cancel);
      fn();
    });
    this.#cancels.add(cancel);
    return () => {
      this.#cancels.delete(cancel);
      cancel();
    };
  }

  die(): void {
    this.#alive = false;
    for (const cancel of this.#cancels) cancel();
    this.#cancels.clear();
  }
}
