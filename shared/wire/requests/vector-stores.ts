import * as z from 'zod';
import type { AttributeFilter } from '../../domain/attribute-filter.ts';
import { Metadata, integer } from '../../domain/settings.ts';
import { AUTO_CHUNKING, Attributes, type Chunking, ExpiresAfterDays } from '../../domain/vector-store.ts';
import { metadata, optional } from './settings.ts';

const MOST_FILES_AT_CREATION = 500;
const MOST_FILES_IN_BATCH = 2000;

const StaticChunking = z.strictObject({ max_chunk_size_tokens: integer().min(100).max(4096), chunk_overlap_tokens: integer().min(0) }).check((ctx) => {
  const { max_chunk_size_tokens: most, chunk_overlap_tokens: overlap } = ctx.value;
  if (overlap > most / 2) ctx.issues.push({ code: 'too_big', origin: 'number', maximum: Math.floor(most / 2), inclusive: true, input: overlap, path: ['chunk_overlap_tokens'] });
});

/** Undefined when the client leaves it to us. */
export const chunkingStrategy = optional(
  z.discriminatedUnion('type', [z.strictObject({ type: z.literal('auto') }), z.strictObject({ type: z.literal('static'), static: StaticChunking })]).transform(
    (strategy): Chunking => (strategy.type === 'auto' ? AUTO_CHUNKING : { maxTokens: strategy.static.max_chunk_size_tokens, overlapTokens: strategy.static.chunk_overlap_tokens }),
  ),
);

const ExpiresAfter = z.strictObject({ anchor: z.literal('last_active_at'), days: ExpiresAfterDays });
/** In characters, as those of assistants. */
const name = z.string().max(256);

export const CreateVectorStore = z.strictObject({
  file_ids: optional(z.array(z.string()).max(MOST_FILES_AT_CREATION)),
  name: optional(name),
  description: optional(z.string().max(512)),
  expires_after: optional(ExpiresAfter),
  chunking_strategy: chunkingStrategy,
  metadata,
});

/** What is absent stays as it is; null empties. */
export const ModifyVectorStore = z.strictObject({ name: name.nullish(), expires_after: ExpiresAfter.nullish(), metadata: Metadata.nullish() });

const attributes = optional(Attributes);

export const CreateVectorStoreFile = z.strictObject({ file_id: z.string(), chunking_strategy: chunkingStrategy, attributes });
export type CreateVectorStoreFile = z.output<typeof CreateVectorStoreFile>;

export const ModifyVectorStoreFile = z.strictObject({ attributes: Attributes.nullable() });

/** One of the two; for `files` each says for itself how it is to be added. */
export const CreateFileBatch = z.strictObject({
  file_ids: optional(z.array(z.string()).min(1).max(MOST_FILES_IN_BATCH)),
  files: optional(z.array(CreateVectorStoreFile).min(1).max(MOST_FILES_IN_BATCH)),
  chunking_strategy: chunkingStrategy,
  attributes,
});

/** As long as the keys and values that they are compared with may be. */
const key = z.string().max(64);
const value = z.union([z.string().max(512), z.number(), z.boolean()]);
const Comparison = z.strictObject({ type: z.enum(['eq', 'ne', 'gt', 'gte', 'lt', 'lte']), key, value });
const Membership = z.strictObject({ type: z.enum(['in', 'nin']), key, value: z.array(value).max(1000) });
/** How deep filters may stand in filters: no schema of ours is as deep as whatever JSON may come. */
const DEEPEST_FILTER = 5;
const MOST_FILTERS = 100;

const filterOf = (depth: number): z.ZodType<AttributeFilter> =>
  depth === 0
    ? z.discriminatedUnion('type', [Comparison, Membership])
    : z.discriminatedUnion('type', [Comparison, Membership, z.strictObject({ type: z.enum(['and', 'or']), filters: z.array(filterOf(depth - 1)).max(MOST_FILTERS) })]);

/** Each is made with every file of the store. */
const MOST_COMPARED = 1000;
const sizeOf = (filter: AttributeFilter): number =>
  'filters' in filter ? filter.filters.reduce((sum, each) => sum + sizeOf(each), 0) : Array.isArray(filter.value) ? filter.value.length : 1;

const query = z.string().min(1).max(32_000);
const MOST_QUERIES = 32;

export const SearchVectorStore = z.strictObject({
  query: z.union([query, z.array(query).min(1).max(MOST_QUERIES)]),
  rewrite_query: optional(z.boolean()),
  max_num_results: optional(integer().min(1).max(50)),
  filters: optional(
    filterOf(DEEPEST_FILTER).check((ctx) => {
      const size = sizeOf(ctx.value);
      if (size > MOST_COMPARED) ctx.issues.push({ code: 'custom', input: ctx.value, message: `Invalid 'filters': too many comparisons. Expected at most ${MOST_COMPARED}, but got ${size} instead.` });
    }),
  ),
  ranking_options: optional(z.strictObject({ ranker: optional(z.enum(['none', 'auto', 'default-2024-11-15'])), score_threshold: optional(z.number().min(0).max(1)) })),
});

/** Where a page of a file's text begins; from the page before it. */
export const FileContentPage = z.object({ page: z.preprocess((given) => (typeof given === 'string' && /^\d{1,9}$/.test(given) ? Number(given) : given === '' ? undefined : given), integer().min(0).optional()) });
