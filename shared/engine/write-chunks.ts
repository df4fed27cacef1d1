/** Brings a document's text into the index: cut, given vectors, and added in order. */
import type { VectorStore, VectorStoreFile } from '../domain/vector-store.ts';
import { ModelError } from '../ports/model.ts';
import type { Chunk } from '../ports/search-index.ts';
import type { World } from '../ports/world.ts';
import { type TextChunk, chunk } from '../tools/chunker.ts';
import { MOST_BYTES, MOST_INPUTS, MOST_TOKENS, embedTexts } from '../tools/embed-texts.ts';

/** So many chunks are one addition to the index, and at most one request for vectors. */
const MOST_AT_ONCE = Math.min(256, MOST_INPUTS);
/** Requests under way: what is held in memory is twice that. */
const IN_FLIGHT = 2;

/** What the index has not tidied yet is searched row by row: within a large file, and before it is said to be there, it is tidied each time that it has so many more. */
const TIDY_AFTER = 4096;
const FEW = 1024;

const BYTES_OF_NUMBER = 4;

export interface Written {
  chunks: number;
  /** Of their texts and vectors. */
  usageBytes: number;
}

interface Options {
  store: VectorStore;
  /** Chunks up to this one are in the index already. */
  lastSeq: number;
  mostTokens: number;
  signal: AbortSignal;
}

type Vectored = Promise<Chunk[]>;

/** Adds what the text has behind `lastSeq`. The same text gives the same chunks, so that anybody can go on. */
export async function writeChunks(world: World, file: VectorStoreFile, text: AsyncIterable<string>, { store, lastSeq, mostTokens, signal }: Options): Promise<Written> {
  const place = { projectId: file.projectId, vectorStoreId: file.vectorStoreId };
  const vectors = new Vectors(world, store, signal);
  const written: Written = { chunks: 0, usageBytes: 0 };
  const inFlight: Vectored[] = [];
  let untidied = 0;
  const tidyAbove = async (most: number) => {
    if (untidied <= most) return;
    await world.index.tidy(place);
    untidied = 0;
  };
  const addNext = async () => {
    const chunks = (await inFlight.shift()) ?? [];
    signal.throwIfAborted();
    await world.index.add(place, { fileId: file.id, indexId: file.indexId }, chunks);
    for (const { vector } of chunks) written.usageBytes += (vector?.length ?? 0) * BYTES_OF_NUMBER;
    untidied += chunks.length;
    await tidyAbove(TIDY_AFTER);
  };
  try {
    for await (const group of groups(counted(chunk(text, file.chunking, mostTokens), written, lastSeq))) {
      if (inFlight.length === IN_FLIGHT) await addNext();
      const vectored = vectors.of(group);
      // It is waited for in its turn, or never.
      vectored.catch(() => undefined);
      inFlight.push(vectored);
    }
    while (inFlight.length > 0) await addNext();
    await tidyAbove(FEW);
    written.usageBytes += Math.min(written.chunks, lastSeq + 1) * vectors.length * BYTES_OF_NUMBER;
  } finally {
    vectors.stop();
  }
  return written;
}

/** Counts all of them and lets through those that are not in the index yet. */
async function* counted(chunks: AsyncIterable<TextChunk>, written: Written, lastSeq: number): AsyncGenerator<TextChunk> {
  for await (const each of chunks) {
    written.chunks++;
    written.usageBytes += Buffer.byteLength(each.text);
    if (each.seq > lastSeq) yield each;
  }
}

async function* groups(chunks: AsyncIterable<TextChunk>): AsyncGenerator<TextChunk[]> {
  let group: TextChunk[] = [];
  let [tokens, bytes] = [0, 0];
  for await (const each of chunks) {
    const size = Buffer.byteLength(each.text);
    if (group.length === MOST_AT_ONCE || (group.length > 0 && (tokens + each.tokens > MOST_TOKENS || bytes + size > MOST_BYTES))) {
      yield group;
      group = [];
      [tokens, bytes] = [0, 0];
    }
    group.push(each);
    tokens += each.tokens;
    bytes += size;
  }
  if (group.length > 0) yield group;
}

/** The vectors of one file. When its provider refuses it has none from then on, and is found by its words. */
class Vectors {
  readonly #world: World;
  readonly #store: VectorStore;
  readonly #stopped = new AbortController();
  readonly #signal: AbortSignal;
  #isRefused = false;
  #seen = 0;

  constructor(world: World, store: VectorStore, signal: AbortSignal) {
    this.#world = world;
    this.#store = store;
    this.#signal = AbortSignal.any([signal, this.#stopped.signal]);
  }

  /** How long each is: as asked for, or as they came. 0 when nobody knows, because all of them were there already. */
  get length(): number {
    return this.#store.embedding?.dimensions ?? this.#seen;
  }

  async of(chunks: readonly TextChunk[]): Promise<Chunk[]> {
    const vectors = await this.#embed(chunks.map(({ text }) => text));
    this.#seen = vectors?.[0]?.length ?? this.#seen;
    return chunks.map(({ seq, text, overlap }, at) => ({ seq, text, overlap, vector: vectors?.[at] }));
  }

  stop(): void {
    this.#stopped.abort();
  }

  async #embed(texts: readonly string[]): Promise<Float32Array[] | undefined> {
    const { embedding, id } = this.#store;
    if (!embedding || this.#isRefused) return undefined;
    try {
      return await embedTexts(this.#world, embedding, texts, this.#signal);
    } catch (error) {
      if (!(error instanceof ModelError) || (error.kind !== 'rejected' && error.kind !== 'context_overflow')) throw error;
      if (!this.#isRefused) this.#world.log.error('embedding_failed', { vectorStoreId: id, model: embedding.model, kind: error.kind });
      this.#isRefused = true;
      return undefined;
    }
  }
}
