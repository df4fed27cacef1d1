/** Where a text had better be cut. */

export const STICKS = -1;
export const INSIDE = 0;
export const WORD = 1;
export const SENTENCE = 2;
export const LINE = 3;
export const PARAGRAPH = 4;

/** How far back a paragraph's end is looked for: enough for its line breaks, indents and closing quotes. */
const LOOK_BACK = 32;

const CLOSES = new Set(['"', "'", ')', ']', '”', '’', '»', '」', '』', '）']);
const ENDS_SENTENCE = new Set(['.', '!', '?', '…', '。', '！', '？']);
/** These need no space behind them. */
const ENDS_BY_ITSELF = new Set(['。', '！', '？']);
const isBlank = (character: string): boolean => character !== '' && character.trim() === '';

/** What begins so belongs to the character before it. */
const JOINS_BACK = /^(?:\p{M}|\p{Emoji_Modifier}|\u200c|\u200d)/u;

/** True where a cut would part what is read as one character. Not all that Unicode knows of: what costs little to see. */
export function sticks(text: string, at: number): boolean {
  if (at <= 0 || at >= text.length) return false;
  const next = text.charCodeAt(at);
  if (next < 0x300) return next === 10 && text.charCodeAt(at - 1) === 13;
  if (text.charCodeAt(at - 1) === 0x200d) return true;
  if (next >= 0xdc00 && next <= 0xdfff) return isHighSurrogate(text.charCodeAt(at - 1));
  return JOINS_BACK.test(text.slice(at, at + 2));
}

export const isHighSurrogate = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdbff;

/** How good a place for a cut the one before `text[at]` is: the higher, the better. */
export function rankBoundary(text: string, at: number): number {
  if (sticks(text, at)) return STICKS;
  let start = at;
  let lines = 0;
  for (; start > 0 && at - start < LOOK_BACK && isBlank(text.charAt(start - 1)); start--) if (text.charAt(start - 1) === '\n') lines++;
  if (lines > 0) return lines > 1 ? PARAGRAPH : LINE;
  const parted = start < at || isBlank(text.charAt(at));
  while (start > 0 && at - start < LOOK_BACK && CLOSES.has(text.charAt(start - 1))) start--;
  const last = text.charAt(start - 1);
  if (parted ? ENDS_SENTENCE.has(last) : ENDS_BY_ITSELF.has(last)) return SENTENCE;
  return parted ? WORD : INSIDE;
}
