import { type VectorStoreFile, counts } from '../domain/vector-store.ts';
import type { World } from '../ports/world.ts';

const AT_ONCE = 200;
/** In characters: with its quotes and escapes an answer must stay below what a Lambda may send. */
const MOST = 1_000_000;

/** The pieces of a file's text from one on, without what each repeats of the one before. `nextSeq` is there when there are more. Only a completed file has some. */
export async function readTexts({ index, clock }: Pick<World, 'index' | 'clock'>, file: VectorStoreFile, fromSeq: number): Promise<{ texts: string[]; nextSeq?: number }> {
  const texts: string[] = [];
  if (!counts(file, file.indexId, clock.nowMs())) return { texts };
  const place = { projectId: file.projectId, vectorStoreId: file.vectorStoreId };
  let size = 0;
  for (let seq = fromSeq; seq < file.chunks; ) {
    const chunks = await index.read(place, file.indexId, seq, AT_ONCE);
    for (const { text, overlap } of chunks) {
      if (size >= MOST) return { texts, nextSeq: seq };
      const own = text.slice(overlap);
      texts.push(own);
      size += own.length;
      seq++;
    }
    if (chunks.length === 0) break;
  }
  return { texts };
}
