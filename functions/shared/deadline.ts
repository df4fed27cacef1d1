import type { Context } from 'aws-lambda';

/** Left of the invocation when drivers are asked to give their runs back: enough to write that down and to send their jobs on. */
const KEPT_TO_GIVE_BACK_MS = 15_000;
/** Left when what is not done even then is dropped: enough to answer, with the rest of the batch acknowledged. */
const KEPT_TO_ANSWER_MS = 5000;

/** The job did not end in time. Its message comes again, and whoever gets it takes over when the lease has lapsed. */
export class GivenBackError extends Error {
  constructor() {
    super('given back before the function’s timeout');
    this.name = 'GivenBackError';
  }
}

/** The end of an invocation, seen early enough to give back what will not be done by then. */
export class Deadline {
  readonly #controller = new AbortController();
  readonly #passed: Promise<never>;
  readonly #timers: NodeJS.Timeout[];

  constructor(context: Pick<Context, 'getRemainingTimeInMillis'>) {
    const { promise, reject } = Promise.withResolvers<never>();
    this.#passed = promise;
    this.#passed.catch(() => undefined);
    const leftMs = context.getRemainingTimeInMillis();
    this.#timers = [
      setTimeout(() => this.#controller.abort(new GivenBackError()), Math.max(leftMs - KEPT_TO_GIVE_BACK_MS, 0)),
      setTimeout(() => reject(new GivenBackError()), Math.max(leftMs - KEPT_TO_ANSWER_MS, 0)),
    ];
  }

  /** Aborts when it is time to give back. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** The last resort, for work that knows no signal or has not heeded it: rejects, while the work goes on unseen. */
  orGiveBack<T>(work: Promise<T>): Promise<T> {
    return Promise.race([work, this.#passed]);
  }

  clear(): void {
    for (const timer of this.#timers) clearTimeout(timer);
  }
}
