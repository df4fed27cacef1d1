/** Files: exported histories. Written whole or in parts, read as a stream; nobody sees one before it is complete. */

/** The least that any part but a file's last may have: S3's rule. */
export const LEAST_PART_BYTES = 5 * 1024 * 1024;
/** The most that a file can have, likewise. */
export const MOST_PARTS = 10_000;

export interface UploadedPart {
  /** From 1 on; a part that is put again replaces the one of its number. */
  number: number;
  tag: string;
}

export interface Blob {
  /** How many there are in all. */
  bytes: number;
  /** To be read to its end or cancelled, else it holds its file open. */
  body: ReadableStream<Uint8Array>;
}

/**
 * Keys are names joined by '/', as `exports/proj_default/exp_1.jsonl`; BlobKeyError for any other. What is put is durable when its
 * promise resolves.
 */
export interface Blobs {
  /** Begins a file of many parts; resolves to the upload's id, which anybody may go on with. */
  begin(key: string, contentType: string): Promise<string>;
  /** Resolves to the part's tag. UploadGoneError when there is no such upload any more. */
  putPart(key: string, upload: string, number: number, bytes: Uint8Array): Promise<string>;
  /**
   * The file is there from now on, made of these parts in the order of their numbers; what the key held before is replaced. To do it
   * again does no harm. UploadGoneError when there is no such upload, nor a file; PartsError when the parts are not as they were put.
   */
  complete(key: string, upload: string, parts: readonly UploadedPart[]): Promise<void>;
  /** Forgets the upload and its parts. Does nothing when there is none. Uploads that nobody ends are forgotten after some days. */
  abort(key: string, upload: string): Promise<void>;
  put(key: string, bytes: Uint8Array, contentType: string): Promise<void>;
  /** Undefined when there is no such file. */
  read(key: string): Promise<Blob | undefined>;
  /** Does nothing about those that are not there. */
  remove(keys: readonly string[]): Promise<void>;
  /** Where anybody may read the file for so long, under this name, past this server; undefined where there is no such place. */
  link(key: string, seconds: number, fileName: string): Promise<URL | undefined>;
}

/** A key that no file can have. Always our own mistake. */
export class BlobKeyError extends Error {}

/** The upload was completed, aborted or forgotten: its file must be begun anew. */
export class UploadGoneError extends Error {}

/** A part is missing, has another tag or is too small, or there are none. */
export class PartsError extends Error {}

/** No name begins with a dot, so that none leads out of a folder, and none is longer than file systems allow. */
const KEY = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,200}(\/[A-Za-z0-9_-][A-Za-z0-9._-]{0,200}){0,7}$/;

export function checkKey(key: string): string {
  if (!KEY.test(key)) throw new BlobKeyError(`no file can have this key: ${key}`);
  return key;
}

/** In order, each number once, all of them possible. */
export function inOrder(parts: readonly UploadedPart[]): UploadedPart[] {
  const ordered = parts.toSorted((a, b) => a.number - b.number);
  const isRising = ordered.every(({ number }, at) => Number.isInteger(number) && number > (ordered[at - 1]?.number ?? 0) && number <= MOST_PARTS);
  if (ordered.length === 0 || !isRising) throw new PartsError(`${parts.length} parts do not make a file`);
  return ordered;
}
