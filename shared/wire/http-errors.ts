/** What can be wrong with a request before it reaches an action. */
import { RequestError } from '../domain/errors.ts';

export class UnauthorizedError extends RequestError {
  /** What was sent as a key, if anything was. */
  readonly key: string | undefined;
  constructor(key: string | undefined) {
    super('no valid API key');
    this.key = key;
  }
}

/** The key was found to be another project's than it was a moment ago; the request was begun for that one, and has done nothing. */
export class KeyMovedError extends RequestError {
  constructor() {
    super('the API key is now of another project');
  }
}

export class BodyTooLargeError extends RequestError {
  readonly limitBytes: number;
  constructor(limitBytes: number) {
    super(`the body has more than ${limitBytes} bytes`);
    this.limitBytes = limitBytes;
  }
}

/** A file, or a part of one, beyond what one request may bring. */
export class ContentTooLargeError extends RequestError {
  readonly what: 'file' | 'part';
  readonly limitBytes: number;
  constructor(what: 'file' | 'part', limitBytes: number) {
    super(`the ${what} has more than ${limitBytes} bytes`);
    this.what = what;
    this.limitBytes = limitBytes;
  }

  /** The field that held it. */
  get param(): string {
    return this.what === 'file' ? 'file' : 'data';
  }

  /** What to do instead. */
  get hint(): string {
    return this.what === 'file' ? 'Send it in parts: POST /uploads.' : 'Send it in more parts.';
  }
}

export class NoSuchUrlError extends RequestError {
  readonly method: string;
  readonly path: string;
  constructor(method: string, path: string) {
    super(`no such URL: ${method} ${path}`);
    this.method = method;
    this.path = path;
  }
}

export class WrongMethodError extends RequestError {
  readonly method: string;
  readonly path: string;
  constructor(method: string, path: string) {
    super(`${path} does not take ${method}`);
    this.method = method;
    this.path = path;
  }
}

/** An Idempotency-Key that was used for another request, or for a stream, which cannot be told a second time. */
export class IdempotencyError extends RequestError {}

/** Nobody is there to read the answer. */
export class ClientGoneError extends RequestError {}

/** A stream whose run went away: deleted with its thread, or carried on by another process. */
export class StreamLostError extends RequestError {
  readonly runId: string;
  readonly goesOn: boolean;
  constructor(runId: string, goesOn: boolean) {
    super(`the stream has lost ${runId}`);
    this.runId = runId;
    this.goesOn = goesOn;
  }
}

/** The request came under a name that this server does not have. */
export class ForbiddenHostError extends RequestError {
  readonly host: string;
  constructor(host: string) {
    super(`not a name of this server: ${host}`);
    this.host = host;
  }
}
