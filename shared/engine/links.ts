/** Links of an answer to files that code has written: `sandbox:/mnt/data/<path>` (contract §11). */
import { DATA_FOLDER } from '../ports/sandbox.ts';
import { Points, type Told } from './citations.ts';

/** File ids by path below the data folder. */
export type LinkLookup = ReadonlyMap<string, string>;

/** How a link begins; with no slash some models write it too. */
const OPENINGS = [`sandbox:${DATA_FOLDER}/`, `sandbox:${DATA_FOLDER.slice(1)}/`];
const OPENING = new RegExp(OPENINGS.join('|'));

/** Where a text's end begins that may still become an opening. None has a second `s`. */
function beginningIn(text: string): number {
  const at = text.lastIndexOf('s');
  return at !== -1 && OPENINGS.some((opening) => opening.startsWith(text.slice(at))) ? at : text.length;
}

/** A path as a string of its bytes in UTF-8: percent-encoding is of bytes. */
interface Known {
  bytes: string;
  fileId: string;
}

const bytesOf = (text: string): string => Buffer.from(text).toString('latin1');

const inOrder = (links: LinkLookup): Known[] =>
  [...links].map(([path, fileId]) => ({ bytes: bytesOf(path), fileId })).sort((a, b) => (a.bytes < b.bytes ? -1 : 1));

/** A path as it is read: it may become each of the known ones from `#from` to `#to`. */
class Reading {
  readonly #known: readonly Known[];
  #from = 0;
  #to: number;
  #length = 0;

  constructor(known: readonly Known[]) {
    this.#known = known;
    this.#to = known.length;
  }

  get isHopeless(): boolean {
    return this.#from === this.#to;
  }

  /** Of the path that was read, when it is a known one: it is the first then, before those that go on. */
  get fileId(): string | undefined {
    const first = this.isHopeless ? undefined : this.#known[this.#from];
    return first?.bytes.length === this.#length ? first.fileId : undefined;
  }

  read(bytes: string): void {
    for (let at = 0; at < bytes.length; at++) {
      const byte = bytes.charCodeAt(at);
      this.#from = this.#firstNotBefore(byte);
      this.#to = this.#firstNotBefore(byte + 1);
      this.#length += 1;
    }
  }

  #firstNotBefore(byte: number): number {
    let [low, high] = [this.#from, this.#to];
    while (low < high) {
      const middle = (low + high) >>> 1;
      // One that ends here has no number, and comes first.
      if ((this.#known[middle]?.bytes.charCodeAt(this.#length) ?? 0) >= byte) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

/** What is read of a path at once. A lone surrogate is in none. */
const LETTER = /^(?:%[\da-fA-F]{2}|\P{Cs})/u;
/** So much of one that more has to come. */
const HALF_LETTER = /^(?:%[\da-fA-F]?|[\ud800-\udbff])$/;
/** Behind a path that is known: this is another path, which only begins like it. */
const GOES_ON = /^(?:[_/%]|[.-]?[\p{L}\p{M}\p{N}])/u;
const MAY_GO_ON = /^[.-]?[\ud800-\udbff]?$/;
/** As many units as decide about any of these. */
const AHEAD = 3;

interface Found {
  end: number;
  fileId: string;
}

/** The path behind an opening, in both of its spellings: as it is, and percent-encoded. */
class Target {
  #at: number;
  readonly #plain: Reading;
  readonly #encoded: Reading;
  readonly #found: Found[] = [];

  constructor(known: readonly Known[], at: number) {
    this.#at = at;
    this.#plain = new Reading(known);
    this.#encoded = new Reading(known);
  }

  /** The longest known path there, undefined as long as more of the text may change that. It is read on from where it ended the last time. */
  read(text: string, isWhole: boolean): Found | 'none' | undefined {
    while (!this.#plain.isHopeless || !this.#encoded.isHopeless) {
      const ahead = text.slice(this.#at, this.#at + AHEAD);
      if (!isWhole && (ahead === '' || HALF_LETTER.test(ahead))) return undefined;
      const letter = LETTER.exec(ahead)?.[0];
      if (letter === undefined) break;
      this.#readLetter(letter);
    }
    for (const found of this.#found.toReversed()) {
      const ahead = text.slice(found.end, found.end + AHEAD);
      if (!isWhole && MAY_GO_ON.test(ahead)) return undefined;
      if (!GOES_ON.test(ahead)) return found;
    }
    return 'none';
  }

  #readLetter(letter: string): void {
    const bytes = bytesOf(letter);
    this.#plain.read(bytes);
    this.#encoded.read(letter.length === AHEAD ? String.fromCharCode(Number.parseInt(letter.slice(1), 16)) : bytes);
    this.#at += letter.length;
    const fileId = this.#plain.fileId ?? this.#encoded.fileId;
    if (fileId !== undefined) this.#found.push({ end: this.#at, fileId });
  }
}

/**
 * One text as it streams in: what may be a link to one of these files is held back until that is decided. Each link comes out whole, with its
 * annotation; everything else does as it came in. The same whatever pieces the text is cut into.
 */
export class Linker {
  readonly #links: LinkLookup;
  #known: readonly Known[] | undefined;
  #held = '';
  /** There when what is held back begins with an opening. */
  #target: Target | undefined;
  readonly #points = new Points();

  constructor(links: LinkLookup) {
    this.#links = links;
  }

  /** What comes with an annotation already stays as it is, and ends whatever stands before it. */
  take(pieces: readonly Told[]): Told[] {
    return pieces.flatMap((piece) => {
      if (!piece.annotation) return this.#read(piece.value, false);
      const before = this.end();
      this.#points.pass(piece.value);
      return [...before, piece];
    });
  }

  /** What is still held back when the text ends. */
  end(): Told[] {
    return this.#read('', true);
  }

  #read(piece: string, isWhole: boolean): Told[] {
    this.#held += piece;
    const told: Told[] = [];
    let plain = '';
    const flush = () => {
      if (plain !== '') told.push({ value: plain });
      this.#points.pass(plain);
      plain = '';
    };
    const release = (length: number): string => {
      const released = this.#held.slice(0, length);
      this.#held = this.#held.slice(length);
      return released;
    };
    while (this.#held !== '') {
      if (!this.#target) {
        const opening = OPENING.exec(this.#held);
        plain += release(opening?.index ?? (isWhole ? this.#held.length : beginningIn(this.#held)));
        if (!opening) break;
        this.#known ??= inOrder(this.#links);
        this.#target = new Target(this.#known, opening[0].length);
      }
      const found = this.#target.read(this.#held, isWhole);
      if (found === undefined) break;
      this.#target = undefined;
      if (found === 'none') {
        plain += release(1);
        continue;
      }
      flush();
      const text = release(found.end);
      told.push({ value: text, annotation: { type: 'file_path', text, ...this.#points.span(text), file_path: { file_id: found.fileId } } });
    }
    flush();
    return told;
  }
}
