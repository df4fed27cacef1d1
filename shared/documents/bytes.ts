/** A stream of bytes of which the beginning can be looked at first. */
export class Bytes {
  private readonly reader: ReadableStreamDefaultReader<Uint8Array>;
  private readonly signal: AbortSignal | undefined;
  private readonly stop = () => void this.reader.cancel().catch(() => {});
  /** How many have been handed out. */
  count = 0;

  constructor(content: ReadableStream<Uint8Array>, signal: AbortSignal | undefined) {
    this.reader = content.getReader();
    this.signal = signal;
    signal?.addEventListener('abort', this.stop, { once: true });
  }

  /** The first `least` bytes or more; fewer where there are no more. */
  async head(least: number): Promise<Uint8Array> {
    const pieces: Uint8Array[] = [];
    for (let length = 0; length < least; ) {
      const piece = await this.next();
      if (!piece) break;
      pieces.push(piece);
      length += piece.length;
    }
    return pieces.length === 1 ? (pieces[0] as Uint8Array) : Buffer.concat(pieces);
  }

  /** The whole stream again: its head, which has been taken already, and what comes behind. */
  async *all(head: Uint8Array): AsyncGenerator<Uint8Array, void, void> {
    yield head;
    for (let piece = await this.next(); piece; piece = await this.next()) yield piece;
  }

  /** To be called when nothing more is wanted. */
  async close(): Promise<void> {
    this.signal?.removeEventListener('abort', this.stop);
    await this.reader.cancel().catch(() => {});
  }

  private async next(): Promise<Uint8Array | undefined> {
    this.signal?.throwIfAborted();
    const { value } = await this.reader.read();
    this.signal?.throwIfAborted();
    this.count += value?.length ?? 0;
    return value;
  }
}
