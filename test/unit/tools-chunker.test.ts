import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type TextChunk, TooManyTokensError, chunk } from '../../shared/tools/chunker.ts';
import { countTokens } from '../../shared/tools/tokens.ts';

async function* inPieces(text: string, lengths: readonly number[]) {
  for (let at = 0, n = 0; at < text.length; n++) {
    const length = lengths.length === 0 ? text.length : (lengths[n % lengths.length] as number);
    yield text.slice(at, at + length);
    at += length;
  }
}

async function chunksOf(text: string, [maxTokens, overlapTokens]: readonly [number, number], lengths: readonly number[] = [], most?: number) {
  const found: TextChunk[] = [];
  for await (const one of chunk(inPieces(text, lengths), { maxTokens, overlapTokens }, most)) found.push(one);
  return found;
}

/** What holds for the chunks of any text at all. */
async function mustBeRight(text: string, strategy: readonly [number, number], found: TextChunk[]) {
  expect(found.map(({ text: piece, overlap }) => piece.slice(overlap)).join('')).toBe(text);
  let before = '';
  for (const [n, { seq, text: piece, overlap, tokens }] of found.entries()) {
    expect(seq).toBe(n);
    expect(tokens).toBe(await countTokens(piece));
    expect(tokens).toBeLessThanOrEqual(strategy[0]);
    expect(overlap).toBeLessThan(piece.length);
    expect(before.endsWith(piece.slice(0, overlap))).toBe(true);
    expect(await countTokens(piece.slice(0, overlap))).toBeLessThanOrEqual(strategy[1]);
    if (n > 0) expect(partsPair(before.at(-1), piece[overlap]) || partsPair(text[text.indexOf(piece) - 1], piece[0])).toBe(false);
    before = piece;
  }
}

const partsPair = (before = '', behind = ''): boolean => /[\ud800-\udbff]$/.test(before) && /^[\udc00-\udfff]/.test(behind);

const anyStrategy = fc.integer({ min: 100, max: 400 }).chain((most) => fc.tuple(fc.constant(most), fc.integer({ min: 0, max: Math.floor(most / 2) })));
const anyPiece = fc.oneof(
  { weight: 6, arbitrary: fc.lorem({ maxCount: 120, mode: 'words' }) },
  { weight: 2, arbitrary: fc.lorem({ maxCount: 20, mode: 'sentences' }) },
  { weight: 2, arbitrary: fc.string({ unit: 'grapheme', maxLength: 300 }) },
  { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 300 }) },
  { weight: 1, arbitrary: fc.base64String({ maxLength: 2000 }) },
  { weight: 2, arbitrary: fc.tuple(fc.constantFrom(' ', 'a', '\n', '\r\n', '中', '😀', '\u0301', '👨‍👩‍👧', '\ud800', '\udc00', '<|endoftext|>'), fc.integer({ min: 1, max: 3000 })).map(([unit, times]) => unit.repeat(times)) },
);
const anyText = fc.array(fc.tuple(anyPiece, fc.constantFrom('', ' ', '\n', '\n\n', '. ', '。')), { maxLength: 12 }).map((parts) => parts.flat().join(''));
const PROSE = Array.from({ length: 4000 }, (_, n) => `Sentence number ${n} says something.${n % 7 === 6 ? '\n\n' : ' '}`).join('');

describe('chunks of a text', () => {
  it('keep to their tokens, overlap as told and are the whole text together, whatever the text is', async () => {
    await fc.assert(
      fc.asyncProperty(anyText, anyStrategy, async (text, strategy) => {
        await mustBeRight(text, strategy, await chunksOf(text, strategy));
      }),
      { numRuns: 80 },
    );
  });

  it('are the same however the text comes in', async () => {
    const anyLengths = fc.array(fc.integer({ min: 1, max: 20_000 }), { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(anyText, fc.integer({ min: 1, max: 8 }), anyLengths, async (text, times, lengths) => {
        const long = text.repeat(times);
        expect(await chunksOf(long, [150, 75], lengths)).toEqual(await chunksOf(long, [150, 75]));
      }),
      { numRuns: 40 },
    );
  });

  it('fill 800 tokens with 400 of them overlap, and end where a paragraph or a sentence does', async () => {
    const found = await chunksOf(PROSE, [800, 400]);
    for (const { text, tokens } of found.slice(0, -1)) {
      expect(tokens).toBeGreaterThan(690);
      expect(text).toMatch(/\.\s*$/);
    }
    for (const { text, overlap } of found.slice(1)) {
      expect(text).toMatch(/^\s*Sentence/);
      expect(await countTokens(text.slice(0, overlap))).toBeGreaterThan(340);
    }
    expect(found.length).toBeLessThan((await countTokens(PROSE)) / 340);
  });

  it('do not overlap when told so', async () => {
    const found = await chunksOf(PROSE.slice(0, 9000), [100, 0]);
    expect(new Set(found.map(({ overlap }) => overlap))).toEqual(new Set([0]));
  });

  it('keep accents, line ends and families together', async () => {
    for (const unit of ['e\u0301', '\r\n', '👨‍👩‍👧', '👍🏽']) {
      for (const { text } of await chunksOf(unit.repeat(2000), [100, 50])) expect(text.length % unit.length).toBe(0);
    }
  });

  it('of one unbroken word of a hundred thousand characters come in time, whatever it is made of', async () => {
    const letters = Array.from({ length: 100_000 }, (_, n) => String.fromCharCode(97 + ((n * n * 31 + n * 7) % 26))).join('');
    for (const text of ['a'.repeat(100_000), letters, '漢字'.repeat(50_000)]) {
      const found = await chunksOf(text, [4096, 2048], [65_536]);
      expect(found.map(({ text: piece, overlap }) => piece.slice(overlap)).join('') === text).toBe(true);
    }
  });

  it('are none for an empty text', async () => {
    expect(await chunksOf('', [800, 400])).toEqual([]);
  });

  it('end with an error where the text has too many tokens, and the text is read no further', async () => {
    const tokens = await countTokens(PROSE);
    expect((await chunksOf(PROSE, [800, 400], [100], tokens)).length).toBeGreaterThan(70);
    await expect(chunksOf(PROSE, [800, 400], [100], tokens - 1)).rejects.toThrow(TooManyTokensError);
    let isClosed = false;
    const endless = async function* () {
      try {
        for (;;) yield 'more and more ';
      } finally {
        isClosed = true;
      }
    };
    await expect(async () => {
      for await (const one of chunk(endless(), { maxTokens: 800, overlapTokens: 400 }, 50_000)) expect(one.tokens).toBeLessThanOrEqual(800);
    }).rejects.toThrow('The text has more than 50000 tokens.');
    expect(isClosed).toBe(true);
  });
});
