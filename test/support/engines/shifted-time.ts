/** In a child process: real time plus an offset that the parent sets. `Date` tells it, and global timers jump with it. */
import { setImmediate as turn } from 'node:timers/promises';

interface Pending {
  dueMs: number;
  handle: NodeJS.Timeout;
  fire: () => void;
}

/** What setTimeout takes; it fires at once when asked for more. */
const LONGEST_TIMEOUT_MS = 2_147_483_647;

/** Turns of the event loop that what a timer has set off gets before the next one. */
const TURNS = 5;

export class ShiftedTime {
  readonly #pending = new Set<Pending>();
  readonly #RealDate = globalThis.Date;
  #offsetMs: number;

  private constructor(offsetMs: number) {
    this.#offsetMs = offsetMs;
  }

  /** From now on the whole process lives by it. To be called before anything else is imported. */
  static install(offsetMs = 0): ShiftedTime {
    const time = new ShiftedTime(offsetMs);
    time.#replaceDate();
    time.#replaceTimers();
    return time;
  }

  nowMs(): number {
    return this.#RealDate.now() + this.#offsetMs;
  }

  /** It is later at once. With `fire` all timers that fell due meanwhile go off in their order, else none of them does before its real time. */
  async moveTo(offsetMs: number, fire: boolean): Promise<void> {
    this.#offsetMs = offsetMs;
    if (!fire) return;
    for (let next = this.#firstDue(); next; next = this.#firstDue()) {
      next.fire();
      for (let n = 0; n < TURNS; n++) await turn();
    }
  }

  #firstDue(): Pending | undefined {
    const nowMs = this.nowMs();
    let first: Pending | undefined;
    for (const pending of this.#pending) if (pending.dueMs <= nowMs && (first === undefined || pending.dueMs < first.dueMs)) first = pending;
    return first;
  }

  #replaceDate(): void {
    const now = () => this.nowMs();
    class ShiftedDate extends this.#RealDate {
      constructor(...args: [value?: number | string | Date]) {
        // Parts (year, month …) are as many arguments as they are; only the empty call asks for the time.
        super(...((args.length === 0 ? [now()] : args) as [number]));
      }
      static override now(): number {
        return now();
      }
    }
    globalThis.Date = ShiftedDate as DateConstructor;
  }

  #replaceTimers(): void {
    const { setTimeout: realSet, clearTimeout: realClear } = globalThis;
    const byHandle = new WeakMap<NodeJS.Timeout, Pending>();
    const set = (fn: (...args: unknown[]) => void, delayMs = 0, ...args: unknown[]): NodeJS.Timeout => {
      const fire = () => {
        clear(pending.handle);
        fn(...args);
      };
      const pending: Pending = { dueMs: this.nowMs() + Math.max(delayMs, 0), fire, handle: realSet(delayMs > LONGEST_TIMEOUT_MS ? () => undefined : fire, Math.min(delayMs, LONGEST_TIMEOUT_MS)) };
      this.#pending.add(pending);
      byHandle.set(pending.handle, pending);
      return pending.handle;
    };
    const clear = (handle?: NodeJS.Timeout | string | number): void => {
      realClear(handle);
      const pending = typeof handle === 'object' ? byHandle.get(handle) : undefined;
      if (pending) this.#pending.delete(pending);
    };
    Object.assign(globalThis, { setTimeout: set, clearTimeout: clear });
  }
}
