import { createParser } from 'eventsource-parser';

/** How long a server may take to close its answer once it has said that it is done. */
const CLOSE_WITHIN_MS = 1000;

/**
 * The data of each server-sent event up to `last`, in the bundles that the network brought: one step of the loop for a packet,
 * not for a token. The official client's own reader takes five nested generators a token, and ends by cancelling the
 * body, which costs the connection and so a new handshake for every call.
 */
export async function* eventData(body: ReadableStream<Uint8Array>, last: string): AsyncGenerator<string[]> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let bundle: string[] = [];
  const parser = createParser({ onEvent: ({ data }) => void bundle.push(data) });
  let isOver = false;
  try {
    while (!isOver) {
      const { done, value } = await reader.read();
      parser.feed(decoder.decode(value, { stream: !done }));
      // A server that ends without a blank line has ended its event all the same.
      if (done) parser.feed('\n\n');
      const end = bundle.indexOf(last);
      isOver = done || end >= 0;
      yield end < 0 ? bundle : bundle.slice(0, end);
      bundle = [];
    }
  } finally {
    void letGo(reader, isOver);
  }
}

/** Reads an answer that is complete to its very end, because only then its connection serves the next call too; drops any other. */
async function letGo(reader: ReadableStreamDefaultReader<Uint8Array>, isComplete: boolean): Promise<void> {
  const drop = () => reader.cancel().catch(() => undefined);
  if (!isComplete) return drop();
  const timer = setTimeout(() => void drop(), CLOSE_WITHIN_MS).unref();
  await reader.read().catch(() => undefined);
  clearTimeout(timer);
}
