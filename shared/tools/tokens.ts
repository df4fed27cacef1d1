/** Counting tokens (o200k) without paying for it when a cheap bound will do. */

type Encode = (text: string) => number;
let encoder: Promise<Encode> | undefined;

/** The tables take tens of megabytes and tenths of a second, so they are loaded when a count is first needed. */
const loadEncoder = (): Promise<Encode> =>
  (encoder ??= import('gpt-tokenizer/encoding/o200k_base').then(({ countTokens }) => (text) => countTokens(text, { allowedSpecial: 'all' })));

/** Byte-pair merging of one long unbroken word takes quadratic time; cutting costs at most a token a cut. */
const PIECE_LENGTH = 4096;

export async function countTokens(text: string): Promise<number> {
  const encode = await loadEncoder();
  let tokens = 0;
  for (let at = 0; at < text.length; at += PIECE_LENGTH) tokens += encode(text.slice(at, at + PIECE_LENGTH));
  return tokens;
}

/** No token is shorter than a byte, so a text never has more tokens than bytes in UTF-8. */
export const mostTokens = (text: string): number => Buffer.byteLength(text);

/** What a provider adds around each message: role and separators. */
export const TOKENS_PER_MESSAGE = 4;
/** An image at high detail, tiles and base together, as the larger providers count it. */
export const TOKENS_PER_IMAGE = 1105;
