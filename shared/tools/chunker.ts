/** Cuts a text of any length into chunks that overlap, in constant memory. */
import type { Chunk } from '../ports/search-index.ts';
import type { Chunking } from '../domain/vector-store.ts';
import { PARAGRAPH, STICKS, isHighSurrogate, rankBoundary } from './boundaries.ts';
import { type Tokenizer, loadTokenizer } from './tokens.ts';

/** A chunk and the tokens of its text, those of the overlap included. */
export type TextChunk = Omit<Chunk, 'vector'> & { tokens: number };

export class TooManyTokensError extends Error {
  readonly mostTokens: number;
  constructor(mostTokens: number) {
    super(`The text has more than ${mostTokens} tokens.`);
    this.name = 'TooManyTokensError';
    this.mostTokens = mostTokens;
  }
}

/** So many characters are looked at together, wherever the pieces of the text ended: the same text gives the same chunks. */
const WINDOW = 16_384;
/** A word that begins so near a window's end is left for the next window, for it may go on there. */
const GUARD = 1024;
/** A word of more tokens may be cut within, so that it fits any chunk beside its overlap. A part so short is not cut further: no character has more than 4 tokens. */
const MOST_WORD_TOKENS = 8;
const SHORTEST_PART = 8;
/** Where to cut may be chosen among so much of the chunk's end, and of its overlap's beginning. */
const CHOICE = 1 / 8;
/** Whoever else the process serves gets a turn after so many characters. */
const TURN = WINDOW;

/**
 * The chunks of a text, in order. No chunk has more than `maxTokens`, no overlap more than `overlapTokens`, by o200k's own count; each brings something that those
 * before it did not; and what they bring, `text.slice(overlap)`, is the whole text. Rejects with TooManyTokensError where it has more than `mostTokens`.
 */
