/** What we use of packages that have no types of their own. */

declare module 'yauzl' {
  export interface Entry {
    fileName: string;
    compressedSize: number;
    uncompressedSize: number;
    generalPurposeBitFlag: number;
  }
  export interface ZipFile extends NodeJS.EventEmitter {
    entryCount: number;
    fileSize: number;
    readEntry(): void;
    close(): void;
    openReadStream(entry: Entry, callback: (error: Error | null, stream: NodeJS.ReadableStream) => void): void;
  }
  export function fromFd(fd: number, options: { lazyEntries: boolean; autoClose: boolean }, callback: (error: Error | null, zip: ZipFile) => void): void;
}

declare module 'word-extractor' {
  interface Extracted {
    getBody(): string;
    getFootnotes(): string;
    getEndnotes(): string;
    getTextboxes(options?: { includeHeadersAndFooters?: boolean }): string;
  }
  export default class WordExtractor {
    extract(source: Buffer): Promise<Extracted>;
  }
}
