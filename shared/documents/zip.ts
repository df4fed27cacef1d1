/** An archive that is looked at before it is unpacked, and watched while it is. */
import { type Entry, type ZipFile, fromFd } from 'yauzl';
import type { Document } from './document.ts';
import { ReadingError } from './failure.ts';
import { type Limits, megabytes } from './limits.ts';

/** A part of so much text is not made of anything but repetition when it was packed so small. */
const MOST_RATIO = 200;
const SUSPECT_BYTES = 32 * 1024 * 1024;
const IS_ENCRYPTED = 1;

export class Zip {
  readonly names: ReadonlySet<string>;
  private readonly zip: ZipFile;
  private readonly entries: ReadonlyMap<string, Entry>;
  private left: number;
  private readonly limits: Limits;

  private constructor(zip: ZipFile, entries: ReadonlyMap<string, Entry>, limits: Limits) {
    this.zip = zip;
    this.entries = entries;
    this.names = new Set(entries.keys());
    this.limits = limits;
    this.left = limits.unpackedBytes;
  }

  static async open(document: Document, limits: Limits): Promise<Zip> {
    const zip = await new Promise<ZipFile>((resolve, reject) => {
      fromFd(document.fd, { lazyEntries: true, autoClose: false }, (error, opened) => (error ? reject(error) : resolve(opened)));
    });
    if (zip.entryCount > limits.entries) throw new ReadingError('too_large', `It has more than ${limits.entries} parts.`);
    const entries = await entriesOf(zip);
    let [packed, unpacked] = [0, 0];
    for (const entry of entries.values()) {
      if (entry.generalPurposeBitFlag & IS_ENCRYPTED) throw new ReadingError('encrypted');
      if (entry.uncompressedSize > SUSPECT_BYTES && entry.uncompressedSize > entry.compressedSize * MOST_RATIO) throw tooLarge(limits);
      packed += entry.compressedSize;
      unpacked += entry.uncompressedSize;
    }
    if (unpacked > limits.unpackedBytes) throw tooLarge(limits);
    // Parts that share their bytes.
    if (packed > document.size) throw new ReadingError('damaged', 'zip');
    return new Zip(zip, entries, limits);
  }

  /** Unpacks one part. All that is ever unpacked counts, also what is unpacked twice. */
  async *read(name: string): AsyncGenerator<Buffer, void, void> {
    const entry = this.entries.get(name);
    if (!entry) return;
    const stream = await new Promise<NodeJS.ReadableStream>((resolve, reject) => {
      this.zip.openReadStream(entry, (error, opened) => (error ? reject(error) : resolve(opened)));
    });
    for await (const piece of stream) {
      this.left -= piece.length;
      if (this.left < 0) throw tooLarge(this.limits);
      yield piece as Buffer;
    }
  }

  /** Unpacks a part for nothing but its size. */
  async measure(name: string): Promise<number> {
    let length = 0;
    for await (const piece of this.read(name)) length += piece.length;
    return length;
  }

  async readText(name: string): Promise<string> {
    const pieces: Buffer[] = [];
    for await (const piece of this.read(name)) pieces.push(piece);
    return decodeXml(Buffer.concat(pieces));
  }
}

const tooLarge = ({ unpackedBytes }: Limits) => new ReadingError('too_large', `Unpacked, it may have ${megabytes(unpackedBytes)} MB.`);

const entriesOf = (zip: ZipFile): Promise<Map<string, Entry>> =>
  new Promise((resolve, reject) => {
    const entries = new Map<string, Entry>();
    zip.on('entry', (entry: Entry) => {
      if (entries.has(entry.fileName)) reject(new ReadingError('damaged', 'zip'));
      entries.set(entry.fileName, entry);
      zip.readEntry();
    });
    zip.on('end', () => resolve(entries));
    zip.on('error', reject);
    zip.readEntry();
  });

/** XML is UTF-8 unless it begins as UTF-16 does. */
function decodeXml(bytes: Buffer): string {
  const [first, second] = bytes;
  const encoding = first === 0xff && second === 0xfe ? 'utf-16le' : first === 0xfe && second === 0xff ? 'utf-16be' : 'utf-8';
  return new TextDecoder(encoding).decode(bytes);
}
