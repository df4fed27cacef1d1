/** Finds what a citation quotes: the sentence of the cited passage that is nearest to the statement before the marker. */

/** In UTF-16 units. */
export const LONGEST_QUOTE = 300;
/** Of a passage so much is looked through: more than a chunk of the usual size has. */
const MOST_SEARCHED = 20_000;

const sentences = new Intl.Segmenter('und', { granularity: 'sentence' });
const words = new Intl.Segmenter('und', { granularity: 'word' });

/** Part of a passage, as it stands there; '' for one without text. `before` ends with the statement. */
export type Quoter = (before: string) => string;

/** The passage is looked through once, whatever is asked of it then. */
export function quoterOf(passage: string): Quoter {
  const candidates = segments(sentences, passage.slice(0, MOST_SEARCHED)).filter((sentence) => sentence.trim() !== '');
  const found = candidates.map((sentence) => wordsOf(sentence));
  const weight = weights(found);
  return (before) => {
    const statement = wordsOf(lastSentence(before));
    let best = 0;
    let bestScore = 0;
    for (const [at, own] of found.entries()) {
      const shared = [...statement].reduce((sum, word) => sum + (own.has(word) ? (weight.get(word) ?? 0) : 0), 0);
      // Long sentences share more by chance.
      const score = shared / Math.sqrt(own.size + 1);
      if (score > bestScore) [best, bestScore] = [at, score];
    }
    return cut(candidates[best] ?? '', statement);
  };
}

const segments = (segmenter: Intl.Segmenter, text: string): string[] => Array.from(segmenter.segment(text), ({ segment }) => segment);

const lastSentence = (text: string): string => segments(sentences, text).filter((sentence) => /[\p{L}\p{N}]/u.test(sentence)).at(-1) ?? '';

const wordsOf = (text: string): ReadonlySet<string> =>
  new Set(Array.from(words.segment(text)).flatMap(({ segment, isWordLike }) => (isWordLike ? [segment.toLowerCase()] : [])));

/** A word that few sentences have says more about which one is meant. */
function weights(all: readonly ReadonlySet<string>[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const own of all) for (const word of own) counts.set(word, (counts.get(word) ?? 0) + 1);
  return new Map([...counts].map(([word, count]) => [word, Math.log(1 + all.length / count)]));
}

/** A sentence that is too long is cut to the part that begins with the first word of the statement. */
function cut(sentence: string, statement: ReadonlySet<string>): string {
  const whole = sentence.trim();
  if (whole.length <= LONGEST_QUOTE) return whole;
  const first = Array.from(words.segment(whole)).find(({ segment }) => statement.has(segment.toLowerCase()))?.index ?? 0;
  const part = whole.slice(Math.min(first, whole.length - LONGEST_QUOTE)).slice(0, LONGEST_QUOTE);
  // Neither half a character at an end, nor half a word where there are words.
  return /^[\udc00-\udfff]?(.*?)[\ud800-\udbff]?$/s.exec(part)?.[1]?.replace(/(?<=\s)\S*$/, (tail) => (whole.endsWith(part) ? tail : '')).trim() ?? '';
}
