import { describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import type { ContentPart } from '../../shared/domain/message.ts';
import type { FileSearchCall, FoundPassage } from '../../shared/domain/run-step.ts';
import { Citer, type Told, citable, markerOf, withoutCitations } from '../../shared/engine/citations.ts';
import { LONGEST_QUOTE, quoterOf } from '../../shared/engine/quote.ts';

// What becomes of the markers that a model writes, however its text is cut.

const passage = (filename: string, text = 'Blue cheese is the best. Grapes come second.'): FoundPassage => ({ fileId: `file-${filename}`, filename, score: 0.5, attributes: {}, text });
const search = (ordinal: number, ...results: FoundPassage[]): FileSearchCall => ({ id: `call_${ordinal}`, type: 'file_search', arguments: '{}', rankingOptions: { ranker: 'auto', score_threshold: 0 }, ordinal, results });
const SEARCHES = [search(4, passage('foods.txt'), passage('b 【x】.md')), search(5, passage('übung\n†.pdf', 'Über den Wolken. Muss die Freiheit wohl grenzenlos sein.'), passage('source'))];
const KNOWN = [markerOf(4, 0, 'foods.txt'), markerOf(4, 1, 'b 【x】.md'), markerOf(5, 0, 'übung\n†.pdf'), '【4:0†foods.txt†L1-L3】', '【5:1†source】'];
const INVENTED = ['【4:2†foods.txt】', '【6:0†foods.txt】', '【4:0†other.txt】', '【13†source】', '【9999:1†x】', '【4:1†foods.txt】', '【4:0†source】'];
const NO_MARKERS = ['【', '】', '【】', '【4:0】', '【note】', '【4:0†】', '【4:0† line\nbreak】', '【12345:0†foods.txt】', '【【', `【4:0†${'x'.repeat(500)}】`, '【4:0†foods.txt'];

/** All that comes out of a text in these pieces. */
function told(pieces: string[], searches = SEARCHES): Told[] {
  const citer = new Citer(citable(searches));
  return [...pieces.flatMap((piece) => citer.take(piece)), ...citer.end()];
}
const valueOf = (all: Told[]): string => all.map(({ value }) => value).join('');
const annotationsOf = (all: Told[]) => all.flatMap(({ annotation }) => annotation ?? []);

describe('markers', () => {
  it.each(KNOWN)('%s is a citation', (marker) => {
    const all = told([`Blue cheese ${marker}.`]);
    expect(all.map(({ value }) => value)).toEqual(['Blue cheese ', marker, '.']);
    expect(annotationsOf(all)).toMatchObject([{ type: 'file_citation', text: marker, start_index: 12, end_index: 12 + [...marker].length }]);
  });

  it.each(INVENTED)('%s is made up, and taken out', (marker) => {
    expect(told([`a ${marker}b`])).toEqual([{ value: 'a ' }, { value: 'b' }].slice(0, 2));
    expect(valueOf(told([`a ${marker}b`]))).toBe('a b');
  });

  it.each(NO_MARKERS)('%j is none, and stays', (text) => {
    expect(told([`a ${text} b`]).map(({ value }) => value).join('')).toBe(`a ${text} b`);
    expect(annotationsOf(told([text]))).toEqual([]);
    expect(valueOf(told([text]))).toBe(text);
  });

  it('count in code points, and each has its own annotation', () => {
    const [marker = ''] = KNOWN;
    const all = told([`🧀 is good ${marker}${marker} and ${marker}`]);
    const points = [...valueOf(all)];
    const found = annotationsOf(all);
    expect(found.map(({ start_index }) => start_index)).toEqual([10, 10 + [...marker].length, 15 + 2 * [...marker].length]);
    for (const { start_index, end_index, text } of found) expect(points.slice(start_index, end_index).join('')).toBe(text);
  });

  it('come out whole as soon as they are complete, and what can be none at once', () => {
    const citer = new Citer(citable(SEARCHES));
    expect(citer.take('So 【4')).toEqual([{ value: 'So ' }]);
    expect(citer.take(':0†foods')).toEqual([]);
    expect(citer.take('.txt】 and')).toMatchObject([{ value: '【4:0†foods.txt】', annotation: { file_citation: { file_id: 'file-foods.txt' } } }, { value: ' and' }]);
    expect(citer.take('【4')).toEqual([]);
    expect(citer.take('x')).toEqual([{ value: '【4x' }]);
    expect(citer.take('【4:0†')).toEqual([]);
    expect(citer.take('y'.repeat(600))).toEqual([{ value: `【4:0†${'y'.repeat(600)}` }]);
    expect(citer.end()).toEqual([]);
  });

  it('have a quote, up to the 199th of a text', () => {
    const all = told([`Blue cheese is best${'【4:0†foods.txt】'.repeat(201)}`]);
    const quotes = annotationsOf(all).map((annotation) => annotation.type === 'file_citation' && annotation.file_citation.quote);
    expect(quotes).toEqual([...Array.from({ length: 199 }, () => 'Blue cheese is the best.'), '', '']);
  });

  it('quote a long passage many times without looking through it as often', () => {
    const text = Array.from({ length: 2000 }, (_, n) => `Sentence ${n} of it.`).join(' ');
    const segmented = jest.spyOn(Intl.Segmenter.prototype, 'segment');
    const all = told([Array.from({ length: 199 }, (_, n) => `Sentence ${n}【4:0†foods.txt】.`).join(' ')], [search(4, passage('foods.txt', text))]);
    expect(annotationsOf(all).at(-1)).toMatchObject({ file_citation: { quote: 'Sentence 198 of it.' } });
    // Each sentence of the passage once, and each statement.
    expect(segmented.mock.calls.length).toBeLessThan(3000);
    segmented.mockRestore();
  });

  it('are none without searches', () => {
    expect(told(['a 【4:0†foods.txt】b'], [])).toEqual([{ value: 'a ' }, { value: 'b' }]);
  });

  it('come to the same, and to what is true, in whatever pieces', () => {
    const atom = fc.oneof(fc.constantFrom(...KNOWN, ...INVENTED, ...NO_MARKERS), fc.string({ unit: 'grapheme', maxLength: 12 }), fc.constantFrom('Blue cheese. ', '🧀', ' ', '\n'));
    fc.assert(
      fc.property(fc.array(atom, { maxLength: 12 }), fc.array(fc.nat(), { maxLength: 40 }), (atoms, cuts) => {
        const text = atoms.join('');
        const ends = [...new Set(cuts.map((cut) => cut % (text.length + 1)))].sort((a, b) => a - b);
        const pieces = [...ends, text.length].map((end, at) => text.slice(ends[at - 1] ?? 0, end));
        const [whole, parts] = [told([text]), told(pieces)];
        expect(valueOf(parts)).toBe(valueOf(whole));
        expect(annotationsOf(parts)).toEqual(annotationsOf(whole));
        const points = [...valueOf(parts)];
        for (const annotation of annotationsOf(parts)) {
          expect(points.slice(annotation.start_index, annotation.end_index).join('')).toBe(annotation.text);
          expect(annotation).toMatchObject({ file_citation: { quote: expect.stringMatching(/./) as unknown } });
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe('a quote', () => {
  const quoteFor = (before: string, passage: string): string => quoterOf(passage)(before);
  const TEXT = 'The office opens at nine. Lunch is served from noon until two, in the garden when the sun shines.\nThe office closes at six in winter.';

  it.each([
    ['Lunch begins at noon', 'Lunch is served from noon until two, in the garden when the sun shines.'],
    ['It rained. In winter it closes at six', 'The office closes at six in winter.'],
    ['You can come from NINE on. ', 'The office opens at nine.'],
    ['Something else entirely', 'The office opens at nine.'],
  ])('for %j is the nearest sentence', (before, expected) => {
    expect(quoteFor(before, TEXT)).toBe(expected);
  });

  it('stands in the passage as it is, is not too long, and begins where the statement does', () => {
    const long = `${'lorem ipsum '.repeat(60)}the treasure is buried under the oak ${'dolor sit '.repeat(60)}`;
    const quote = quoteFor('Where is the treasure buried?', long);
    expect(quote).toMatch(/^the treasure is buried under the oak/);
    expect(quote.length).toBeLessThanOrEqual(LONGEST_QUOTE);
    expect(long).toContain(quote);
  });

  it('of any text is part of it, whole characters, and short', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 2000 }), fc.string({ unit: 'grapheme' }), (text, before) => {
        const quote = quoteFor(before, text);
        expect(text.includes(quote)).toBe(true);
        expect(quote.isWellFormed()).toBe(true);
        expect(quote.length).toBeLessThanOrEqual(LONGEST_QUOTE);
      }),
      { numRuns: 100 },
    );
    expect(quoteFor('a', '')).toBe('');
    expect(quoteFor('a', '🧀'.repeat(400))).toMatch(/^🧀+$/u);
  });
});

describe('a text of an earlier run', () => {
  it('loses its citations, and nothing else', () => {
    const all = told(['🧀 is good 【4:0†foods.txt】. See 【note】']);
    const part: ContentPart = { type: 'text', text: { value: valueOf(all), annotations: annotationsOf(all) } };
    expect(withoutCitations(part)).toEqual({ type: 'text', text: { value: '🧀 is good . See 【note】', annotations: [] } });
    const moved: ContentPart = { type: 'text', text: { value: `!${valueOf(all)}`, annotations: annotationsOf(all) } };
    expect(withoutCitations(moved)).toMatchObject({ text: { value: `!${valueOf(all)}` } });
  });

  it('keeps its links, whether it cites something or not', () => {
    const link = { type: 'file_path' as const, text: 'sandbox:/mnt/data/x', start_index: 0, end_index: 19, file_path: { file_id: 'file-x' } };
    const linked: ContentPart = { type: 'text', text: { value: 'sandbox:/mnt/data/x', annotations: [link] } };
    expect(withoutCitations(linked)).toBe(linked);
    const [citation] = annotationsOf(told(['sandbox:/mnt/data/x 【4:0†foods.txt】']));
    const both: ContentPart = { type: 'text', text: { value: 'sandbox:/mnt/data/x 【4:0†foods.txt】 🧀', annotations: [link, ...(citation ? [citation] : [])] } };
    expect(withoutCitations(both)).toEqual({ type: 'text', text: { value: 'sandbox:/mnt/data/x  🧀', annotations: [] } });
  });
});