export async function* chunk(text: AsyncIterable<string>, chunking: Chunking, mostTokens = Infinity): AsyncGenerator<TextChunk, void, void> {
  const cutter = new Cutter(await loadTokenizer(), chunking, mostTokens);
  for await (const piece of text) {
    for (let at = 0; at < piece.length; at += TURN) {
      if (!cutter.add(piece.slice(at, at + TURN))) continue;
      yield* cutter.cut();
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  yield* cutter.end();
}

/** The places in this class are those of the whole text, whatever of it is held. */
class Cutter {
  private readonly tokenizer: Tokenizer;
  private readonly chunking: Chunking;
  private readonly mostTokens: number;
  /** What has come in and is not looked at together with `held` yet: a string is not joined for each piece. */
  private arriving: string[] = [];
  private arrivingLength = 0;
  /** The text from the next chunk's beginning on, and where that is. */
  private held = '';
  private start = 0;
  /** Where the words in `held` end, and their tokens. */
  private ends: number[] = [];
  private costs: number[] = [];
  /** So many of those words are overlap. */
  private overlapWords = 0;
  private seen = 0;
  private seq = 0;

  constructor(tokenizer: Tokenizer, chunking: Chunking, mostTokens: number) {
    this.tokenizer = tokenizer;
    this.chunking = chunking;
    this.mostTokens = mostTokens;
  }

  /** True when it is worth while to cut. */
  add(piece: string): boolean {
    this.arriving.push(piece);
    this.arrivingLength += piece.length;
    return this.arrivingLength >= WINDOW;
  }

  *cut(): Generator<TextChunk> {
    this.join();
    while (this.start + this.held.length - this.scanned() >= WINDOW) {
      this.scan(WINDOW, WINDOW - GUARD);
      while (sum(this.costs, 0, this.costs.length) > this.chunking.maxTokens) yield this.take(false);
    }
  }

  *end(): Generator<TextChunk> {
    yield* this.cut();
    for (let left = this.start + this.held.length - this.scanned(); left > 0; left = this.start + this.held.length - this.scanned()) this.scan(left, left);
    while (this.ends.length > this.overlapWords) yield this.take(true);
  }

  private join(): void {
    this.held += this.arriving.join('');
    this.arriving = [];
    this.arrivingLength = 0;
  }

  private scanned = (): number => this.ends.at(-1) ?? this.start;

  /** Finds the words among the next `length` characters that end within the first `settled` of them. */
  private scan(length: number, settled: number): void {
    const from = this.scanned() - this.start;
    const window = this.held.slice(from, from + length);
    let at = 0;
    for (const { word, tokens } of this.tokenizer.words(window)) {
      if (at + word.length > settled) break;
      this.note(word, tokens);
      at += word.length;
    }
    if (at > 0) return;
    // One word all along: as much of it as is sure not to part a pair of surrogates.
    const end = isHighSurrogate(window.charCodeAt(settled - 1)) && settled < window.length ? settled - 1 : settled;
    const word = window.slice(0, end);
    this.note(word, this.tokenizer.count(word));
  }

  private note(word: string, tokens: number): void {
    this.seen += tokens;
    if (this.seen > this.mostTokens) throw new TooManyTokensError(this.mostTokens);
    this.noteParts(word, tokens);
  }

  private noteParts(word: string, tokens: number): void {
    if (tokens <= MOST_WORD_TOKENS || word.length <= SHORTEST_PART) {
      this.ends.push(this.scanned() + word.length);
      this.costs.push(tokens);
      return;
    }
    // About half as many tokens in each part as it may have: where they are denser it is cut again.
    const length = Math.max(SHORTEST_PART, Math.floor((word.length * MOST_WORD_TOKENS) / 2 / tokens));
    for (let at = 0; at < word.length; ) {
      let to = Math.min(at + Math.min(length, Math.ceil(word.length / 2)), word.length);
      if (to < word.length && isHighSurrogate(word.charCodeAt(to - 1))) to--;
      const part = word.slice(at, to);
      this.noteParts(part, this.tokenizer.count(part));
      at = to;
    }
  }

  /** Takes the next chunk off. `isAll`: nothing comes behind the words that are known. */
  private take(isAll: boolean): TextChunk {
    const { maxTokens } = this.chunking;
    const fresh = this.overlapWords;
    let words = this.fitting(0, maxTokens);
    if (words < this.ends.length || !isAll) words = this.bestEnd(words);
    // Tokens across a cut may differ from those on its two sides: the chunk's own count decides.
    let from = 0;
    let tokens = this.countBetween(from, words);
    while (tokens > maxTokens) {
      if (words > fresh + 1) words--;
      else from++;
      tokens = this.countBetween(from, words);
    }
    const text = this.textBetween(from, words);
    const overlap = this.at(fresh) - this.at(from);
    this.moveTo(this.overlapStart(words), words);
    return { seq: this.seq++, text, overlap, tokens };
  }

  /** How many words from `from` on have no more than `most` tokens together. */
  private fitting(from: number, most: number): number {
    let words = from;
    for (let left = most; words < this.costs.length; words++) {
      left -= this.costs[words] as number;
      if (left < 0) break;
    }
    return words;
  }

  /** The best place to end a chunk that has room for so many words: the last one of the best kind near its end. */
  private bestEnd(words: number): number {
    let best = words;
    let rank = -2;
    let room = this.chunking.maxTokens * CHOICE;
    for (let end = words; end > this.overlapWords && (room >= 0 || rank === STICKS); end--) {
      const found = this.rankAt(end);
      if (found > rank) [best, rank] = [end, found];
      if (rank === PARAGRAPH) break;
      room -= this.costs[end - 1] as number;
    }
    return best;
  }

  /** Where the overlap begins that ends with the first `words`: as far back as it may, or at the first of the best places near there. */
  private overlapStart(words: number): number {
    const { overlapTokens } = this.chunking;
    let first = words;
    for (let left = overlapTokens; first > 1; first--) {
      left -= this.costs[first - 1] as number;
      if (left < 0) break;
    }
    let best = first;
    let rank = -2;
    let room = overlapTokens * CHOICE;
    for (let start = first; start < words && (room >= 0 || rank === STICKS); start++) {
      const found = this.rankAt(start);
      if (found > rank) [best, rank] = [start, found];
      if (rank === PARAGRAPH) break;
      room -= this.costs[start] as number;
    }
    while (best < words && this.countBetween(best, words) > overlapTokens) best++;
    return best;
  }

  /** Lets go of the words before `start`. Those up to `end` are the next chunk's overlap. */
  private moveTo(start: number, end: number): void {
    const place = this.at(start);
    this.held = this.held.slice(place - this.start);
    this.start = place;
    this.ends = this.ends.slice(start);
    this.costs = this.costs.slice(start);
    this.overlapWords = end - start;
  }

  /** Where the first `words` words end. */
  private at = (words: number): number => (words === 0 ? this.start : (this.ends[words - 1] as number));
  private textBetween = (from: number, to: number): string => this.held.slice(this.at(from) - this.start, this.at(to) - this.start);
  private countBetween = (from: number, to: number): number => this.tokenizer.count(this.textBetween(from, to));
  private rankAt = (words: number): number => rankBoundary(this.held, this.at(words) - this.start);
}

const sum = (numbers: number[], from: number, to: number): number => {
  let total = 0;
  for (let at = from; at < to; at++) total += numbers[at] as number;
  return total;
};
