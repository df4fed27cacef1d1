import { compoundFile, doc } from './doc.ts';
import { type Hostile, MB, noise } from './hostile.ts';
import { docx, docxParts, paragraph, pptx, pptxParts, slideXml, wordXml } from './office.ts';
import { type Part, zipOf } from './zip.ts';

const zeros = (name: string, length: number): Part => ({ name, content: Buffer.alloc(length) });
const laughs = `<!DOCTYPE lolz [<!ENTITY a0 "ha">${Array.from({ length: 20 }, (_, n) => `<!ENTITY a${n + 1} "${`&a${n};`.repeat(10)}">`).join('')}]>`;
/** `where`: of the file or host that it tries to have. */
const outside = (where: string) => `<!DOCTYPE x SYSTEM "${where}/x.dtd" [<!ENTITY x SYSTEM "${where}"><!ENTITY % y SYSTEM "${where}/y"> %y;]>`;
const withPart = (parts: readonly Part[], part: Part): Part[] => [...parts.filter(({ name }) => name !== part.name), part];
const hello = docxParts(wordXml(paragraph('Hello')));
const slides = pptxParts([{ paragraphs: ['Hello'] }]);
const shared = { content: noise(20_000), stored: true };
const small = { unpackedBytes: 8 * MB };

/** `trap`: a URL that nobody must ask for. */
export const hostileOffice = (trap: string): Hostile[] => [
  { name: 'a part that unpacks to 40 MB of zeros', filename: 'a.docx', content: () => zipOf([...hello, zeros('word/media/x.bin', 40 * MB)]), fails: /too large/ },
  { name: 'many parts that are too much together', filename: 'a.docx', content: () => zipOf([...hello, ...Array.from({ length: 10 }, (_, n) => zeros(`word/x${n}.xml`, MB))]), fails: /too large. Unpacked, it may have 8 MB/, limits: small },
  { name: 'a part larger than it says', filename: 'a.docx', content: () => zipOf(withPart(hello, { ...zeros('word/document.xml', 9 * MB), saysSize: 100 })), fails: /damaged/, limits: small },
  { name: 'a part that says to be 4 GB', filename: 'a.pptx', content: () => zipOf(withPart(slides, { name: 'ppt/slides/slide1.xml', content: 'x', saysSize: 0xfffffff0 })), fails: /too large/ },
  { name: 'a slide larger than it says', filename: 'a.pptx', content: () => zipOf(withPart(slides, { ...zeros('ppt/slides/slide1.xml', 9 * MB), saysSize: 100 })), fails: /damaged/, limits: small },
  { name: 'parts that share their bytes', filename: 'a.docx', content: () => zipOf([{ name: 'word/0.xml', ...shared }, ...Array.from({ length: 99 }, (_, n) => ({ name: `word/${n + 1}.xml`, ...shared, at: 0 }))]), fails: /damaged/ },
  { name: 'thirty thousand parts', filename: 'a.docx', content: () => zipOf(Array.from({ length: 30_000 }, (_, n) => ({ name: `word/${n}`, content: '', stored: true }))), fails: /more than 20000 parts/ },
  { name: 'more parts promised than there are', filename: 'a.docx', content: () => zipOf(hello, { entries: 9000 }), fails: /damaged/ },
  { name: 'two parts of one name', filename: 'a.docx', content: () => zipOf([...hello, hello[2] as Part]), fails: /damaged/ },
  { name: 'an archive within', filename: 'a.docx', content: () => zipOf([...hello, { name: 'word/embeddings/x.zip', content: zipOf([zeros('y', 20 * MB)]) }]), text: /^Hello/, limits: small },
  { name: 'parts named as ways out', filename: 'a.docx', content: () => zipOf([...hello, { name: '../../../etc/x.xml', content: 'x' }]), fails: /damaged/ },
  { name: 'parts with a password', filename: 'a.docx', content: () => zipOf(hello.map((part) => ({ ...part, flags: 0x801 }))), fails: /encrypted or protected by a password/ },
  { name: 'a billion laughs in Word', filename: 'a.docx', content: () => zipOf(docxParts(wordXml(paragraph('Hello &a20;'), laughs))), fails: /damaged/, text: /^Hello/, without: /ha/ },
  { name: 'a billion laughs on a slide', filename: 'a.pptx', content: () => zipOf(withPart(slides, { name: 'ppt/slides/slide1.xml', content: slideXml(['Hello &a20;'], 'sld', laughs) })), text: /^Hello &a20;/ },
  { name: 'a file from outside, in Word', filename: 'a.docx', content: () => zipOf(docxParts(wordXml(paragraph('Hello &x;'), outside('file:///etc/passwd')))), fails: /damaged/, text: /^Hello/, without: /root/ },
  { name: 'a page from outside, in Word', filename: 'a.docx', content: () => zipOf(docxParts(wordXml(paragraph('Hello &x;'), outside(trap)))), fails: /damaged/, text: /^Hello/ },
  { name: 'a file from outside, on a slide', filename: 'a.pptx', content: () => zipOf(withPart(slides, { name: 'ppt/slides/slide1.xml', content: slideXml(['Hello &x;'], 'sld', outside('file:///etc/passwd')) })), text: /^Hello &x;/, without: /root/ },
  { name: 'a page from outside, on a slide', filename: 'a.pptx', content: () => zipOf(withPart(slides, { name: 'ppt/slides/slide1.xml', content: slideXml(['Hello &x;'], 'sld', outside(trap)) })), text: /^Hello &x;/ },
  { name: 'a slide shown a thousand times', filename: 'a.pptx', content: () => zipOf(pptxParts([{ paragraphs: ['Hello'] }], Array.from({ length: 1000 }, () => 1))), text: /^Hello\n\n$/ },
  { name: 'Word nested a hundred thousand deep', filename: 'a.docx', content: () => zipOf(docxParts(wordXml('<w:sdt>'.repeat(100_000) + paragraph('Hello') + '</w:sdt>'.repeat(100_000)))), fails: /nested too deeply|damaged/ },
  { name: 'a slide nested a million deep', filename: 'a.pptx', content: () => zipOf(withPart(slides, { name: 'ppt/slides/slide1.xml', content: slideXml([`${'<a:t>'.repeat(MB)}Hello`]) })), text: /Hello/ },
  { name: 'Word without a word', filename: 'a.docx', content: () => docx(''), fails: /no text in it/ },
  { name: 'Word cut in half', filename: 'a.docx', content: () => docx('Hello', noise(5000).toString('hex')).subarray(0, 3000), fails: /damaged/ },
  { name: 'slides cut in half', filename: 'a.pptx', content: () => pptx({ paragraphs: ['Hello'] }).subarray(0, 900), fails: /damaged/ },
  { name: 'an archive of something else', filename: 'a.docx', content: () => zipOf([{ name: 'xl/workbook.xml', content: '<x/>' }]), fails: /damaged/ },
  { name: 'an empty archive', filename: 'a.pptx', content: () => zipOf([]), fails: /damaged/ },
  { name: 'a beginning of an archive, then noise', filename: 'a.docx', content: () => Buffer.concat([Buffer.from('PK\x03\x04'), noise(50_000)]), fails: /damaged/ },
  { name: 'Word with a password', filename: 'a.docx', content: () => compoundFile([{ name: 'EncryptionInfo', content: noise(4096) }, { name: 'EncryptedPackage', content: noise(8192) }]), fails: /encrypted or protected by a password/ },
  { name: 'old Word with a password', filename: 'a.doc', content: () => doc('Hello', { encrypted: true }), fails: /encrypted or protected by a password/ },
  { name: 'old Word with a chain of sectors that has no end', filename: 'a.doc', content: () => doc('Hello', { loop: true }), fails: /within|damaged/, limits: { timeMs: 2000, memoryBytes: 400 * MB } },
  { name: 'old Word cut in half', filename: 'a.doc', content: () => doc('Hello').subarray(0, 2000), fails: /damaged/ },
  { name: 'old Word that begins well, then noise', filename: 'a.doc', content: () => Buffer.concat([doc('Hello').subarray(0, 512), noise(20_000)]), fails: /damaged/ },
  { name: 'old Word without a word', filename: 'a.doc', content: () => doc(' '), fails: /no text in it/ },
  { name: 'noise named as old Word', filename: 'a.doc', content: () => noise(20_000), fails: /damaged/ },
];
