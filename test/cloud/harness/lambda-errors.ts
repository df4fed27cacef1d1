import type { Failure } from './environment-messages.ts';

/** The function ran and did not come to a good end: it threw, died, or took too long. */
export class InvocationFailed extends Error {
  override readonly name = 'InvocationFailed';
  readonly errorType: string;

  constructor({ errorType, errorMessage }: Failure) {
    super(`${errorType}: ${errorMessage}`);
    this.errorType = errorType;
  }
}

/** Lambda did not even run it. */
export class InvocationRefused extends Error {
  override readonly name = 'InvocationRefused';
}
