import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Told } from '../../shared/engine/citations.ts';
import { Linker } from '../../shared/engine/links.ts';

// Which links of an answer name files that code has written, however its text is cut.

const linksTo = (...paths: string[]) => new Map(paths.map((path) => [path, `file of ${[...path].reverse().join('')}`]));
const KNOWN = linksTo('x', 'x.csv', 'x.csv.gz', 'out/x.csv', 'my file.csv', 'my file (1).csv', 'my', 'a%20b.txt', '100%', 'übersicht 2.png', 'chart-1.png', '𝒳.txt', '😀', 'a.b-c_d', 'sandbox:', 's', '\ufffd');

function told(pieces: readonly string[], links: ReadonlyMap<string, string> = KNOWN): Told[] {
  const linker = new Linker(links);
  return [...pieces.flatMap((value) => linker.take([{ value }])), ...linker.end()];
}
const valueOf = (all: Told[]): string => all.map(({ value }) => value).join('');
const annotationsOf = (all: Told[]) => all.flatMap(({ annotation }) => annotation ?? []);
/** The links that are told, each with its file. */
const found = (text: string): [string, string][] => annotationsOf(told([text])).map((annotation) => [annotation.text, annotation.type === 'file_path' ? annotation.file_path.file_id : '']);

describe('a link', () => {
  it.each([
    ['[Table](%).', 'sandbox:/mnt/data/x.csv', 'x.csv'],
    ['%', 'sandbox:/mnt/data/x.csv', 'x.csv'],
    ['It is %. More of it', 'sandbox:/mnt/data/x.csv', 'x.csv'],
    ['%, and', 'sandbox:mnt/data/x.csv', 'x.csv'],
    ['%- or', 'sandbox:/mnt/data/x', 'x'],
    ['%?download=1', 'sandbox:/mnt/data/x.csv', 'x.csv'],
    ['`%`', 'sandbox:/mnt/data/x.csv.gz', 'x.csv.gz'],
    ['“%”', 'sandbox:/mnt/data/out/x.csv', 'out/x.csv'],
    ['(%)', 'sandbox:/mnt/data/out%2Fx.csv', 'out/x.csv'],
    ['(%)', 'sandbox:/mnt/data/my%20file.csv', 'my file.csv'],
    ['<%>', 'sandbox:/mnt/data/my file.csv', 'my file.csv'],
    ['(%)', 'sandbox:/mnt/data/my file (1).csv', 'my file (1).csv'],
    ['(%)', 'sandbox:/mnt/data/my%20file%20%281%29.csv', 'my file (1).csv'],
    ['% file', 'sandbox:/mnt/data/my', 'my'],
    ['(%)', 'sandbox:/mnt/data/a%20b.txt', 'a%20b.txt'],
    ['(%)', 'sandbox:/mnt/data/a%2520b.txt', 'a%20b.txt'],
    ['(%)', 'sandbox:/mnt/data/100%25', '100%'],
    ['(%)', 'sandbox:/mnt/data/100%', '100%'],
    ['(%)', 'sandbox:/mnt/data/%c3%bcbersicht%202.png', 'übersicht 2.png'],
    ['(%)', 'sandbox:/mnt/data/übersicht 2.png', 'übersicht 2.png'],
    ['% 🧀', 'sandbox:/mnt/data/𝒳.txt', '𝒳.txt'],
    ['%🧀', 'sandbox:/mnt/data/x.csv', 'x.csv'],
    ['%😀', 'sandbox:/mnt/data/%F0%9F%98%80', '😀'],
    ['%.\n', 'sandbox:/mnt/data/a.b-c_d', 'a.b-c_d'],
    ['sandbox:/mnt/data/no sandbox:/mnt/data/%', 'sandbox:/mnt/data/s', 's'],
    ['ssandbox:/mnt/data/y %', 'sandbox:/mnt/data/sandbox:', 'sandbox:'],
  ])('in %j: %s', (around, link, path) => {
    const text = around.replace('%', () => link);
    expect(found(text)).toEqual([[link, KNOWN.get(path)]]);
    expect(annotationsOf(told(text.split('')))).toEqual(annotationsOf(told([text])));
    expect(valueOf(told([text]))).toBe(text);
  });

  it.each([
    'sandbox:/mnt/data/unknown.csv',
    'sandbox:/mnt/data/X.csv',
    'sandbox:/mnt/data/x.csvs',
    'sandbox:/mnt/data/x.csv2',
    'sandbox:/mnt/data/x.csv_old',
    'sandbox:/mnt/data/x.csv/a',
    'sandbox:/mnt/data/x.csv%20a',
    'sandbox:/mnt/data/x.csvé',
    'sandbox:/mnt/data/x.csv\u0301',
    'sandbox:/mnt/data/x.csv𝒳',
    'sandbox:/mnt/data/x.tsv',
    'sandbox:/mnt/data/x-old',
    'sandbox:/mnt/data/x.𝒳',
    'sandbox:/mnt/data/x-𝒳',
    'sandbox:/mnt/data/%C3bersicht 2.png',
    'sandbox:/mnt/data/',
    'sandbox:/mnt/data//x.csv',
    'sandbox:///mnt/data/x.csv',
    'sandbox://mnt/data/x.csv',
    'sandbox:/mnt%2Fdata/x.csv',
    'Sandbox:/mnt/data/x.csv',
    '/mnt/data/x.csv',
    'sandbox:/mnt/data/\ud83d',
  ])('is none in %s, and the text stays', (text) => {
    expect(annotationsOf(told([text]))).toEqual([]);
    expect(annotationsOf(told(text.split('')))).toEqual([]);
    expect(valueOf(told([`${text} and`]))).toBe(`${text} and`);
    expect(found(`${text} sandbox:/mnt/data/x.csv`)).toHaveLength(1);
  });

  it('is none without known files', () => {
    expect(told(['sandbox:/mnt/data/x.csv'], new Map())).toEqual([{ value: 'sandbox:/mnt/data/x.csv' }]);
  });

  it('counts in code points', () => {
    const all = told(['🧀🧀 sandbox:/mnt/data/😀 🧀 sandbox:/mnt/data/x.csv', ' sandbox:/mnt/data/x.csv']);
    expect(annotationsOf(all)).toMatchObject([{ start_index: 3, end_index: 22 }, { start_index: 25, end_index: 48 }, { start_index: 49, end_index: 72 }]);
  });

  it('comes out whole as soon as it is decided, and what can be none at once', () => {
    const linker = new Linker(KNOWN);
    const take = (value: string) => linker.take([{ value }]);
    expect(take('It is [here](s')).toEqual([{ value: 'It is [here](' }]);
    expect(['and', 'box:/', 'mnt/data/', 'x.csv'].map(take)).toEqual([[], [], [], []]);
    expect(take(') as')).toEqual([{ value: 'sandbox:/mnt/data/x.csv', annotation: expect.objectContaining({ start_index: 13 }) as unknown }, { value: ') a' }]);
    expect(take('k')).toEqual([{ value: 'sk' }]);
    expect(take('sandbox:/mnt/data/un')).toEqual([{ value: 'sandbox:/mnt/data/un' }]);
    expect(take('known sandbox:/mnt/data/x.')).toEqual([{ value: 'known ' }]);
    expect(linker.end()).toMatchObject([{ value: 'sandbox:/mnt/data/x', annotation: { text: 'sandbox:/mnt/data/x' } }, { value: '.' }]);
    expect(linker.end()).toEqual([]);
  });

  it('ends before what has an annotation already', () => {
    const linker = new Linker(KNOWN);
    const citation: Told = { value: '【1:0†a】', annotation: { type: 'file_citation', text: '【1:0†a】', start_index: 23, end_index: 30, file_citation: { file_id: 'file-a' } } };
    const all = [...linker.take([{ value: 'sandbox:/mnt/data/x.csv' }, citation, { value: '.gz sandbox:/mnt/data/x.csv' }]), ...linker.end()];
    expect(all.map(({ value }) => value)).toEqual(['sandbox:/mnt/data/x.csv', '【1:0†a】', '.gz ', 'sandbox:/mnt/data/x.csv']);
    expect(annotationsOf(all).map(({ start_index }) => start_index)).toEqual([0, 23, 34]);
  });
});

