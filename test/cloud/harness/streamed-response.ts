/** What comes from a streaming handler, taken apart: JSON about the answer, eight NULs, the body. */
import { Readable } from 'node:stream';
import type { Piece } from './environment-messages.ts';

export interface ResponseHead {
  statusCode: number;
  headers: Record<string, string>;
  multiValueHeaders?: Record<string, string[]>;
  cookies?: string[];
}

const DELIMITER = Buffer.alloc(8);

export class StreamedResponse {
  /** Resolves as soon as the delimiter has come. Rejects with what `fail` is given before that. */
  readonly head: Promise<ResponseHead>;
  /** Each piece of it can be read when it comes, however slowly it is read: the function is not held up. */
  readonly body = new Readable({ read: () => undefined });
  readonly #head = Promise.withResolvers<ResponseHead>();
  #prelude: Buffer | undefined = Buffer.alloc(0);
  #whole = false;

  constructor() {
    this.head = this.#head.promise;
    this.head.catch(() => undefined);
    // Whoever reads the body hears of it; whoever does not need not.
    this.body.on('error', () => undefined);
  }

  add(piece: Piece): void {
    if ('chunk' in piece) this.#addChunk(Buffer.from(piece.chunk));
    else if ('cut' in piece) this.body.destroy(new Error('the response stream was destroyed'));
    else this.#addEnd();
  }

  /** The invocation has come to an end, good or bad: nothing more will come. */
  fail(error: Error): void {
    this.#head.reject(error);
    if (!this.#whole) this.body.destroy(error);
  }

  #addEnd(): void {
    if (this.body.destroyed) return;
    this.#whole = true;
    this.body.push(null);
  }

  #addChunk(chunk: Buffer): void {
    if (this.body.destroyed) return;
    if (this.#prelude === undefined) return void this.body.push(chunk);
    this.#prelude = Buffer.concat([this.#prelude, chunk]);
    const at = this.#prelude.indexOf(DELIMITER);
    if (at === -1) return;
    const rest = this.#prelude.subarray(at + DELIMITER.byteLength);
    this.#head.resolve(headOf(this.#prelude.subarray(0, at).toString()));
    this.#prelude = undefined;
    if (rest.byteLength > 0) this.body.push(rest);
  }
}

function headOf(text: string): ResponseHead {
  const { statusCode = 200, headers = {}, ...more } = JSON.parse(text) as Partial<ResponseHead>;
  return { statusCode, headers, ...more };
}
