import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { CodeInput } from '../../shared/engine/code-input.ts';

// What is taken for code of the arguments that models write, however they are cut.

function read(pieces: readonly string[]): string {
  const input = new CodeInput();
  return pieces.map((piece) => input.take(piece)).join('') + input.end();
}
const unit = (text: string): string[] => text.split('');

const CODE = 'import os\nprint("a\\tb", \'ü 🧀\')\n';

describe('the code of a call', () => {
  it.each([
    ['the parameter', JSON.stringify({ code: CODE }), CODE],
    ['a parameter of another name', JSON.stringify({ python: CODE }), CODE],
    ['the first of several', JSON.stringify({ source: CODE, code: 'no' }), CODE],
    ['the first that is a text', JSON.stringify({ code: 1, input: null, python: ['no'], script: CODE }), CODE],
    ['behind what else there is', `{ "title": "code", "more": {"code": "no", "x": [{"code": "no"}, "}", "\\""]}, "n": -1.5e3, "code"\n:\t${JSON.stringify(CODE)} }`, CODE],
    ['a name that is written with escapes', '{"c\\u006fde":"1"}', '1'],
    ['a text that is empty', '{"code":"","input":"no"}', ''],
    ['a text alone', ` ${JSON.stringify(CODE)}\n`, CODE],
    ['no JSON', CODE, CODE],
    ['no JSON, indented', `\n  ${CODE}`, `\n  ${CODE}`],
    ['no JSON, which begins with a text', `"""What it does."""\n${CODE}`, `"""What it does."""\n${CODE}`],
    ['line breaks and tabs as they are', `{"code":"a\n\tb\r\n"}`, 'a\n\tb\r\n'],
    ['all escapes', '{"code":"\\"\\\\\\/\\b\\f\\n\\r\\t\\u00FC\\ud83d\\uDE00"}', '"\\/\b\f\n\r\tü😀'],
    ['escapes that there are not', '{"code":"\\d\\\'\\x41\\\n\\u12g4\\u12"}', "\\d\\'\\x41\\\n\\u12g4\\u12"],
    ['an escape behind one that there is not', '{"code":"\\u1\\n\\u\\u0041"}', '\\u1\n\\uA'],
    ['halves of characters', '{"code":"\\ud83d \\ude00 \\ud83d\\ud83d\\ude00"}', '\ufffd \ufffd \ufffd😀'],
    ['a half at the end', '{"code":"a\\ud83d"}', 'a\ufffd'],
    ['NUL', '{"code":"a\\u0000b\0"}', 'a\ufffdb\ufffd'],
    ['what comes behind it', '{"code":"a"} {"code":"b"}', 'a'],
    ['no text of a known name', '{"code":7,"codes":"no","scripts":"no","a":{"code":"no"}}', ''],
    ['no text behind its object', '{"a":1},"code":"no"', ''],
    ['no text in its object, but in another', '{"a":1},{"code":"no"}', ''],
    ['an empty object', '{}', ''],
    ['an empty text', '""', ''],
    ['an empty text, and more', '"" print(1)', ''],
    ['a text alone, and more', '"a""b"', 'a'],
    ['an escape that there is not, alone', '"\\u1""', '\\u1'],
    ['nothing', '', ''],
    ['space', ' \n', ''],
    ['a parameter that was cut off', '{"code":"import o', 'import o'],
    ['one that was cut off within an escape', '{"code":"import os\\u00', 'import os'],
    ['one that was cut off before it', '{"code":', ''],
  ])('%s', (_, given, expected) => {
    expect(read([given])).toBe(expected);
    expect(read(unit(given))).toBe(expected);
  });

  it.each([
    ['a fence', '```python\nprint(1)\n```', 'print(1)\n'],
    ['another', '```py\r\nprint(1)\r\n``` \n', 'print(1)\r\n'],
    ['one without a language', '```\nprint(1)```', 'print(1)'],
    ['one that holds nothing', '```python\n```', ''],
    ['one that is not closed', '```python\nprint("`")', 'print("`")'],
    ['backticks within', '```python\nx = """```\na\n```"""\n```', 'x = """```\na\n```"""\n'],
    ['one that holds nothing and is not closed', '```\n', ''],
    ['no more than its beginning', '```', '```'],
    ['no fence', '`print(1)`', '`print(1)`'],
    ['a closing one alone', 'print(1)\n```', 'print(1)\n```'],
    ['one of another language', '```js\n1\n```', '```js\n1\n```'],
    ['a word that begins like one', '```pythonic\n1', '```pythonic\n1'],
  ])('loses its fence, and only that: %s', (_, given, expected) => {
    expect(read([JSON.stringify({ code: given })])).toBe(expected);
    expect(read(unit(given))).toBe(expected);
  });

  it('comes as soon as it can be told', () => {
    const input = new CodeInput();
    expect(['{"code":"im', 'port os', '\\', 'n\\ud83d', '\\ude', '00x\ud83d', '\ude00"', '}'].map((piece) => input.take(piece))).toEqual(['im', 'port os', '', '\n', '', '😀x', '😀', '']);
    expect(input.end()).toBe('');
    const fenced = new CodeInput();
    expect(['"``', '`python\\n1', ' + ``', '1``', '`  ', '"'].map((piece) => fenced.take(piece))).toEqual(['', '1', ' + ', '``1', '', '']);
    expect(fenced.end()).toBe('');
    expect(new CodeInput().take('print(`')).toBe('print(`');
  });

  const anyCuts = fc.array(fc.nat(), { maxLength: 40 });
  const cut = (text: string, cuts: number[]): string[] => {
    const ends = [...new Set(cuts.map((at) => at % (text.length + 1)))].sort((a, b) => a - b);
    return [...ends, text.length].map((end, at) => text.slice(ends[at - 1] ?? 0, end));
  };

  it('of any text comes back as it was, in whatever pieces', () => {
    const codes = fc.string({ unit: fc.oneof(fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }), fc.constantFrom('\0', '\\', '"', '\n', '`', '😀', '\u2028', 'u00')) });
    fc.assert(
      fc.property(codes, anyCuts, fc.boolean(), (code, cuts, isAscii) => {
        fc.pre(!code.startsWith('```'));
        const json = JSON.stringify({ title: code, code });
        const given = isAscii ? json.replace(/[^ -~]/g, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`) : json;
        expect(read(cut(given, cuts))).toBe(code.replaceAll('\0', '\ufffd'));
      }),
      { numRuns: 500 },
    );
  });

  it('of any arguments is well-formed, and the same in whatever pieces', () => {
    const atoms = fc.constantFrom('{', '}', '[', ']', '"', '"code"', '"input"', '"x"', ':', ',', '\\', '\\u', 'd83d', '\\ude00', '\\u0000', '\ud83d', '\ude00', '😀', '\0', '\n', ' ', '1', '```', '```py', '`', 'thon\n', 'print(1)', '\\"', '{"code":"', '"}');
    fc.assert(
      fc.property(fc.array(atoms, { maxLength: 20 }), anyCuts, (all, cuts) => {
        const text = all.join('');
        const whole = read([text]);
        expect(read(cut(text, cuts))).toBe(whole);
        expect(whole.isWellFormed() && !whole.includes('\0')).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });
});
