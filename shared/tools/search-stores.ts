/** Searches vector stores: several of them, for several queries, by meaning and by words. */
import type { AttributeFilter } from '../domain/attribute-filter.ts';
import { within } from '../domain/clock.ts';
import { type Attributes, type Embedding, type VectorStore, type VectorStoreFile, counts, isStoreExpired } from '../domain/vector-store.ts';
import type { Hit, Strengths } from '../ports/search-index.ts';
import { keys } from '../ports/store.ts';
import type { World } from '../ports/world.ts';
import { filesFitting } from './files-fitting.ts';
import { inSlot } from './search-slots.ts';

export interface StoreSearch {
  projectId: string;
  storeIds: readonly string[];
  queries: readonly string[];
  /** The most results. */
  limit: number;
  /** From 0 to 1: what scores less is left out. */
  scoreThreshold?: number | undefined;
  filter?: AttributeFilter | undefined;
  signal?: AbortSignal | undefined;
}

export interface FoundText {
  vectorStoreId: string;
  fileId: string;
  filename: string;
  score: number;
  attributes: Attributes;
  text: string;
}

/** Of the chunks found some may be of files that have left the store: so many more are asked for. */
const SPARE = 20;
/** A search does not wait for its provider as indexing does: words alone find much. */
const EMBED_WITHIN_MS = 10_000;
/** In characters: the most of a query that is given a vector. A model takes 8192 tokens. */
const MOST_EMBEDDED = 4000;

/** Best first; a text that several queries or stores find once, with its best score. Stores that are gone or expired have nothing. */
export async function searchStores(world: World, { projectId, storeIds, queries, limit, scoreThreshold = 0, filter, signal }: StoreSearch): Promise<FoundText[]> {
  const stores = (await Promise.all([...new Set(storeIds)].map((id) => world.store.get(keys.vectorStore(projectId, id))))).filter(
    (store) => store !== undefined && !isStoreExpired(store, world.clock.nowMs()),
  ) as VectorStore[];
  const vectors = new QueryVectors(world, queries, signal);
  const found = await Promise.all(
    stores.map(async (store) => {
      const [fileIds, ofQueries] = await Promise.all([filter && filesFitting(world, store, filter), vectors.of(store.embedding)]);
      if (fileIds?.length === 0) return [];
      return Promise.all(queries.map((text, at) => inSlot(() => searchStore(world, store, { text, vector: ofQueries?.[at], limit, fileIds }), signal)));
    }),
  );
  const ofQueries = queries.map((_, at) => found.flatMap((ofStore) => (ofStore[at] ? [ofStore[at]] : [])));
  return best(ofQueries.flatMap(comparable), limit, scoreThreshold);
}

/** What one store has for one query. */
interface FromStore {
  found: FoundText[];
  strengths: Strengths | undefined;
}

/** A store's scores say how its texts stand to each other. Those of a store whose best is weak beside another's for the same query weigh as little as that. */
function comparable(stores: readonly FromStore[]): FoundText[] {
  if (stores.length <= 1) return stores.flatMap(({ found }) => found);
  const strongest = (way: keyof Strengths) => Math.max(0, ...stores.map(({ strengths }) => strengths?.[way] ?? 0));
  const ways = (['meaning', 'words'] as const).map((way) => ({ way, most: strongest(way) })).filter(({ most }) => most > 0);
  if (ways.length === 0) return stores.flatMap(({ found }) => found);
  return stores.flatMap(({ found, strengths }) => {
    const share = ways.reduce((sum, { way, most }) => sum + Math.max(0, strengths?.[way] ?? 0) / most, 0) / ways.length;
    return found.map((each) => ({ ...each, score: each.score * share }));
  });
}

interface StoreQuery {
  text: string;
  vector: Float32Array | undefined;
  limit: number;
  fileIds: readonly string[] | undefined;
}

/** What counts of what the index finds: it may not have caught up with the records yet, then more is asked for. */
async function searchStore(world: World, store: VectorStore, { limit, ...query }: StoreQuery): Promise<FromStore> {
  const place = { projectId: store.projectId, vectorStoreId: store.id };
  for (let most = limit + SPARE; ; most *= 4) {
    const hits = await world.index.search(place, { ...query, limit: most });
    const files = await filesOf(world, store, hits);
    const counting = hits.flatMap((hit) => {
      const file = files.get(hit.fileId);
      return counts(file, hit.indexId, world.clock.nowMs()) ? [toFound(hit, file)] : [];
    });
    if (counting.length >= limit || hits.length < most || most > MOST_LOOKED_AT) return { found: counting, strengths: hits[0]?.best };
  }
}
const MOST_LOOKED_AT = 5000;

async function filesOf({ store: records }: World, { projectId, id }: VectorStore, hits: readonly Hit[]): Promise<Map<string, VectorStoreFile>> {
  const ids = [...new Set(hits.map(({ fileId }) => fileId))];
  const files = await Promise.all(ids.map((fileId) => records.get(keys.vectorStoreFile(projectId, id, fileId))));
  return new Map(files.flatMap((file) => (file ? [[file.id, file] as const] : [])));
}

const toFound = ({ score, text }: Hit, file: VectorStoreFile): FoundText => ({
  vectorStoreId: file.vectorStoreId,
  fileId: file.id,
  filename: file.filename,
  score,
  attributes: file.attributes,
  text,
});

/** What more than one way has found counts before what only one has, where both score the same. */
function best(found: readonly FoundText[], limit: number, scoreThreshold: number): FoundText[] {
  const merged = new Map<string, { found: FoundText; times: number }>();
  for (const each of found) {
    const key = JSON.stringify([each.fileId, each.text]);
    const before = merged.get(key);
    merged.set(key, { found: before && before.found.score >= each.score ? before.found : each, times: (before?.times ?? 0) + 1 });
  }
  return [...merged.values()]
    .filter((each) => each.found.score >= scoreThreshold)
    .toSorted((a, b) => b.found.score - a.found.score || b.times - a.times)
    .slice(0, limit)
    .map((each) => each.found);
}

/** The vectors of all queries, by the model that a store keeps to: one request for each model. Without an answer it is words alone. */
class QueryVectors {
  readonly #world: World;
  readonly #queries: readonly string[];
  readonly #signal: AbortSignal | undefined;
  readonly #asked = new Map<string, Promise<Float32Array[] | undefined>>();

  constructor(world: World, queries: readonly string[], signal: AbortSignal | undefined) {
    this.#world = world;
    this.#queries = queries;
    this.#signal = signal;
  }

  of(embedding: Embedding | undefined): Promise<Float32Array[] | undefined> {
    if (!embedding) return Promise.resolve(undefined);
    const key = JSON.stringify([embedding.model, embedding.dimensions]);
    const asked = this.#asked.get(key) ?? this.#embed(embedding);
    this.#asked.set(key, asked);
    return asked;
  }

  async #embed({ model, dimensions }: Embedding): Promise<Float32Array[] | undefined> {
    const { model: provider, clock, log } = this.#world;
    const texts = this.#queries.map((query) => query.slice(0, MOST_EMBEDDED));
    const late = () => new Error(`no vectors within ${EMBED_WITHIN_MS} ms`);
    try {
      return await within(clock, { ms: EMBED_WITHIN_MS, late, signal: this.#signal }, async (signal) => provider.embed?.({ model, dimensions, texts }, signal));
    } catch (error) {
      this.#signal?.throwIfAborted();
      log.error('embedding_failed', { model, error });
      return undefined;
    }
  }
}
