/** What goes into a session of the Code Interpreter and comes out of it, in pieces that one message takes. */
import * as z from 'zod';
import { DATA_FOLDER, MOST_SANDBOX_FILE_BYTES, SandboxFileError } from '../ports/sandbox.ts';
import { LogText, leftOutNote } from '../sandbox/logs.ts';

/** One message of the service's stream has 16 MB at most, a request likewise; what comes back comes twice, as base64. */
export const PIECE_BYTES = 2 * 1024 * 1024;

/** A piece of a file, and of all of it how many bytes there are and whether it is still the same. Null when there is no such file. */
export const Slice = z.object({ bytes: z.number().int().nonnegative(), stamp: z.string(), content: z.base64() }).nullable();
export type Slice = z.infer<typeof Slice>;

/** The beginning and the end are whole pieces of bytes, each decoded by itself where something is missing between them. */
export function logsOf({ head, dropped, tail }: { head: string; dropped: number; tail: string }): string {
  const [first, last] = [Buffer.from(head, 'base64'), Buffer.from(tail, 'base64')];
  const decoded = (...pieces: Buffer[]) => {
    const text = new LogText();
    return pieces.map((piece) => text.piece(piece)).join('') + text.end();
  };
  return dropped === 0 ? decoded(first, last) : decoded(first) + leftOutNote(dropped) + decoded(last);
}

/** A file from its beginning to the end that it had when it was first asked for. Fails when it is another by then. */
export async function* slices(at: (start: number) => Slice | Promise<Slice>, bytes: number): AsyncGenerator<Buffer> {
  let stamp: string | undefined;
  for (let start = 0; start < bytes; ) {
    const slice = await at(start);
    const piece = Buffer.from(slice?.content ?? '', 'base64');
    stamp ??= slice?.stamp;
    if (!slice || slice.stamp !== stamp || slice.bytes !== bytes || piece.length === 0 || piece.length > bytes - start) throw new SandboxFileError('the file has changed while it was read');
    start += piece.length;
    yield piece;
  }
}

/** The content in pieces that a request takes. Throws at the first byte beyond what a file may have. */
export async function* inPieces(content: ReadableStream<Uint8Array>, path: string): AsyncGenerator<Buffer> {
  let held: Uint8Array[] = [];
  let heldBytes = 0;
  let bytes = 0;
  for await (const chunk of content) {
    bytes += chunk.length;
    if (bytes > MOST_SANDBOX_FILE_BYTES) throw new SandboxFileError(`${DATA_FOLDER}/${path} would have more than ${MOST_SANDBOX_FILE_BYTES} bytes`);
    held.push(chunk);
    heldBytes += chunk.length;
    if (heldBytes < PIECE_BYTES) continue;
    const whole = Buffer.concat(held);
    const end = whole.length - (whole.length % PIECE_BYTES);
    for (let start = 0; start < end; start += PIECE_BYTES) yield whole.subarray(start, start + PIECE_BYTES);
    held = [whole.subarray(end)];
    heldBytes = whole.length - end;
  }
  // An empty file is one empty piece.
  if (heldBytes > 0 || bytes === 0) yield Buffer.concat(held);
}
