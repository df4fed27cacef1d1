import { deflateSync } from 'node:zlib';
import { type Hostile, MB, noise } from './hostile.ts';
import { FONT, pdf, pdfOf, streamOf } from './pdf.ts';

const CATALOG = '<< /Type /Catalog /Pages 2 0 R >>';
const PAGES = '<< /Type /Pages /Kids [4 0 R] /Count 1 >>';
const page = (more = '') => `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Resources << /Font << /F1 3 0 R >> ${more} >> /Contents 5 0 R >>`;
const HELLO = 'BT /F1 12 Tf 72 720 Td (Hello) Tj ET';
const onePage = (contents: string, ...more: string[]) => pdfOf([CATALOG, PAGES, FONT, page(), contents, ...more]);
const packed = (content: Buffer, times = 1) => {
  let bytes = content;
  for (let n = 0; n < times; n++) bytes = deflateSync(bytes);
  return streamOf(bytes.toString('latin1'), `/Filter [${'/FlateDecode '.repeat(times)}]`);
};
/** A tree of pages that has but 30 nodes, each of which is its parent's twice. */
const doubling = () => pdfOf([CATALOG, ...Array.from({ length: 30 }, (_, n) => `<< /Type /Pages /Kids [${n + 3} 0 R ${n + 3} 0 R] /Count ${2 ** (30 - n)} >>`), '<< /Type /Page /MediaBox [0 0 9 9] >>']);
const LOCKED = `/Encrypt << /Filter /Standard /V 1 /R 2 /O <${'ab'.repeat(32)}> /U <${'cd'.repeat(32)}> /P -44 >> /ID [<00> <00>]`;

export const hostilePages: Hostile[] = [
  { name: 'an image named as PDF', filename: 'a.pdf', content: () => Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), noise(2000)]), fails: /could not be parsed as a PDF document: it is damaged/ },
  { name: 'noise named as PDF', filename: 'a.pdf', content: () => noise(50_000), fails: /damaged/ },
  { name: 'the beginning of a PDF, then noise', filename: 'a.pdf', content: () => Buffer.concat([Buffer.from('%PDF-1.7\n'), noise(50_000)]), fails: /damaged/ },
  { name: 'the first line of a PDF alone', filename: 'a.pdf', content: () => Buffer.from('%PDF-1.7\n'), fails: /damaged/ },
  { name: 'a PDF with a password', filename: 'a.pdf', content: () => pdfOf([CATALOG, PAGES, FONT, page(), streamOf(HELLO)], { trailer: LOCKED }), fails: /encrypted or protected by a password/ },
  { name: 'a PDF without its end', filename: 'a.pdf', content: () => pdf('Hello').subarray(0, -20), text: /Hello/ },
  { name: 'a PDF without its pages', filename: 'a.pdf', content: () => pdf('Hello').subarray(0, 100), fails: /damaged|no text/ },
  { name: 'pages without text, as scanned ones are', filename: 'a.pdf', content: () => pdf('', ''), fails: /as of scanned pages/ },
  { name: 'pages that are their own parents', filename: 'a.pdf', content: () => pdfOf([CATALOG, '<< /Type /Pages /Kids [2 0 R] /Count 1 >>']), fails: /damaged|no text/, limits: { timeMs: 15_000 } },
  { name: 'a billion pages promised', filename: 'a.pdf', content: () => pdfOf([CATALOG, '<< /Type /Pages /Kids [4 0 R] /Count 1000000000 >>', FONT, page(), streamOf(HELLO)]), text: /Hello/ },
  { name: 'a billion pages in thirty objects', filename: 'a.pdf', content: doubling, fails: /more than 20000 pages/ },
  { name: 'a page that unpacks to 200 MB', filename: 'a.pdf', content: () => onePage(packed(Buffer.alloc(200 * MB, ' '))), fails: /within|no text/, limits: { memoryBytes: 220 * MB, timeMs: 15_000 } },
  { name: 'a page packed three times over', filename: 'a.pdf', content: () => onePage(packed(Buffer.alloc(200 * MB, ' '), 3)), fails: /within|no text/, limits: { memoryBytes: 220 * MB, timeMs: 15_000 } },
  { name: 'a stream as long as itself', filename: 'a.pdf', content: () => onePage('<< /Length 5 0 R >>\nstream\nBT /F1 12 Tf (Hello) Tj ET\nendstream'), fails: /damaged|no text/, text: /Hello/ },
  { name: 'a form that draws itself', filename: 'a.pdf', content: () => pdfOf([CATALOG, PAGES, FONT, page('/XObject << /X 6 0 R >>'), streamOf(`${HELLO} /X Do`), streamOf('/X Do', '/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /X 6 0 R >> >>')]), fails: /within/, text: /Hello/, limits: { timeMs: 15_000 } },
  { name: 'arrays a hundred thousand deep', filename: 'a.pdf', content: () => onePage(streamOf(`${'['.repeat(100_000)} ${HELLO}`)), fails: /nested too deeply|damaged|no text/, text: /Hello/ },
  { name: 'tables that lead back to themselves', filename: 'a.pdf', content: () => pdfOf([CATALOG, PAGES, FONT, page(), streamOf(HELLO)], { trailer: '/Prev 9' }), text: /Hello/ },
  { name: 'a PDF that wants to run scripts and programs', filename: 'a.pdf', content: () => pdfOf(['<< /Type /Catalog /Pages 2 0 R /OpenAction << /S /JavaScript /JS (process.exit(7)) >> /AA << /WC << /S /Launch /F (/bin/sh) >> >> >>', PAGES, FONT, page(), streamOf(HELLO)]), text: /Hello/ },
  { name: 'a page of more text than may be', filename: 'a.pdf', content: () => pdf(...Array.from({ length: 20 }, () => `${'Hello '.repeat(15)}\n`.repeat(45))), fails: /too large. Its text has more than 0 MB/, limits: { textBytes: 70_000 } },
  { name: 'a page two hundred thousand deep', filename: 'a.html', content: () => Buffer.from(`${'<div>'.repeat(200_000)}Hello`), fails: /within/, text: /Hello/, limits: { timeMs: 8000 } },
  { name: 'tags that never close', filename: 'a.html', content: () => Buffer.from(`<html>${'<b><i><p>'.repeat(4000)}Hello`), fails: /within/, text: /Hello/, limits: { timeMs: 8000 } },
  { name: 'five million opening brackets', filename: 'a.html', content: () => Buffer.from(`<html>Hello ${'<'.repeat(5_000_000)}`), text: /<<</ },
  { name: 'a tag with a million attributes', filename: 'a.html', content: () => Buffer.from(`<html><p ${Array.from({ length: 100_000 }, (_, n) => `a${n}=1`).join(' ')}>Hello`), text: /Hello/, fails: /within/, limits: { timeMs: 15_000 } },
  { name: 'a page larger than pages may be', filename: 'a.html', content: () => Buffer.from(`<html>${'Hello '.repeat(400_000)}`), fails: /too large. A page may have 1 MB/, limits: { htmlBytes: MB } },
  { name: 'a page of scripts alone', filename: 'a.html', content: () => Buffer.from('<!doctype html><script>hello()</script><style>p{}</style>'), fails: /no text in it/ },
  { name: 'a page in Latin-1', filename: 'a.html', content: () => Buffer.from('<html><meta charset=latin1>Köln', 'latin1'), fails: /bytes that are not UTF-8/ },
  { name: 'a page that includes others', filename: 'a.html', content: () => Buffer.from('<html><iframe src="file:///etc/passwd"></iframe><object data="file:///etc/passwd">x</object>Hello'), text: /^Hello$/ },
];
