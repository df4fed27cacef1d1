/** What the server and a session's supervisor say to each other: the lengths of a JSON object and of bytes, each four bytes, then both. */
import * as z from 'zod';

const file = z.object({ path: z.string(), bytes: z.number() });

/** All that a supervisor can tell. */
const Told = z.discriminatedUnion('event', [
  z.object({ event: z.literal('ready'), python: z.string() }),
  z.object({ event: z.literal('logs') }),
  z.object({ event: z.literal('left_out'), bytes: z.number() }),
  z.object({ event: z.literal('image') }),
  z.object({ event: z.literal('done'), outcome: z.enum(['ok', 'error', 'timed_out', 'out_of_memory', 'too_much_data', 'killed']), over: z.boolean(), files: z.array(file), unkept: z.number() }),
  z.object({ event: z.literal('read'), bytes: z.number(), tag: z.string() }),
  z.object({ event: z.literal('put') }),
  z.object({ event: z.literal('failed'), code: z.string() }),
]);
export type Told = z.infer<typeof Told>;

/** Paths of MOST_CHANGED_FILES files at their longest, and every character escaped. */
const MOST_TOLD_BYTES = 1024 * 1024;
const HEAD_BYTES = 8;

export function frame(told: object, data: Uint8Array = new Uint8Array()): Uint8Array {
  const text = Buffer.from(JSON.stringify(told));
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUInt32BE(text.length, 0);
  head.writeUInt32BE(data.length, 4);
  return Buffer.concat([head, text, data]);
}

/** Puts frames together again. `take` throws for what no supervisor of ours sends. */
export class Frames {
  readonly #mostData: number;
  #pieces: Uint8Array[] = [];
  #bytes = 0;
  #needed = HEAD_BYTES;

  constructor(mostData: number) {
    this.#mostData = mostData;
  }

  /** The frames that are whole with this piece. */
  *take(piece: Uint8Array): Generator<{ told: Told; data: Uint8Array }> {
    this.#pieces.push(piece);
    this.#bytes += piece.length;
    while (this.#bytes >= this.#needed) {
      const all = this.#pieces.length === 1 ? Buffer.from(this.#pieces[0] ?? []) : Buffer.concat(this.#pieces);
      const [textBytes, dataBytes] = [all.readUInt32BE(0), all.readUInt32BE(4)];
      if (textBytes > MOST_TOLD_BYTES || dataBytes > this.#mostData) throw new Error(`a frame of ${textBytes} and ${dataBytes} bytes`);
      const end = HEAD_BYTES + textBytes + dataBytes;
      this.#needed = all.length < end ? end : HEAD_BYTES;
      const rest = all.length < end ? all : all.subarray(end);
      this.#pieces = rest.length > 0 ? [rest] : [];
      this.#bytes = rest.length;
      if (all.length < end) return;
      const text = all.subarray(HEAD_BYTES, HEAD_BYTES + textBytes).toString();
      yield { told: Told.parse(JSON.parse(text)), data: all.subarray(HEAD_BYTES + textBytes, end) };
    }
  }
}
