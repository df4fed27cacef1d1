import { BodyTooLargeError, ClientGoneError } from '../../wire/http-errors.ts';

const NEWLINE = 0x0a;

/** The lines of a body as they come, without their ends; the blank ones too, so that they can be counted. None may be longer than `mostBytes`. */
export async function* linesOf(body: ReadableStream<Uint8Array> | null, mostBytes: number): AsyncGenerator<Buffer> {
  let begun: Buffer[] = [];
  let size = 0;
  for await (const piece of pieces(body)) {
    let from = 0;
    for (let at = piece.indexOf(NEWLINE); at !== -1; at = piece.indexOf(NEWLINE, from)) {
      yield Buffer.concat([...begun, piece.subarray(from, at)]);
      [begun, size, from] = [[], 0, at + 1];
    }
    const rest = piece.subarray(from);
    size += rest.byteLength;
    if (size > mostBytes) throw new BodyTooLargeError(mostBytes);
    if (rest.byteLength > 0) begun.push(rest);
  }
  if (size > 0) yield Buffer.concat(begun);
}

async function* pieces(body: ReadableStream<Uint8Array> | null): AsyncGenerator<Buffer> {
  const reader = body?.getReader();
  try {
    while (reader) {
      const { value, done } = await reader.read();
      if (done) return;
      yield Buffer.from(value.buffer, value.byteOffset, value.byteLength);
    }
  } catch {
    throw new ClientGoneError('the client left before it had sent its body');
  }
}
