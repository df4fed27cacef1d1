/** Text as it is: UTF-8, UTF-16 or ASCII (contract §5), decoded piece by piece. */
import { ReadingError } from './failure.ts';

/** So much of the beginning tells the encoding. */
export const HEAD_BYTES = 4096;
/** A piece that is longer is decoded in parts. */
const PART_BYTES = 65_536;

type Encoding = 'utf-8' | 'utf-16le' | 'utf-16be';
const names: Record<Encoding, string> = { 'utf-8': 'UTF-8', 'utf-16le': 'UTF-16', 'utf-16be': 'UTF-16' };

/** By the byte order mark, else by where the zeros are that every Latin letter has in UTF-16. */
function encodingOf(head: Uint8Array): Encoding {
  const [first, second] = head;
  if (first === 0xff && second === 0xfe) {
    if (head.length >= 4 && head[2] === 0 && head[3] === 0) throw new ReadingError('encoding', 'it is UTF-32.');
    return 'utf-16le';
  }
  if (first === 0xfe && second === 0xff) return 'utf-16be';
  const zeros = [0, 0];
  const length = Math.min(head.length, HEAD_BYTES) & ~1;
  for (let at = 0; at < length; at++) if (head[at] === 0) zeros[at & 1] = (zeros[at & 1] as number) + 1;
  const [even, odd] = zeros as [number, number];
  // One Latin letter in twenty is enough: the rest may be of any script, a few of whose characters end in a zero. A text of another encoding has no zeros at all.
  if (odd * 40 >= length && odd > even * 8) return 'utf-16le';
  if (even * 40 >= length && even > odd * 8) return 'utf-16be';
  return 'utf-8';
}

/** The text, no piece of it ending within a pair of surrogates. `head`: the beginning of `bytes`. */
export async function* decode(head: Uint8Array, bytes: AsyncIterable<Uint8Array>): AsyncGenerator<string, void, void> {
  const encoding = encodingOf(head);
  const decoder = new TextDecoder(encoding, { fatal: true });
  const toText = (part?: Uint8Array): string => {
    try {
      const text = part ? decoder.decode(part, { stream: true }) : decoder.decode();
      if (text.includes('\0')) throw new ReadingError('encoding', 'it has zero bytes in it, as only binary files have.');
      return text;
    } catch (cause) {
      if (cause instanceof ReadingError) throw cause;
      throw new ReadingError('encoding', `it has bytes that are not ${names[encoding]}.`, { cause });
    }
  };
  for await (const part of partsOf(bytes)) {
    const text = toText(part);
    if (text !== '') yield text;
  }
  const rest = toText();
  if (rest !== '') yield rest;
}

async function* partsOf(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const piece of bytes) {
    for (let at = 0; at < piece.length; at += PART_BYTES) yield piece.subarray(at, at + PART_BYTES);
  }
}
