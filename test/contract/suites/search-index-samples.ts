import type { Chunk, StorePlace } from '../../../shared/ports/search-index.ts';
import { vectorOf } from '../../support/scripted-vectors.ts';

export const PLACE: StorePlace = { projectId: 'proj_a', vectorStoreId: 'vs_a' };
const DIMENSIONS = 32;

/** Chunks with the vectors that the scripted model would give them. */
export const chunksOf = (texts: readonly string[], fromSeq = 0): Chunk[] => texts.map((text, at) => ({ seq: fromSeq + at, text, overlap: 0, vector: vectorOf(text, DIMENSIONS) }));
export const bare = (texts: readonly string[], fromSeq = 0): Chunk[] => chunksOf(texts, fromSeq).map(({ seq, text, overlap }) => ({ seq, text, overlap }));
export const entry = (name: string) => ({ fileId: `file-${name}`, indexId: `index-${name}` });
export const meaning = (text: string) => vectorOf(text, DIMENSIONS);
