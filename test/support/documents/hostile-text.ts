import { pdf } from './pdf.ts';
import { type Hostile, MB, noise } from './hostile.ts';
import { zipOf } from './zip.ts';

const png = Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), noise(2000)]);
const exe = Buffer.concat([Buffer.from('4d5a90000300000004000000ffff0000', 'hex'), noise(2000)]);
const utf16 = (text: string) => Buffer.concat([Buffer.from('fffe', 'hex'), Buffer.from(text, 'utf16le')]);

function* oneLine(): Generator<Uint8Array> {
  const piece = Buffer.from('a line without an end, '.repeat(4096));
  for (let length = 0; length < 50 * MB; length += piece.length) yield piece;
}

export const hostileText: Hostile[] = [
  { name: 'nothing at all', filename: 'a.txt', content: () => Buffer.alloc(0), fails: /empty/ },
  { name: 'nothing at all, without a name', filename: 'nothing', content: () => Buffer.alloc(0), fails: /empty/ },
  { name: 'nothing but blanks', filename: 'a.md', content: () => Buffer.from(' \n\t\r\n '.repeat(10_000)), fails: /no text in it/ },
  { name: 'a byte order mark alone', filename: 'a.txt', content: () => Buffer.from('efbbbf', 'hex'), fails: /no text in it/ },
  { name: 'a byte order mark of UTF-16 alone', filename: 'a.txt', content: () => Buffer.from('feff', 'hex'), fails: /no text in it/ },
  { name: 'an image named as text', filename: 'a.txt', content: () => png, fails: /its content is an image/ },
  { name: 'a program named as text', filename: 'a.txt', content: () => exe, fails: /its content is a program/ },
  { name: 'a PDF named as text', filename: 'notes.md', content: () => pdf('Hello'), fails: /its content is a PDF document/ },
  { name: 'an archive named as code', filename: 'a.py', content: () => zipOf([{ name: 'a', content: 'a' }]), fails: /its content is a ZIP archive/ },
  { name: 'zeros in text', filename: 'a.json', content: () => Buffer.from('{"a":\0\0\0"b"}'), fails: /zero bytes/ },
  { name: 'zeros far behind', filename: 'a.log', content: () => Buffer.concat([Buffer.from('a line\n'.repeat(20_000)), Buffer.alloc(9)]), fails: /zero bytes/ },
  { name: 'Latin-1', filename: 'a.txt', content: () => Buffer.from('Grüße aus Köln', 'latin1'), fails: /bytes that are not UTF-8/ },
  { name: 'UTF-8 cut within a character', filename: 'a.txt', content: () => Buffer.from('Hello 😀').subarray(0, -1), fails: /bytes that are not UTF-8/ },
  { name: 'UTF-8 longer than need be', filename: 'a.php', content: () => Buffer.from('41c0af42', 'hex'), fails: /bytes that are not UTF-8/ },
  { name: 'a surrogate in UTF-8', filename: 'a.txt', content: () => Buffer.from('41eda08042', 'hex'), fails: /bytes that are not UTF-8/ },
  { name: 'half a pair in UTF-16', filename: 'a.txt', content: () => utf16('Hello \ud83d Hello'), fails: /bytes that are not UTF-16/ },
  { name: 'half a byte pair in UTF-16', filename: 'a.txt', content: () => utf16('Hello').subarray(0, -1), fails: /bytes that are not UTF-16/ },
  { name: 'UTF-32', filename: 'a.txt', content: () => Buffer.from('fffe000041000000', 'hex'), fails: /it is UTF-32/ },
  { name: 'noise named as JSON', filename: 'a.json', content: () => noise(100_000), fails: /not text in UTF-8/ },
  { name: 'noise without a name', filename: 'Makefile', content: () => noise(100_000), fails: /^Files of this type are not supported/, code: 'unsupported_file' },
  { name: 'noise of an unknown kind', filename: 'a.xyz', content: () => noise(100_000), fails: /^Files with extensions \[\.xyz\] are not supported for retrieval\.$/, code: 'unsupported_file' },
  { name: 'an image without a name', filename: 'picture', content: () => png, fails: /^Files of this type are not supported/, code: 'unsupported_file' },
  { name: 'text named as an image', filename: 'a.PNG', content: () => Buffer.from('text'), fails: /^Files with extensions \[\.png\] are not supported for retrieval\.$/, code: 'unsupported_file' },
  { name: 'a line of 50 MB', filename: 'a.txt', content: oneLine, text: /without an end/ },
  { name: 'JSON a million deep', filename: 'a.json', content: () => Buffer.from('['.repeat(MB)), text: /^\[{1000}/ },
  { name: 'a million lines with nothing in them but one word', filename: 'a.csv', content: () => Buffer.from(`${'\n'.repeat(MB)}end`), text: /end$/ },
];
