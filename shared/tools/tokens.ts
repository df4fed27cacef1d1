/** Counting tokens (o200k) without paying for it when a cheap bound will do. */
import { makeWordCounter } from './byte-pairs.ts';

export interface Tokenizer {
  /** Exactly what o200k makes of a text; what looks like a special token counts as the text that it is. */
  count(text: string): number;
  /** The words that are turned into tokens one by one, with the tokens of each. Together they are the text. */
  words(text: string): Iterable<{ word: string; tokens: number }>;
}

let tokenizer: Promise<Tokenizer> | undefined;

/** The tables take tens of megabytes and tenths of a second, so they are loaded when a count is first needed. */
export const loadTokenizer = (): Promise<Tokenizer> => (tokenizer ??= load());

async function load(): Promise<Tokenizer> {
  const [{ default: vocabulary }, { O200K_TOKEN_SPLIT_REGEX: pattern }] = await Promise.all([
    import('gpt-tokenizer/bpeRanks/o200k_base'),
    import('gpt-tokenizer/encodingParams/constants'),
  ]);
  const tokensOf = makeWordCounter(vocabulary);
  return {
    count(text) {
      let tokens = 0;
      for (const [word] of text.matchAll(pattern)) tokens += tokensOf(word);
      return tokens;
    },
    *words(text) {
      for (const [word] of text.matchAll(pattern)) yield { word, tokens: tokensOf(word) };
    },
  };
}

export const countTokens = async (text: string): Promise<number> => (await loadTokenizer()).count(text);

/** No token is shorter than a byte, so a text never has more tokens than bytes in UTF-8. */
export const mostTokens = (text: string): number => Buffer.byteLength(text);

/** What a provider adds around each message: role and separators. */
export const TOKENS_PER_MESSAGE = 4;
/** An image at high detail, tiles and base together, as the larger providers count it. */
export const TOKENS_PER_IMAGE = 1105;
