import type { Context } from 'aws-lambda';

/** Left of the invocation when what is not done is given back: enough to answer, with the rest of the batch acknowledged. */
const KEPT_TO_ANSWER_MS = 15_000;

/** The job did not end in time. Its message comes again, and whoever gets it takes over when the lease has lapsed. */
export class GivenBackError extends Error {
  constructor() {
    super('given back before the function’s timeout');
    this.name = 'GivenBackError';
  }
}

/** The end of an invocation, seen early enough to give back what will not be done by then. */
export class Deadline {
  readonly #passed: Promise<never>;
  readonly #timer: NodeJS.Timeout;

  constructor(context: Pick<Context, 'getRemainingTimeInMillis'>) {
    const { promise, reject } = Promise.withResolvers<never>();
    this.#passed = promise;
    this.#passed.catch(() => undefined);
    this.#timer = setTimeout(() => reject(new GivenBackError()), Math.max(context.getRemainingTimeInMillis() - KEPT_TO_ANSWER_MS, 0));
  }

  orGiveBack<T>(work: Promise<T>): Promise<T> {
    return Promise.race([work, this.#passed]);
  }

  clear(): void {
    clearTimeout(this.#timer);
  }
}
