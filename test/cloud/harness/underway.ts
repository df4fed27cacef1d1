/** Work that somebody may wait for. */
export class Underway {
  readonly #work = new Set<Promise<unknown>>();

  get size(): number {
    return this.#work.size;
  }

  async track<T>(work: Promise<T>): Promise<T> {
    this.#work.add(work);
    try {
      return await work;
    } finally {
      this.#work.delete(work);
    }
  }

  /** Resolves when there is none, what was added meanwhile included. Never rejects. */
  async done(): Promise<void> {
    while (this.#work.size > 0) await Promise.allSettled(this.#work);
  }
}
