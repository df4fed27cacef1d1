/** Holds back what a function asks of AWS until it is opened. */
import type { Call } from '../../test/cloud/harness/aws-front.ts';

export class Gate {
  waiting = 0;
  readonly #functionId: string;
  #opened: PromiseWithResolvers<void> | undefined;

  constructor(functionId: string) {
    this.#functionId = functionId;
  }

  close(): void {
    this.#opened ??= Promise.withResolvers<void>();
  }

  open(): void {
    this.#opened?.resolve();
    this.#opened = undefined;
  }

  async wait({ principal }: Call): Promise<void> {
    if (!this.#opened || !principal.startsWith(`${this.#functionId}.`) || principal.endsWith('.mapping')) return;
    this.waiting++;
    await this.#opened.promise;
    this.waiting--;
  }
}
