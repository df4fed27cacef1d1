/** Why a document has no text for us, and the words for it. Parsers' own words stay inside: they are neither for clients nor always theirs to see. */
import { DocumentError } from '../ports/documents.ts';
import type { Failure } from './failure.ts';

const TOO_LARGE = 'The file could not be parsed because it is too large.';

const names: Record<string, string> = {
  pdf: 'a PDF document',
  html: 'an HTML page',
  doc: 'a Word document',
  ole: 'a Word document',
  docx: 'a Word document',
  pptx: 'a presentation',
  zip: 'a Word document or a presentation',
};

const words: Record<Failure['reason'], (detail: string) => string> = {
  empty: () => 'The file is empty.',
  no_text: () => 'The file has no text in it.',
  scanned: () => 'The file has no text in it, as of scanned pages: it must be given some by text recognition first.',
  encrypted: () => 'The file is encrypted or protected by a password.',
  damaged: (kind) => `The file could not be parsed as ${names[kind] ?? 'what it seems to be'}: it is damaged, or it is something else.`,
  too_deep: () => 'The file could not be parsed because its content is nested too deeply.',
  too_large: (what) => `${TOO_LARGE} ${what}`,
  too_slow: (seconds) => `The file could not be parsed within ${seconds} seconds.`,
  too_hungry: (megabytes) => `The file could not be parsed within ${megabytes} MB of memory.`,
  encoding: (what) => `The file is not text in UTF-8, UTF-16 or ASCII: ${what}`,
  named_wrong: (what) => `The file's name says that it is text, but its content is ${what}.`,
};

export const errorOf = ({ reason, detail }: Failure): DocumentError => new DocumentError('invalid_file', words[reason](detail));

export const unsupported = (extension: string): DocumentError =>
  new DocumentError('unsupported_file', extension === '' ? 'Files of this type are not supported for retrieval.' : `Files with extensions [.${extension}] are not supported for retrieval.`);
