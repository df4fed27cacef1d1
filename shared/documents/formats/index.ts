/** From what a document is to what reads it. Parsers are loaded only by who needs them. */
import type { Document } from '../document.ts';
import { ReadingError } from '../failure.ts';
import type { Limits } from '../limits.ts';
import type { TextFile } from '../text-file.ts';

export interface Reading {
  document: Document;
  text: TextFile;
  limits: Limits;
}

/** Writes the text of the document; throws ReadingError, or whatever a parser throws at a damaged one. */
export async function readDocument(kind: string, reading: Reading): Promise<void> {
  await readAs(kind, reading);
  reading.text.flush();
  if (!reading.text.hasText) throw new ReadingError(kind === 'pdf' ? 'scanned' : 'no_text');
}

async function readAs(kind: string, reading: Reading): Promise<void> {
  switch (kind) {
    case 'pdf':
      return (await import('./pdf.ts')).readPdf(reading);
    case 'html':
      return (await import('./html.ts')).readHtml(reading);
    case 'docx':
    case 'pptx':
    case 'zip':
      return (await import('./office.ts')).readOffice(reading);
    case 'doc':
    case 'ole':
      return (await import('./doc.ts')).readDoc(reading);
    default:
      throw new ReadingError('damaged', kind);
  }
}
