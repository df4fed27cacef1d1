import type { VectorStoreFile as WireFile } from 'openai/resources/vector-stores/files';
import { toSeconds } from '../domain/clock.ts';
import { type VectorStoreFile, usageOfFile } from '../domain/vector-store.ts';

export const toWireVectorStoreFile = (file: VectorStoreFile): WireFile => ({
  id: file.id,
  object: 'vector_store.file',
  usage_bytes: usageOfFile(file),
  created_at: toSeconds(file.createdAtMs),
  vector_store_id: file.vectorStoreId,
  status: file.status,
  last_error: file.status === 'failed' ? file.lastError : null,
  // Hosted names the numbers also where they were left to it.
  chunking_strategy: { type: 'static', static: { max_chunk_size_tokens: file.chunking.maxTokens, chunk_overlap_tokens: file.chunking.overlapTokens } },
  attributes: file.attributes,
});
