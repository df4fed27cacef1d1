import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { doc } from '../support/documents/doc.ts';
import { docx, docxParts, paragraph, pptx, pptxParts, wordXml } from '../support/documents/office.ts';
import { pdf } from '../support/documents/pdf.ts';
import { piecesOf, streamOf, textOf, useDocuments } from '../support/documents/reading.ts';
import { zipOf } from '../support/documents/zip.ts';

const documents = useDocuments()();
const read = (filename: string, content: Buffer | string) => textOf(documents.read(filename, streamOf(Buffer.from(content))));
const bigEndian = (text: string) => Buffer.from(text, 'utf16le').swap16();

describe('text', () => {
  const TEXT = 'Grüße, 世界! 😀\nsecond line\n';
  it.each([
    ['UTF-8', Buffer.from(TEXT)],
    ['UTF-8 with a mark', Buffer.from(`\ufeff${TEXT}`)],
    ['UTF-16, little end first, with a mark', Buffer.from(`\ufeff${TEXT}`, 'utf16le')],
    ['UTF-16, big end first, with a mark', bigEndian(`\ufeff${TEXT}`)],
    ['UTF-16, little end first', Buffer.from(TEXT, 'utf16le')],
    ['UTF-16, big end first', bigEndian(TEXT)],
  ])('is read in %s', async (_, content) => {
    expect(await read('a.txt', content)).toBe(TEXT);
  });

  it('is the same wherever its bytes are parted, and no piece ends within a character', async () => {
    const anyEncoding = fc.constantFrom<(text: string) => Buffer>((text) => Buffer.from(text), (text) => Buffer.from(`\ufeff${text}`, 'utf16le'), (text) => bigEndian(`\ufeff${text}`));
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 200 }), anyEncoding, fc.integer({ min: 1, max: 9 }), async (some, encode, length) => {
        const text = `Text: ${some.replaceAll('\0', '')}`;
        expect(await textOf(documents.read('a.txt', streamOf(piecesOf(encode(text), length) as Iterable<Uint8Array>)))).toBe(text);
      }),
      { numRuns: 200 },
    );
  });

  it.each(['a.md', 'a.py', 'a.TS', 'a.tsx', 'a.c', 'a.cpp', 'a.cs', 'a.java', 'a.json', 'a.php', 'a.rb', 'a.tex', 'a.css', 'a.js', 'a.sh', 'a.go', 'a.csv', 'a.rs', 'a.yaml', 'a.xml', 'Makefile', '.gitignore', 'notes.unknown'])('is read from %s', async (name) => {
    expect(documents.refuses(name)).toBeUndefined();
    expect(await read(name, 'if (a < b) { return <p>; }')).toBe('if (a < b) { return <p>; }');
  });
});

describe('refused by its name', () => {
  it.each(['a.png', 'a.JPEG', 'a.mp4', 'a.mp3', 'a.zip', 'a.tar.gz', 'a.exe', 'a.xlsx', 'a.sqlite', 'dir.d/a.webp'])('%s', (name) => {
    const extension = name.split('.').at(-1)?.toLowerCase();
    expect(documents.refuses(name)).toMatchObject({ code: 'unsupported_file', message: `Files with extensions [.${extension}] are not supported for retrieval.` });
  });

  it('nothing of it is read', async () => {
    let isRead = false;
    const content = new ReadableStream<Uint8Array>({ pull: () => void (isRead = true) }, { highWaterMark: 0 });
    await expect(textOf(documents.read('a.png', content))).rejects.toMatchObject({ code: 'unsupported_file' });
    expect(isRead).toBe(false);
  });
});

describe('documents', () => {
  it('PDF', async () => {
    expect(await read('a.pdf', pdf('First page\nsecond line', 'Second page (with brackets)'))).toBe('First page\nsecond line\n\nSecond page (with brackets)\n\n');
  });

  it('Word', async () => {
    expect(await read('a.docx', docx('One &amp; only', 'Zwei Wörter 😀'))).toBe('One & only\n\nZwei Wörter 😀\n\n');
  });

  it('Word, with a table', async () => {
    const cell = (text: string) => `<w:tc>${paragraph(text)}</w:tc>`;
    const text = await read('a.docx', zipOf(docxParts(wordXml(`<w:tbl><w:tr>${cell('left')}${cell('right')}</w:tr></w:tbl>${paragraph('below')}`))));
    expect(text.split(/\s+/).filter(Boolean)).toEqual(['left', 'right', 'below']);
  });

  it('Word of 97 to 2003', async () => {
    expect(await read('a.doc', doc('Old words, Grüße 世界\rA second paragraph\r'))).toMatch(/^Old words, Grüße 世界\n+A second paragraph\n/);
  });

  it('slides with their notes, in the order of the show', async () => {
    const parts = pptxParts([{ paragraphs: ['Second'] }, { paragraphs: ['First', 'of two &#x1F600;'], notes: ['Say hello'] }], [2, 1]);
    expect(await read('a.pptx', zipOf(parts))).toBe('First\nof two 😀\n\nSay hello\n\nSecond\n\n');
  });

  it('slides by their numbers where there is no list', async () => {
    const parts = pptxParts(Array.from({ length: 11 }, (_, n) => ({ paragraphs: [`slide ${n + 1}`] })), []);
    expect((await read('a.pptx', zipOf(parts))).match(/\d+/g)).toEqual(Array.from({ length: 11 }, (_, n) => String(n + 1)));
  });

  it('pages', async () => {
    const page = `<!DOCTYPE html><html><head><title>The title</title><script>if (a < b) no()</script><style>p {}</style></head><body>
      <h1>A   heading</h1><p>Some <b>bold</b>,&nbsp;then <i>thin</i> words<br>and a line.</p><ul><li>one</li><li>two</li></ul>
      <table><tr><th>a</th><td>b</td></tr></table><pre>x\n  y</pre><img alt="a picture"><!-- no --></body></html>`;
    expect(await read('a.html', page)).toBe('The title\n\nA heading\n\nSome bold,\u00a0then thin words\nand a line.\n\n- one\n- two\n\na\tb\n\nx\n  y\n\na picture');
  });

  it.each([
    ['PDF', pdf('Hello'), 'Hello\n\n'],
    ['slides', pptx({ paragraphs: ['Hello'] }), 'Hello\n\n'],
    ['Word', docx('Hello'), 'Hello\n\n'],
    ['a page', Buffer.from('<html><p>Hello'), 'Hello'],
  ])('known by their content where their name says nothing: %s', async (_, content, text) => {
    expect(await read('README', content)).toBe(text);
  });

  it('newer ones under an older name', async () => {
    expect(await read('a.doc', docx('Hello'))).toBe('Hello\n\n');
  });
});
