/** The code of a call, out of the arguments that a model writes for it, while they stream in. */

/** Where the code stands: the first of these that has a text. Models do not always take the name that they are given. */
const KEYS = new Set(['code', 'input', 'python', 'source', 'script']);
const LONGEST_KEY = Math.max(...[...KEYS].map((key) => key.length));

const ESCAPES: Readonly<Record<string, string>> = { '"': '"', '\\': '\\', '/': '/', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };

/** Reads JSON as far as it is needed, and what some models write in its place. */
class Arguments {
  /** `quotes`: all that came is two of them, an empty text or the beginning of Python's own. `bare`: no JSON, but code as it is. */
  #place: 'start' | 'bare' | 'object' | 'text' | 'quotes' | 'over' = 'start';
  #space = '';
  #depth = 0;
  #isKeyNext = true;
  #key = '';
  #text: 'key' | 'code' | 'whole' | 'other' = 'other';
  #isEmpty = true;
  /** As much as came of an escape. */
  #escape = '';

  /** What is code of this piece. */
  take(piece: string): string {
    let code = '';
    for (const letter of piece) code += this.#read(letter);
    return code;
  }

  #read(letter: string): string {
    switch (this.#place) {
      case 'start':
        return this.#begin(letter);
      case 'bare':
        return letter;
      case 'object':
        this.#readObject(letter);
        return '';
      case 'text':
        return this.#readText(letter);
      case 'quotes':
        this.#place = letter === '"' ? 'bare' : 'over';
        return letter === '"' ? `${this.#space}"""` : '';
      case 'over':
        return '';
    }
  }

  #begin(letter: string): string {
    if (letter.trim() === '') {
      this.#space += letter;
    } else if (letter === '{') {
      this.#depth = 1;
      this.#place = 'object';
    } else if (letter === '"') {
      this.#text = 'whole';
      this.#place = 'text';
    } else {
      this.#place = 'bare';
      return this.#space + letter;
    }
    return '';
  }

  /** Between the texts. */
  #readObject(letter: string): void {
    if (letter === '"') this.#openText();
    else if (letter === '{' || letter === '[') this.#depth += 1;
    else if (letter === '}' || letter === ']') this.#depth -= 1;
    else if (letter === ',' || letter === ':') this.#isKeyNext = letter === ',';
    if (this.#depth === 0) this.#place = 'over';
  }

  #openText(): void {
    this.#place = 'text';
    if (this.#depth !== 1) this.#text = 'other';
    else if (!this.#isKeyNext) this.#text = KEYS.has(this.#key) ? 'code' : 'other';
    else {
      this.#text = 'key';
      this.#key = '';
    }
  }

  #readText(letter: string): string {
    if (letter === '"' && this.#escape !== '\\') return this.#closeText();
    const meant = this.#unescape(letter);
    if (meant === '') return '';
    this.#isEmpty = false;
    if (this.#text === 'code' || this.#text === 'whole') return meant;
    if (this.#text === 'key' && this.#key.length <= LONGEST_KEY) this.#key += meant;
    return '';
  }

  #closeText(): string {
    const rest = this.#escape;
    this.#escape = '';
    if (this.#text === 'key' || this.#text === 'other') {
      this.#place = 'object';
      return '';
    }
    this.#place = this.#text === 'whole' && this.#isEmpty && rest === '' ? 'quotes' : 'over';
    return rest;
  }

  /** What a letter means behind what came of an escape; an escape that there is none of means itself. */
  #unescape(letter: string): string {
    const begun = this.#escape;
    this.#escape = '';
    if (begun === '\\' && letter !== 'u') return ESCAPES[letter] ?? begun + letter;
    if (begun === '' ? letter === '\\' : begun === '\\' || /^[\da-f]$/i.test(letter)) this.#escape = begun + letter;
    else return begun === '' ? letter : begun + this.#unescape(letter);
    if (this.#escape.length < '\\u0000'.length) return '';
    const unit = String.fromCharCode(Number.parseInt(this.#escape.slice('\\u'.length), 16));
    this.#escape = '';
    return unit;
  }
}

/** How code begins that is written as in a text. */
const FENCES = ['', 'py', 'python'].flatMap((language) => [`\`\`\`${language}\n`, `\`\`\`${language}\r\n`]);
const CLOSING = /```\s{0,4}$/;
const CLOSING_BEGUN = /(?:`{1,2}|```\s{0,4})$/;

/** Takes the fence around code away, if there is one. */
class Unfenced {
  #held = '';
  #fence: 'unknown' | 'none' | 'open' = 'unknown';

  take(piece: string): string {
    this.#held += piece;
    if (this.#fence === 'unknown') {
      if (FENCES.some((fence) => fence.length > this.#held.length && fence.startsWith(this.#held))) return '';
      const fence = FENCES.find((fence) => this.#held.startsWith(fence));
      this.#fence = fence === undefined ? 'none' : 'open';
      this.#held = this.#held.slice(fence?.length ?? 0);
    }
    return this.#release(this.#fence === 'open' ? this.#held.search(CLOSING_BEGUN) : -1);
  }

  end(): string {
    return this.#release(this.#fence === 'open' ? this.#held.search(CLOSING) : -1);
  }

  /** All before this place; all there is when there is no such place. */
  #release(place: number): string {
    const released = place === -1 ? this.#held : this.#held.slice(0, place);
    this.#held = this.#held.slice(released.length);
    return released;
  }
}

/** The code of one call. What it gives, joined, is the same whatever pieces the arguments come in: well-formed text without NUL. */
export class CodeInput {
  readonly #arguments = new Arguments();
  readonly #unfenced = new Unfenced();
  /** The first half of a character whose other half may come. */
  #half = '';

  /** What there is to tell after this piece of the arguments. */
  take(piece: string): string {
    const code = this.#half + this.#arguments.take(piece);
    const isHalf = /[\ud800-\udbff]$/.test(code);
    this.#half = isHalf ? code.slice(-1) : '';
    return this.#tell(isHalf ? code.slice(0, -1) : code);
  }

  /** What was held back when nothing follows, wherever the arguments end. */
  end(): string {
    const half = this.#half;
    this.#half = '';
    return this.#tell(half) + this.#unfenced.end();
  }

  #tell(code: string): string {
    return this.#unfenced.take(code.toWellFormed().replaceAll('\0', '\ufffd'));
  }
}
