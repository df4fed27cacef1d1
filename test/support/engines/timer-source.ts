/** The timer's Lambda: handles what the state machine hands over, by whichever process is there to do it. */
import type { Task } from './state-machines.ts';

type Handle = (input: unknown) => Promise<void>;

export class TimerSource {
  #handle: Handle | undefined;
  #waiting: (() => void)[] = [];
  #deaths = new Set<() => void>();

  /** Waits until there is a process, as an invocation waits for an execution environment. Rejects when that process dies. */
  async onTask({ input }: Task): Promise<void> {
    while (!this.#handle) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    const death = Promise.withResolvers<never>();
    const die = () => death.reject(new Error('the execution environment has died'));
    this.#deaths.add(die);
    try {
      await Promise.race([this.#handle(input), death.promise]);
    } finally {
      this.#deaths.delete(die);
    }
  }

  /** Timers go to the newest consumer. */
  consume(handle: Handle): () => void {
    this.#handle = handle;
    for (const go of this.#waiting.splice(0)) go();
    return () => {
      if (this.#handle === handle) this.#handle = undefined;
    };
  }

  /** The process under it dies, and what it was handling is tried again by the state machine. */
  die(): void {
    this.#handle = undefined;
    for (const die of this.#deaths) die();
  }
}
