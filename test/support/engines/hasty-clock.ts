import { ManualClock } from '../manual-clock.ts';

/** Short pauses take no time at all; for limits a test moves the clock. */
export class HastyClock extends ManualClock {
  readonly #shortMs: number;

  constructor(shortMs: number) {
    super();
    this.#shortMs = shortMs;
  }

  override after(delayMs: number, fn: () => void): () => void {
    return super.after(delayMs <= this.#shortMs ? 0 : delayMs, fn);
  }
}
