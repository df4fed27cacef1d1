import type { Chunk, Entry, SearchIndex, StorePlace } from '../../shared/ports/search-index.ts';

type Stored = Entry & Chunk;

/** A search index for tests of what stands before it: whatever has a word of the query is found, in the order of coming in. */
export class MemoryIndex implements SearchIndex {
  readonly #stores = new Map<string, Stored[]>();

  /** How many chunks there are of what, by the ids that they were added under. */
  counts({ projectId, vectorStoreId }: StorePlace): Record<string, number> | undefined {
    const rows = this.#stores.get(`${projectId} ${vectorStoreId}`);
    return rows && rows.reduce<Record<string, number>>((sum, { indexId }) => ({ ...sum, [indexId]: (sum[indexId] ?? 0) + 1 }), {});
  }

  async add(place: StorePlace, entry: Entry, chunks: readonly Chunk[]): Promise<void> {
    this.#rows(place).push(...chunks.map((chunk) => ({ ...entry, ...chunk })));
  }

  async standing(place: StorePlace, indexId: string): Promise<{ chunks: number; lastSeq: number }> {
    const seqs = this.#of(place, indexId).map(({ seq }) => seq);
    return { chunks: seqs.length, lastSeq: Math.max(-1, ...seqs) };
  }

  async remove(place: StorePlace, indexId: string): Promise<void> {
    const rows = this.#stores.get(keyOf(place));
    if (rows) this.#stores.set(keyOf(place), rows.filter((row) => row.indexId !== indexId));
  }

  async drop(place: StorePlace): Promise<void> {
    this.#stores.delete(keyOf(place));
  }

  async search(place: StorePlace, { text, limit, fileIds }: Parameters<SearchIndex['search']>[1]): ReturnType<SearchIndex['search']> {
    const words = text.toLowerCase().split(/\W+/);
    return (this.#stores.get(keyOf(place)) ?? [])
      .filter((row) => (fileIds?.includes(row.fileId) ?? true) && words.some((word) => row.text.toLowerCase().includes(word)))
      .slice(0, limit)
      .map(({ fileId, indexId, seq, text: found }, at) => ({ fileId, indexId, seq, text: found, score: 1 / (at + 1) }));
  }

  async read(place: StorePlace, indexId: string, fromSeq: number, limit: number): Promise<Chunk[]> {
    return this.#of(place, indexId).filter(({ seq }) => seq >= fromSeq && seq < fromSeq + limit).toSorted((a, b) => a.seq - b.seq);
  }

  async tidy(): Promise<void> {
    // There is nothing to be made smaller.
  }

  #rows(place: StorePlace): Stored[] {
    const rows = this.#stores.get(keyOf(place)) ?? [];
    this.#stores.set(keyOf(place), rows);
    return rows;
  }

  #of(place: StorePlace, indexId: string): Stored[] {
    return (this.#stores.get(keyOf(place)) ?? []).filter((row) => row.indexId === indexId);
  }
}

const keyOf = ({ projectId, vectorStoreId }: StorePlace): string => `${projectId} ${vectorStoreId}`;
