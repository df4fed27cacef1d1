/** In an execution environment: the global `awslambda`, by which a handler streams its answer, as Lambda's runtime for Node has it. */
import { Writable } from 'node:stream';
import type { Piece } from './environment-messages.ts';

type Send = (piece: Piece, done: (error: Error | null) => void) => void;
type WriteNow = (piece: string | Uint8Array) => void;
export type StreamingHandler = (event: unknown, stream: ResponseStream, context: object) => Promise<unknown>;

const MARK = Symbol.for('aws.lambda.runtime.handler.streaming');
const DELIMITER = new Uint8Array(8);

/** What a streaming handler writes to. */
export class ResponseStream extends Writable {
  /** Set by `HttpResponseStream.from`; the runtime's own name for it. */
  _onBeforeFirstWrite: ((write: WriteNow) => void) | undefined;
  readonly #send: Send;
  #begun = false;
  #whole = false;

  constructor(send: Send) {
    super({ decodeStrings: true });
    this.#send = send;
  }

  setContentType(_type: string): void {
    if (this.#begun) throw new Error('Cannot set content-type, too late.');
  }

  override write(chunk: unknown, ...rest: unknown[]): boolean {
    if (!this.#begun) {
      this.#begun = true;
      this._onBeforeFirstWrite?.((piece) => void super.write(piece));
    }
    const isRaw = typeof chunk === 'string' || chunk instanceof Uint8Array;
    return super.write(isRaw ? chunk : JSON.stringify(chunk), ...(rest as [BufferEncoding]));
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    if (chunk.byteLength === 0) done();
    else this.#send({ chunk }, done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#whole = true;
    this.#send({ end: true }, done);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    if (this.#whole) done(error);
    else this.#send({ cut: true }, () => done(error));
  }
}

export function installAwsLambda(): void {
  const awslambda = {
    streamifyResponse: (handler: StreamingHandler) => Object.assign(handler, { [MARK]: 'response' }),
    HttpResponseStream: {
      from(stream: ResponseStream, prelude: unknown): ResponseStream {
        stream.setContentType('application/vnd.awslambda.http-integration-response');
        stream._onBeforeFirstWrite = (write) => {
          write(JSON.stringify(prelude));
          write(DELIMITER);
        };
        return stream;
      },
    },
  };
  Object.assign(globalThis, { awslambda });
}

export const isStreaming = (handler: unknown): handler is StreamingHandler => typeof handler === 'function' && MARK in handler;
