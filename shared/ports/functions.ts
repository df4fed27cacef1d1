/** Functions of the operator's own cloud, which answer calls of tools beside URLs. */

export interface FunctionRequest {
  arn: string;
  /** JSON */
  payload: string;
  timeoutMs: number;
  signal: AbortSignal;
}

/** `failed`: the function itself has, and `body` is what it says of that. */
export interface FunctionAnswer {
  body: Uint8Array;
  failed: boolean;
}

export interface Functions {
  /** Whether the operator has allowed this function to be called. */
  mayInvoke(arn: string): boolean;
  /**
   * Calls it once and waits for its answer. Rejects with FunctionUnavailableError when none came, and when `signal` aborts, with its
   * reason: the function then goes on unseen.
   */
  invoke(request: FunctionRequest): Promise<FunctionAnswer>;
}

/** `mayPass`: it was not begun, or failed for the moment; another try may succeed. */
export class FunctionUnavailableError extends Error {
  override readonly name = 'FunctionUnavailableError';
  readonly mayPass: boolean;
  constructor(message: string, mayPass: boolean, options?: ErrorOptions) {
    super(message, options);
    this.mayPass = mayPass;
  }
}
