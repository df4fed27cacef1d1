/**
 * The search index: chunks of text with vectors, found by meaning and by words. It knows nothing of records: who asks it decides by them what of its
 * answers counts. All that belongs to one vector store lives together, and goes together.
 */

export interface StorePlace {
  projectId: string;
  vectorStoreId: string;
}

/** A piece of a file's text. `seq` counts from 0 within its file. */
export interface Chunk {
  seq: number;
  text: string;
  /** So many characters (UTF-16 units) at its beginning are the end of the chunk before it. */
  overlap: number;
  /** Absent where there is no model for it. All vectors of a store have the same length. */
  vector?: Float32Array | undefined;
}

/** What chunks belong to: a file, and the time that it was added (VectorStoreFile.indexId). */
export interface Entry {
  fileId: string;
  indexId: string;
}

export interface IndexQuery {
  /** What is looked for by words. */
  text: string;
  /** And by meaning: then the two are fused. */
  vector?: Float32Array | undefined;
  /** The most hits that are wanted. */
  limit: number;
  /** Only chunks of these files. */
  fileIds?: readonly string[] | undefined;
}

/** How strong the best of a search was by each way of looking: of searches for the same question, in several stores, these can be compared, as scores cannot. */
export interface Strengths {
  meaning?: number | undefined;
  words?: number | undefined;
}

export interface Hit extends Entry {
  seq: number;
  text: string;
  /** From 0 to 1, falling: 1 is first by every way of looking that was asked for. Says how a hit stands beside the others, not how good it is. */
  score: number;
  /** Of the search that has found it. */
  best?: Strengths | undefined;
}

export interface SearchIndex {
  /** Adds chunks behind those that the entry has. Atomic: all of them or none; durable when it resolves. */
  add(place: StorePlace, entry: Entry, chunks: readonly Chunk[]): Promise<void>;
  /** How many chunks the entry has, and up to which `seq`: -1 for none. More chunks than that means that some are there twice. */
  standing(place: StorePlace, indexId: string): Promise<{ chunks: number; lastSeq: number }>;
  /** Takes the entry's chunks out. Does nothing about those that are not there. */
  remove(place: StorePlace, indexId: string): Promise<void>;
  /** Nothing is left of the store, on disk neither. Does nothing when there is none. */
  drop(place: StorePlace): Promise<void>;
  /** Best first. Nothing of a store that has no index. What was added before this began is found, also what no index is built over yet. */
  search(place: StorePlace, query: IndexQuery): Promise<Hit[]>;
  /** The entry's chunks from `fromSeq` on, in order, without vectors. */
  read(place: StorePlace, indexId: string, fromSeq: number, limit: number): Promise<Chunk[]>;
  /** Makes many small pieces into few, removes what is deleted from the disk, builds what makes a large index fast. */
  tidy(place: StorePlace): Promise<void>;
}
