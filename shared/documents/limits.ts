/** What reading one document may take. The child process is told them as JSON. */
export interface Limits {
  /** From the child's start to its end. */
  timeMs: number;
  /** Of the child, resident in memory. */
  memoryBytes: number;
  /** Of the text, in UTF-8. */
  textBytes: number;
  /** Of a PDF. */
  pages: number;
  /** Of a document that is a ZIP archive: its parts, and what they take when they are unpacked. */
  entries: number;
  unpackedBytes: number;
  /** A page is a tree in memory, many times as large as the file. */
  htmlBytes: number;
}

const MB = 1024 * 1024;
export const LIMITS: Limits = { timeMs: 120_000, memoryBytes: 1024 * MB, textBytes: 128 * MB, pages: 20_000, entries: 20_000, unpackedBytes: 512 * MB, htmlBytes: 64 * MB };

export const megabytes = (bytes: number): number => Math.round(bytes / MB);
