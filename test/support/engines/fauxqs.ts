import { Child } from './child.ts';
import type { ClockQuestion } from './fauxqs-main.ts';

/** What fauxqs tells of a queue's messages. */
interface Inspected {
  messages: {
    ready: unknown[];
    delayed: { delayUntil?: number }[];
    inflight: { visibilityDeadline: number }[];
  };
}

/** SQS and S3. */
export class Fauxqs {
  readonly endpoint: string;
  readonly #child: Child;

  private constructor(child: Child, port: number) {
    this.#child = child;
    this.endpoint = `http://127.0.0.1:${port}`;
  }

  static async start(): Promise<Fauxqs> {
    const { child, port } = await Child.ofMain(new URL('fauxqs-main.ts', import.meta.url));
    return new Fauxqs(child, port);
  }

  /** From the first call on its time stands still between calls. */
  async holdAt(nowMs: number): Promise<void> {
    await this.#child.ask({ nowMs } satisfies ClockQuestion);
  }

  /** Its time goes on, so much later than it really is. */
  async shiftTo(offsetMs: number, fire: boolean): Promise<void> {
    await this.#child.ask({ offsetMs, fire } satisfies ClockQuestion);
  }

  /** When each message of a queue can be received: those that can be already are at 0. */
  async duesOf(queue: string): Promise<number[]> {
    const response = await fetch(`${this.endpoint}/_fauxqs/queues/${queue}`);
    if (!response.ok) return [];
    const { messages } = (await response.json()) as Inspected;
    return [...messages.ready.map(() => 0), ...messages.delayed.map(({ delayUntil = 0 }) => delayUntil), ...messages.inflight.map(({ visibilityDeadline }) => visibilityDeadline)];
  }

  stop(): Promise<void> {
    return this.#child.stop();
  }
}
