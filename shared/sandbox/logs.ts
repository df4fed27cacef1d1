/** What an execution wrote, as it is told. */

/** Of MOST_LOG_BYTES so much is kept of the end: a traceback stands there. */
export const LOG_TAIL_BYTES = 32 * 1024;

/** Stands where a piece was left out, on a line of its own. */
export const leftOutNote = (bytes: number): string => `\n[… ${bytes} bytes of output left out …]\n`;

/** At the end, for files whose paths are none of ours (isSandboxPath): without it they would be lost without a word. */
export const unkeptNote = (count: number): string => (count > 0 ? `\n[${count} of the files and folders could not be kept: their names have control characters or are not UTF-8, or their paths are too long or too deep]\n` : '');

/** Makes text of bytes that come in pieces. A character that is cut by the last piece's end is replaced, as all that is not UTF-8 is, and NUL. */
export class LogText {
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true });

  piece(bytes: Uint8Array): string {
    return plain(this.#decoder.decode(bytes, { stream: true }));
  }

  end(): string {
    return plain(this.#decoder.decode());
  }
}

/** JSON can carry a NUL; databases and models stumble over it. */
const plain = (text: string): string => text.replaceAll('\u0000', '\uFFFD');
