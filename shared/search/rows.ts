/** Chunks as rows of a table, and back. */
import type { Schema, Table } from 'apache-arrow';
import * as z from 'zod';
import type { Chunk, Entry } from '../ports/search-index.ts';
import type { Library } from './library.ts';
import { fromIndexed, toIndexed } from './words.ts';

/** A row found: by words with a BM25 score, by meaning with the squared distance of two vectors of length 1. */
export const Row = z
  .object({ file_id: z.string(), index_id: z.string(), seq: z.number(), text: z.string(), _score: z.number().optional(), _distance: z.number().optional() })
  .transform(({ file_id, index_id, seq, text, _score, _distance = 0 }) => ({ fileId: file_id, indexId: index_id, seq, text: fromIndexed(text), strength: _score ?? 1 - _distance / 2 }));
export type Row = z.infer<typeof Row>;

export const ChunkRow = z.object({ seq: z.number(), text: z.string(), overlap: z.number() }).transform(({ seq, text, overlap }): Chunk => ({ seq, text: fromIndexed(text), overlap }));

/** A table begins without vectors; their column is added with the first of them. */
export function schemaOf({ arrow: { Field, FixedSizeList, Float32, Int32, Schema, Utf8 } }: Library, vectorLength?: number): Schema {
  const text = (name: string) => new Field(name, new Utf8(), false);
  const whole = (name: string) => new Field(name, new Int32(), false);
  const vector = (length: number) => new Field('vector', new FixedSizeList(length, new Field('item', new Float32(), true)), true);
  return new Schema([text('file_id'), text('index_id'), whole('seq'), text('text'), whole('overlap'), ...(vectorLength === undefined ? [] : [vector(vectorLength)])]);
}

export function toTable(library: Library, { fileId, indexId }: Entry, chunks: readonly Chunk[], vectorLength: number | undefined): Table {
  const rows = chunks.map(({ seq, text, overlap, vector }) => ({
    file_id: fileId,
    index_id: indexId,
    seq,
    text: toIndexed(text),
    overlap,
    ...(vectorLength !== undefined && { vector: (vector && toUnit(vector)) ?? null }),
  }));
  return library.lance.makeArrowTable(rows, { schema: schemaOf(library, vectorLength) });
}

/** Of length 1, so that the distance between two is a matter of their directions alone. Undefined for one that has none. */
export function toUnit(vector: Float32Array): Float32Array | undefined {
  const length = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
  return Number.isFinite(length) && length > 0 ? vector.map((value) => value / length) : undefined;
}
