import * as z from 'zod';
import { type ToolResources, type ToolResourcesInput, fileIds, vectorStoreIds } from '../../domain/settings.ts';
import { metadata, optional } from './settings.ts';
import { chunkingStrategy } from './vector-stores.ts';

/** Limits L19: an assistant searches so many stores, a thread one. */
const MOST_STORES = { assistant: 50, thread: 1 };
/** As many as a store can have. */
const MOST_FILES = 10_000;

const codeInterpreter = z.strictObject({ file_ids: fileIds }).optional();

/** The helper of the create requests: a vector store that is made with what it is for. */
const NewVectorStore = z
  .strictObject({ file_ids: optional(z.array(z.string()).max(MOST_FILES)), chunking_strategy: chunkingStrategy, metadata })
  .transform(({ file_ids = [], chunking_strategy: chunking, metadata }) => ({ fileIds: file_ids, chunking, metadata }));

/** Ids, or the helper: one store is made, and nothing says what both together would mean (contract §2). */
const fileSearch = (mostStores: number) =>
  z
    .strictObject({ vector_store_ids: optional(vectorStoreIds(mostStores)), vector_stores: optional(z.array(NewVectorStore).max(1)) })
    .check((ctx) => {
      const { vector_store_ids: ids, vector_stores: stores } = ctx.value;
      if (!ids?.length || !stores?.length) return;
      const message = "Invalid 'tool_resources.file_search': give either 'vector_store_ids' or 'vector_stores', not both.";
      ctx.issues.push({ code: 'custom', input: undefined, path: [], message, params: { rule: 'said', code: 'invalid_value' } });
    })
    .transform(({ vector_store_ids = [], vector_stores }) => ({ vector_store_ids, newStore: vector_stores?.[0] }))
    .optional();

/** Files and vector stores that assistants and threads bring along. */
export const createToolResources = (whose: keyof typeof MOST_STORES) =>
  optional(z.strictObject({ code_interpreter: codeInterpreter, file_search: fileSearch(MOST_STORES[whose]) })).transform((given): ToolResourcesInput | undefined => {
    if (given === undefined) return undefined;
    const { code_interpreter, file_search } = given;
    return {
      resources: { ...(code_interpreter && { code_interpreter }), ...(file_search && { file_search: { vector_store_ids: file_search.vector_store_ids } }) },
      newStore: file_search?.newStore,
    };
  });

const ids = (whose: keyof typeof MOST_STORES) =>
  z
    .strictObject({ code_interpreter: codeInterpreter, file_search: z.strictObject({ vector_store_ids: vectorStoreIds(MOST_STORES[whose]) }).optional() })
    .transform(({ code_interpreter, file_search }): ToolResources => ({ ...(code_interpreter && { code_interpreter }), ...(file_search && { file_search }) }));

/** Where nothing can be made: by its id alone. */
export const modifyToolResources = (whose: keyof typeof MOST_STORES) => ids(whose).nullish();
/** Of one run, in the place of its assistant's. */
export const runToolResources = optional(ids('assistant'));
