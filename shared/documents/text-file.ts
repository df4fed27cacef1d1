import { writeSync } from 'node:fs';
import { ReadingError } from './failure.ts';
import { megabytes } from './limits.ts';

const GATHER = 65_536;

/** Where the text goes, as UTF-8, and no further than it may. */
export class TextFile {
  hasText = false;
  private readonly fd: number;
  private left: number;
  private readonly most: number;
  private gathered = '';

  constructor(fd: number, mostBytes: number) {
    this.fd = fd;
    this.left = mostBytes;
    this.most = mostBytes;
  }

  /** Zero characters, which documents use for what they cannot name, are left out. */
  write(text: string): void {
    this.hasText ||= /\S/.test(text);
    this.gathered += text.replaceAll('\0', '');
    if (this.gathered.length >= GATHER) this.flush();
  }

  flush(): void {
    const bytes = Buffer.from(this.gathered);
    this.gathered = '';
    this.left -= bytes.length;
    if (this.left < 0) throw new ReadingError('too_large', `Its text has more than ${megabytes(this.most)} MB.`);
    for (let at = 0; at < bytes.length; ) at += writeSync(this.fd, bytes, at);
  }
}
