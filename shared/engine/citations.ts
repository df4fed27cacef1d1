/** Citations: the markers that the model is given with what a search has found, and what becomes of them in its answer (contract §11). */
import type { Annotation, ContentPart } from '../domain/message.ts';
import type { FileSearchCall, FoundPassage } from '../domain/run-step.ts';
import { type Quoter, quoterOf } from './quote.ts';

const LONGEST_NAME = 200;
/** In UTF-16 units; a name of the allowed length fits, whatever it is written in. What opens like a marker and goes on longer is none. */
const LONGEST_LABEL = 2 * LONGEST_NAME + 20;

/** A file's name as it stands in markers: without what ends one, on one line. */
export function markerName(filename: string): string {
  const name = [...filename.toWellFormed().replace(/[【】†\s\p{Cc}]+/gu, ' ').trim()].slice(0, LONGEST_NAME).join('').trim();
  return name === '' ? 'file' : name;
}

/** How the result at `index` of the run's search `ordinal` is cited. */
export const markerOf = (ordinal: number, index: number, filename: string): string => `【${ordinal}:${index}†${markerName(filename)}】`;

const MARKER = new RegExp(`^【(\\d{1,4})(?::(\\d{1,4}))?†([^【】\\n]{1,${LONGEST_LABEL}})】`);
/** What may still become one. */
const BEGINNING = new RegExp(`^【(?:\\d{0,4}|\\d{1,4}:\\d{0,4}|\\d{1,4}(?::\\d{1,4})?†[^【】\\n]{0,${LONGEST_LABEL}})$`);

/** What a marker with these numbers and this label cites; undefined for one that the model has made up. */
export type Lookup = (ordinal: number, index: number, label: string) => FoundPassage | undefined;

export function citable(searches: readonly FileSearchCall[]): Lookup {
  const byOrdinal = new Map(searches.map(({ ordinal, results = [] }) => [ordinal, results]));
  return (ordinal, index, label) => {
    const passage = byOrdinal.get(ordinal)?.[index];
    // Some models add the lines behind a second dagger.
    const name = label.split('†')[0]?.trim();
    return passage && name === markerName(passage.filename) ? passage : undefined;
  };
}

/** A piece of the answer that can be told. */
export interface Told {
  value: string;
  annotation?: Annotation;
}

/** Where in a text something stands, in code points, while the text comes out. */
export class Points {
  #count = 0;
  /** What came out since the last span, which is not counted yet: its pieces may be cut within a character. */
  #fresh = '';

  pass(text: string): void {
    this.#fresh += text;
  }

  /** Of what comes out next. */
  span(text: string): { start_index: number; end_index: number } {
    const start = this.#count + pointsIn(this.#fresh);
    this.#count = start + pointsIn(text);
    this.#fresh = '';
    return { start_index: start, end_index: this.#count };
  }
}

/**
 * One text as it streams in: what may be a marker is held back until that is decided. Each marker that cites something comes out whole, with its annotation;
 * made-up ones do not come out at all; everything else does as it came in. The same whatever pieces the text is cut into.
 */
export class Citer {
  readonly #lookup: Lookup;
  #held = '';
  readonly #points = new Points();
  /** What came out without markers, the end of it: the statement that a marker stands behind is there. */
  #words = '';
  /** By passage, since one is often cited again and again. */
  readonly #quoters = new Map<FoundPassage, Quoter>();
  #cited = 0;

  constructor(lookup: Lookup) {
    this.#lookup = lookup;
  }

  take(piece: string): Told[] {
    const told: Told[] = [];
    let rest = this.#held + piece;
    this.#held = '';
    let plain = '';
    const flush = () => {
      if (plain !== '') told.push({ value: this.#out(plain) });
      plain = '';
    };
    while (rest !== '') {
      const at = rest.indexOf('【');
      if (at !== 0) {
        const end = at === -1 ? rest.length : at;
        plain += rest.slice(0, end);
        rest = rest.slice(end);
        continue;
      }
      const marker = MARKER.exec(rest);
      if (marker) {
        flush();
        told.push(...this.#cite(marker));
        rest = rest.slice(marker[0].length);
      } else if (BEGINNING.test(rest)) {
        this.#held = rest;
        rest = '';
      } else {
        plain += '【';
        rest = rest.slice(1);
      }
    }
    flush();
    return told;
  }

  /** What is still held back when the text ends. */
  end(): Told[] {
    const value = this.#held;
    this.#held = '';
    return value === '' ? [] : [{ value: this.#out(value) }];
  }

  #out(text: string): string {
    this.#points.pass(text);
    this.#words = (this.#words + text).slice(-MOST_STATEMENT);
    return text;
  }

  #cite([text, ordinal, index, label = '']: RegExpExecArray): Told[] {
    const passage = index === undefined ? undefined : this.#lookup(Number(ordinal), Number(index), label);
    if (!passage) return [];
    const file_citation = { file_id: passage.fileId, quote: this.#quote(passage) };
    return [{ value: text, annotation: { type: 'file_citation', text, ...this.#points.span(text), file_citation } }];
  }

  #quote(passage: FoundPassage): string {
    if (++this.#cited > MOST_QUOTES) return '';
    const quoter = this.#quoters.get(passage) ?? quoterOf(passage.text);
    this.#quoters.set(passage, quoter);
    return quoter(this.#words);
  }
}

/** Citations of one text that have a quote. Finding one takes time, and nobody reads more of them. */
const MOST_QUOTES = 199;
/** Longer than any sentence that is worth comparing. */
const MOST_STATEMENT = 1000;

const pointsIn = (text: string): number => [...text].length;

/** A text without the markers that its annotations name. One that does not stand where it should stays. */
export function withoutCitations(part: ContentPart): ContentPart {
  if (part.type !== 'text' || !part.text.annotations.some(({ type }) => type === 'file_citation')) return part;
  const points = [...part.text.value];
  for (const { type, text, start_index: start, end_index: end } of part.text.annotations) {
    if (type === 'file_citation' && points.slice(start, end).join('') === text) points.fill('', start, end);
  }
  return { type: 'text', text: { value: points.join(''), annotations: [] } };
}
