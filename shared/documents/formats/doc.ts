import WordExtractor from 'word-extractor';
import { ReadingError } from '../failure.ts';
import type { Reading } from './index.ts';

/** Word 97 to 2003; and newer documents with a password, which are kept in a file of this older kind. */
export async function readDoc({ document, text }: Reading): Promise<void> {
  const bytes = document.all();
  if (hasStream(bytes, 'EncryptedPackage')) throw new ReadingError('encrypted');
  if (!hasStream(bytes, 'WordDocument')) throw new ReadingError('damaged', 'doc');
  if (isEncrypted(bytes)) throw new ReadingError('encrypted');
  const extracted = await new WordExtractor().extract(bytes);
  for (const part of [extracted.getBody(), extracted.getTextboxes({ includeHeadersAndFooters: false }), extracted.getFootnotes(), extracted.getEndnotes()]) {
    if (part.trim() !== '') text.write(`${part}\n\n`);
  }
}

/** Names of streams stand in the directory as UTF-16. */
const hasStream = (bytes: Buffer, name: string): boolean => bytes.includes(Buffer.from(`${name}\0`, 'utf16le'));

/** The bit fEncrypted of the header that the stream of the document begins with, [MS-DOC] 2.5.1. A stream begins at a sector. */
function isEncrypted(bytes: Buffer): boolean {
  for (let at = 512; at + 12 <= bytes.length; at += 512) {
    if (bytes.readUInt16LE(at) === 0xa5ec) return (bytes.readUInt16LE(at + 10) & 0x0100) !== 0;
  }
  return false;
}
