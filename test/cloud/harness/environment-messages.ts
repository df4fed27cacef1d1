/** What a function and its execution environments say to each other. */

export interface Failure {
  errorType: string;
  errorMessage: string;
}

export interface Invocation {
  /** The request's id. */
  invoke: string;
  /** JSON, as it comes to Lambda. */
  payload: string;
  deadlineMs: number;
  traceId: string;
  functionArn: string;
}

export type ToEnvironment = Invocation | { move: number; offsetMs: number; fire: boolean };

/** Pieces of a streamed answer: `end` when it is whole, `cut` when it never will be. */
export type Piece = { chunk: Uint8Array } | { end: true } | { cut: true };

export type FromEnvironment =
  | { ready: true }
  /** It ends by itself, because of this. */
  | { dying: Failure }
  | { moved: number }
  | { piece: Piece; of: string }
  /** `result` is JSON. */
  | { done: string; result: string }
  | { failed: string; failure: Failure };

/** The last line of an invocation, on both of its outputs: what stands before it in the log is its own. */
export const lastLine = (id: string): string => `END RequestId: ${id}`;
