/** Counts the tokens of a word by byte-pair merging, in time that hardly grows faster than the word: gpt-tokenizer's own merging is quadratic. */

/** What a vocabulary has at each rank: text, or the bytes of a token that is no text by itself. */
type Vocabulary = readonly (string | readonly number[])[];

/** Words repeat; long ones hardly ever do, and would fill the memory. */
const MOST_CACHED = 100_000;
const LONGEST_CACHED = 64;

/** Bytes as the characters 0 to 255, so that a string can be a key of a Map. */
const asBytes = (text: string): string => Buffer.from(text).toString('latin1');
const isAscii = (text: string): boolean => Buffer.byteLength(text) === text.length;
/** Characters of its own: a slice of a text keeps the whole of that text alive. */
const detached = (word: string): string => Buffer.from(word, 'utf16le').toString('utf16le');

/** Makes a function that counts the tokens of one word: of what the vocabulary's pattern finds in a text. */
export function makeWordCounter(vocabulary: Vocabulary): (word: string) => number {
  const ranks = new Map<string, number>();
  let longest = 0;
  vocabulary.forEach((token, rank) => {
    const key = typeof token !== 'string' ? Buffer.from(token).toString('latin1') : isAscii(token) ? token : asBytes(token);
    longest = Math.max(longest, key.length);
    ranks.set(key, rank);
  });
  const merger = new Merger(ranks, longest);
  const count = (word: string): number => {
    const bytes = isAscii(word) ? word : asBytes(word);
    return ranks.has(bytes) ? 1 : merger.count(bytes);
  };
  const known = new Map<string, number>();
  return (word) => {
    const cached = known.get(word);
    if (cached !== undefined) return cached;
    const tokens = count(word);
    if (word.length > LONGEST_CACHED) return tokens;
    if (known.size >= MOST_CACHED) known.delete(known.keys().next().value as string);
    known.set(detached(word), tokens);
    return tokens;
  };
}

/** Counts of a word's parts, in arrays that are made once: words come by the million. */
class Merger {
  private readonly ranks: ReadonlyMap<string, number>;
  private readonly longest: number;
  private readonly queue = new LeastFirst();
  // A part is named by where it begins. `ends`: where it ends, which is where the next one begins. `joined`: the rank of it and the next one as one token, or -1.
  private ends = new Int32Array(256);
  private before = new Int32Array(256);
  private joined = new Int32Array(256);

  constructor(ranks: ReadonlyMap<string, number>, longest: number) {
    this.ranks = ranks;
    this.longest = longest;
  }

  /** How many parts are left when, again and again, the two neighbours that make the token of lowest rank, the leftmost of them, have become one. */
  count(bytes: string): number {
    const { length } = bytes;
    this.makeRoom(length);
    const { ends, before, joined, queue } = this;
    for (let at = 0; at < length; at++) {
      ends[at] = at + 1;
      before[at] = at - 1;
    }
    for (let at = 0; at < length; at++) this.offer(bytes, at);
    let parts = length;
    for (let least = queue.take(); least !== undefined; least = queue.take()) {
      const start = least % POSITIONS;
      // A neighbour was faster: this pair is no more.
      if (joined[start] !== (least - start) / POSITIONS) continue;
      const gone = ends[start] as number;
      const end = ends[gone] as number;
      ends[start] = end;
      joined[gone] = -1;
      if (end < length) before[end] = start;
      parts--;
      this.offer(bytes, start);
      if (start > 0) this.offer(bytes, before[start] as number);
    }
    return parts;
  }

  private offer(bytes: string, start: number): void {
    this.joined[start] = -1;
    const next = this.ends[start] as number;
    if (next === bytes.length) return;
    const end = this.ends[next] as number;
    const rank = end - start > this.longest ? undefined : this.ranks.get(bytes.slice(start, end));
    if (rank === undefined) return;
    this.joined[start] = rank;
    this.queue.add(rank * POSITIONS + start);
  }

  private makeRoom(length: number): void {
    if (length <= this.ends.length) return;
    this.ends = new Int32Array(length * 2);
    this.before = new Int32Array(length * 2);
    this.joined = new Int32Array(length * 2);
  }
}

/** A rank and a position are one number, ordered by rank first. Ranks take 18 bits: both together are exact. */
const POSITIONS = 2 ** 32;

/** A binary heap of numbers. */
class LeastFirst {
  private readonly items: number[] = [];

  add(item: number): void {
    const { items } = this;
    let at = items.push(item) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = items[parent] as number;
      if (above <= item) break;
      items[at] = above;
      at = parent;
    }
    items[at] = item;
  }

  take(): number | undefined {
    const { items } = this;
    const least = items[0];
    const last = items.pop();
    if (last === undefined || items.length === 0) return least;
    let at = 0;
    for (let child = 1; child < items.length; child = at * 2 + 1) {
      if (child + 1 < items.length && (items[child + 1] as number) < (items[child] as number)) child++;
      if (last <= (items[child] as number)) break;
      items[at] = items[child] as number;
      at = child;
    }
    items[at] = last;
    return least;
  }
}
