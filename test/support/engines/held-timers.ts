/** In an engine's process: `setTimeout` goes off when the test has moved time so far, in order, however long it is. */
import { setImmediate as turn } from 'node:timers/promises';

interface Timer {
  dueMs: number;
  fn: () => void;
}

/** Turns of the event loop that what a timer has set off gets before time goes on. */
const TURNS = 5;

export class HeldTimers {
  readonly #timers = new Map<number, Timer>();
  #nowMs: number;
  #made = 0;

  constructor(startMs: number) {
    this.#nowMs = startMs;
    const set = (fn: () => void, delayMs = 0) => {
      const handle = ++this.#made;
      const timer = { dueMs: this.#nowMs + Math.max(delayMs, 0), fn };
      this.#timers.set(handle, timer);
      if (delayMs <= 0) setImmediate(() => this.#fire(handle));
      return handle;
    };
    Object.assign(globalThis, { setTimeout: set, clearTimeout: (handle: number) => this.#timers.delete(handle) });
  }

  get nextDueMs(): number | undefined {
    return this.#next()?.[1].dueMs;
  }

  /** Back to a beginning: what was set before never goes off. */
  restart(nowMs: number): void {
    this.#timers.clear();
    this.#nowMs = nowMs;
  }

  async moveTo(nowMs: number, onTime: (nowMs: number) => void): Promise<void> {
    for (let next = this.#next(); next && next[1].dueMs <= nowMs; next = this.#next()) {
      this.#nowMs = Math.max(this.#nowMs, next[1].dueMs);
      onTime(this.#nowMs);
      this.#fire(next[0]);
      for (let n = 0; n < TURNS; n++) await turn();
    }
    this.#nowMs = nowMs;
    onTime(nowMs);
  }

  #fire(handle: number): void {
    const timer = this.#timers.get(handle);
    this.#timers.delete(handle);
    timer?.fn();
  }

  #next(): [number, Timer] | undefined {
    let first: [number, Timer] | undefined;
    for (const entry of this.#timers) if (first === undefined || entry[1].dueMs < first[1].dueMs) first = entry;
    return first;
  }
}
