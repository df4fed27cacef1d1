/** Words as the index finds them: runs of letters and digits, without stop words, by their stem. */

/** Scripts that set no spaces between words. Each of their characters is a word of its own to the index, else a whole sentence would be one. */
const UNSPACED = '\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}\\p{Script=Thai}\\p{Script=Lao}\\p{Script=Khmer}\\p{Script=Myanmar}';
const BETWEEN = new RegExp(`(?<=[${UNSPACED}])(?=[${UNSPACED}])`, 'gu');

/** A noncharacter, which no text that is exchanged has: it parts words for the index and is taken out when the text is read. */
const SEAM = '\uFDD0';

export const toIndexed = (text: string): string => text.replaceAll(SEAM, '').replace(BETWEEN, SEAM);
export const fromIndexed = (text: string): string => text.replaceAll(SEAM, '');

/** More than any question has; each of them costs. */
const MOST_WORDS = 100;

/** What is looked for, as bare words: nothing that a client writes means anything else to the index. Empty where there is no word in it. */
export function wordsOf(query: string): string {
  const words = new Set<string>();
  for (const [word] of toIndexed(query).matchAll(/[\p{L}\p{N}\p{M}]+/gu)) {
    words.add(word);
    if (words.size === MOST_WORDS) break;
  }
  return [...words].join(' ');
}
