/** The document, as the child has it: an open file without a name. */
import { fstatSync, readSync } from 'node:fs';

export class Document {
  readonly fd: number;
  readonly size: number;

  constructor(fd: number) {
    this.fd = fd;
    this.size = fstatSync(fd).size;
  }

  all(): Buffer<ArrayBuffer> {
    const bytes = Buffer.allocUnsafeSlow(this.size);
    for (let at = 0; at < bytes.length; ) {
      const read = readSync(this.fd, bytes, at, bytes.length - at, at);
      if (read === 0) break;
      at += read;
    }
    return bytes;
  }
}
