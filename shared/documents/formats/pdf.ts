import { getDocumentProxy } from 'unpdf';
import { ReadingError } from '../failure.ts';
import type { Reading } from './index.ts';

/** Page by page, so that no more than one of them is in memory. */
export async function readPdf({ document, text, limits }: Reading): Promise<void> {
  const pdf = await open(document.all());
  if (pdf.numPages > limits.pages) throw new ReadingError('too_large', `It has more than ${limits.pages} pages.`);
  for (let number = 1; number <= pdf.numPages; number++) {
    const page = await pdf.getPage(number);
    const { items } = await page.getTextContent();
    for (const item of items) if ('str' in item) text.write(item.hasEOL ? `${item.str}\n` : item.str);
    text.write('\n\n');
    page.cleanup();
  }
}

async function open(bytes: Uint8Array) {
  try {
    // Neither the file's scripts and forms nor the system's fonts are of use for its text.
    return await getDocumentProxy(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length), { verbosity: 0, useSystemFonts: false });
  } catch (cause) {
    if (cause instanceof Error && cause.name === 'PasswordException') throw new ReadingError('encrypted', '', { cause });
    throw cause;
  }
}