describe('links of any text', () => {
  const letter = fc.constantFrom('a', 'b', 's', '.', '-', '_', ' ', '%', '2', '0', '/', '(', ')', 'é', '𝒳', '😀', ':');
  const path = fc.string({ unit: letter, minLength: 1, maxLength: 5 });
  const spelled = (text: string, encoded: readonly boolean[]): string =>
    [...text].map((point, at) => (encoded[at] ? [...Buffer.from(point)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('') : point)).join('');
  /** What `found` should be, looked for at each place with each spelling that the text there can have. */
  function expected(text: string, links: ReadonlyMap<string, string>): { at: number; link: string; files: string[] }[] {
    const all = [];
    for (let at = 0; at < text.length; at++) {
      const opening = /^sandbox:\/?mnt\/data\//.exec(text.slice(at))?.[0];
      if (opening === undefined) continue;
      for (let end = text.length; end > at + opening.length; end--) {
        const target = text.slice(at + opening.length, end);
        const rest = text.slice(end);
        if (!target.isWellFormed() || /^[_/%\p{L}\p{M}\p{N}]|^[.-][\p{L}\p{M}\p{N}]/u.test(rest)) continue;
        const decoded = Buffer.from(target.replace(/%[\da-f]{2}|[^]/giu, (part) => (part.length === 3 ? part.slice(1) : Buffer.from(part).toString('hex'))), 'hex').toString();
        const files = [target, decoded].flatMap((name) => links.get(name) ?? []);
        if (files.length === 0) continue;
        all.push({ at, link: text.slice(at, end), files });
        at = end - 1;
        break;
      }
    }
    return all;
  }

  it('are what they should be, and the same in whatever pieces', () => {
    const example = fc.array(path, { minLength: 1, maxLength: 6 }).chain((paths) => {
      const link = fc.tuple(fc.constantFrom('/', ''), fc.constantFrom(...paths), fc.array(fc.boolean(), { maxLength: 5 })).map(([slash, name, encoded]) => `sandbox:${slash}mnt/data/${spelled(name, encoded)}`);
      const atom = fc.oneof({ weight: 3, arbitrary: link }, letter, path, fc.constantFrom('sandbox:', '/mnt/data/', 'sandbox:/mnt/data/', 'sand', '\ud83d', '\ude00', '\n', 'word'));
      return fc.record({ paths: fc.constant(paths), atoms: fc.array(atom, { maxLength: 10 }), cuts: fc.array(fc.nat(), { maxLength: 40 }) });
    });
    fc.assert(
      fc.property(example, ({ paths, atoms, cuts }) => {
        const [text, links] = [atoms.join(''), linksTo(...paths)];
        const ends = [...new Set(cuts.map((cut) => cut % (text.length + 1)))].sort((a, b) => a - b);
        const parts = told([...ends, text.length].map((end, at) => text.slice(ends[at - 1] ?? 0, end)), links);
        expect(valueOf(parts)).toBe(text);
        const annotations = annotationsOf(parts);
        expect(annotations).toEqual(annotationsOf(told([text], links)));
        const points = [...text];
        for (const { start_index, end_index, text: link } of annotations) expect(points.slice(start_index, end_index).join('')).toBe(link);
        expect(annotations.map(({ start_index, text: link }) => ({ at: points.slice(0, start_index).join('').length, link }))).toEqual(expected(text, links).map(({ at, link }) => ({ at, link })));
        expected(text, links).forEach(({ files }, at) => expect(files).toContain(annotations[at]?.type === 'file_path' && annotations[at].file_path.file_id));
      }),
      { numRuns: 2000 },
    );
  });
});
