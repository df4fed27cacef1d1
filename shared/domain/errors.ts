/** One class per cause. shared/wire/errors.ts alone turns them into status codes and sentences. */

/** What a client asked for cannot be done; every subclass is answered with a 4xx. */
export abstract class RequestError extends Error {
  constructor(message: string) {
    super(message);
    this.name = new.target.name;
  }
}

export type Named = 'assistant' | 'thread' | 'webhook_endpoint' | 'delivery' | 'run' | 'message' | 'step' | 'vector_store' | 'vector_store_file' | 'file_batch' | 'file' | 'upload' | 'upload_part' | 'model' | 'export' | 'tool_endpoint';

/** No such record, or one of another project, or one past its retention. */
export class NotFoundError extends RequestError {
  readonly what: Named;
  readonly id: string;
  constructor(what: Named, id: string) {
    super(`${what} ${id} not found`);
    this.what = what;
    this.id = id;
  }
}

/** A field of the request is wrong. `code` and the wording are the contract's (§9). */
export class InvalidRequestError extends RequestError {
  readonly param: string | undefined;
  readonly code: string | undefined;
  constructor(message: string, param?: string, code?: string) {
    super(message);
    this.param = param;
    this.code = code;
  }
}

/** The time of the vector store has come: nothing can be added to it, nothing found in it. */
export class StoreExpiredError extends RequestError {
  readonly storeId: string;
  constructor(storeId: string) {
    super(`${storeId} has expired`);
    this.storeId = storeId;
  }
}

/** The thread is held by an active run. */
export class ThreadBusyError extends RequestError {
  readonly threadId: string;
  readonly runId: string;
  readonly attempted: 'run' | 'message';
  constructor(threadId: string, runId: string, attempted: 'run' | 'message') {
    super(`${threadId} is held by ${runId}`);
    this.threadId = threadId;
    this.runId = runId;
    this.attempted = attempted;
  }
}

/** And as many runs wait for the thread already as may. */
export class ThreadCrowdedError extends ThreadBusyError {}

/** The run that holds the thread, and those that wait for it, are to be cancelled before anything can be done. */
export class ThreadToBeFreedError extends ThreadBusyError {
  readonly runIds: readonly string[];
  constructor(threadId: string, runIds: readonly [string, ...string[]]) {
    super(threadId, runIds[0], 'run');
    this.runIds = runIds;
  }
}

/** The run's status does not allow what was asked for. */
export class RunStatusError extends RequestError {
  readonly status: string;
  readonly attempted: 'cancel' | 'submit_tool_outputs';
  constructor(status: string, attempted: 'cancel' | 'submit_tool_outputs') {
    super(`cannot ${attempted} a run that is ${status}`);
    this.status = status;
    this.attempted = attempted;
  }
}

/** The upload's status does not allow what was asked for. */
export class UploadStatusError extends RequestError {
  readonly status: string;
  readonly attempted: 'add parts to' | 'complete' | 'cancel';
  constructor(status: string, attempted: UploadStatusError['attempted']) {
    super(`cannot ${attempted} an upload that is ${status}`);
    this.status = status;
    this.attempted = attempted;
  }
}

/** Tool outputs must come for exactly the calls that the run waits for, all together. */
export class ToolOutputsMismatchError extends RequestError {
  readonly expected: readonly string[];
  readonly received: readonly string[];
  constructor(expected: readonly string[], received: readonly string[]) {
    super('tool outputs do not match the calls that the run waits for');
    this.expected = expected;
    this.received = received;
  }
}

/** A move that the transition table does not have. Always our own mistake, never the client's. */
export class IllegalTransitionError extends Error {
  constructor(id: string, from: string, to: string) {
    super(`${id} cannot go from ${from} to ${to}`);
    this.name = 'IllegalTransitionError';
  }
}
