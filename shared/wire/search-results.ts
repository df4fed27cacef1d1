import type { VectorStoreSearchResponse } from 'openai/resources/vector-stores/vector-stores';
import type { Attributes } from '../domain/vector-store.ts';

interface Found {
  fileId: string;
  filename: string;
  score: number;
  attributes: Attributes;
  text: string;
}

export interface SearchResultsPage {
  object: 'vector_store.search_results.page';
  search_query: string[];
  data: VectorStoreSearchResponse[];
  has_more: boolean;
  next_page: string | null;
}

/** All there is: what was asked for has its most. */
export const toWireSearchResults = (queries: readonly string[], found: readonly Found[]): SearchResultsPage => ({
  object: 'vector_store.search_results.page',
  search_query: [...queries],
  data: found.map(({ fileId, filename, score, attributes, text }) => ({ file_id: fileId, filename, score, attributes, content: [{ type: 'text', text }] })),
  has_more: false,
  next_page: null,
});
