import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect } from '@jest/globals';
import { makeDocuments } from '../../../shared/documents/index.ts';
import type { Limits } from '../../../shared/documents/limits.ts';
import type { Documents } from '../../../shared/ports/documents.ts';

/** A folder for one suite, in which nothing is to be left. */
export function useDocuments(): (limits?: Partial<Limits>) => Documents {
  const folder = mkdtempSync(join(tmpdir(), 'threadkeep-documents-'));
  afterAll(() => {
    const left = readdirSync(folder);
    rmSync(folder, { recursive: true });
    expect(left).toEqual([]);
  });
  return (limits) => makeDocuments({ folder, limits });
}

export const streamOf = (content: Buffer | Iterable<Uint8Array>): ReadableStream<Uint8Array> =>
  ReadableStream.from<Uint8Array>(Buffer.isBuffer(content) ? piecesOf(content, 50_000) : content);

export function* piecesOf(content: Buffer, length: number): Generator<Uint8Array> {
  for (let at = 0; at < content.length; at += length) yield content.subarray(at, at + length);
}

export async function textOf(pieces: AsyncIterable<string>): Promise<string> {
  let text = '';
  for await (const piece of pieces) {
    expect(piece).not.toMatch(/[\ud800-\udbff]$/);
    text += piece;
  }
  return text;
}
