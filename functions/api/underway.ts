/** Work that outlives its response. */
export class Underway {
  readonly #work = new Set<Promise<void>>();

  add(work: Promise<void>): void {
    const ended = work.catch(() => undefined).finally(() => this.#work.delete(ended));
    this.#work.add(ended);
  }

  /** Resolves when there is none left, what was added meanwhile included. Never rejects. */
  async done(): Promise<void> {
    while (this.#work.size > 0) await Promise.all(this.#work);
  }
}
