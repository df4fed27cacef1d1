/** Documents of Office since 2007: archives of XML. Which application's it is, its parts say. */
import mammoth from 'mammoth';
import { ReadingError } from '../failure.ts';
import { Zip } from '../zip.ts';
import type { Reading } from './index.ts';
import { readPptx } from './pptx.ts';

const IS_XML = /\.(xml|rels)$/;

export async function readOffice(reading: Reading): Promise<void> {
  const zip = await Zip.open(reading.document, reading.limits);
  if (zip.names.has('ppt/presentation.xml')) return readPptx(zip, reading.text);
  if (![...zip.names].some((name) => name.startsWith('word/'))) throw new ReadingError('damaged', 'zip');
  return readDocx(zip, reading);
}

async function readDocx(zip: Zip, { document, text }: Reading): Promise<void> {
  // What the parser will unpack is unpacked here first, and thrown away: its parts are as large as they say, and no larger than they may be.
  for (const name of zip.names) {
    if (IS_XML.test(name)) await zip.measure(name);
  }
  const { value } = await mammoth.extractRawText({ buffer: document.all() });
  text.write(value);
}
