/** Reading documents: whatever a client has uploaded, as text. */
import type { FileError } from '../domain/vector-store.ts';

/** Why a document has no text for us. `message` is for the client. */
export class DocumentError extends Error {
  readonly code: FileError['code'];
  constructor(code: FileError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'DocumentError';
    this.code = code;
  }
}

export interface Documents {
  /** The sentence that a file of this name is refused with before it is even read; undefined for one that can be tried. */
  refuses(filename: string): DocumentError | undefined;
  /**
   * The text of a document, piece by piece, in bounded memory and time; no piece ends within a surrogate pair. Throws DocumentError alone for what is wrong with
   * the document. To be read to its end or closed by `return()`, which a `break` does: a process and a file on disk may stand behind it.
   */
  read(filename: string, content: ReadableStream<Uint8Array>, signal?: AbortSignal): AsyncIterable<string>;
}
