import { describe, expect, test } from '@jest/globals';
import type { Stage } from '../stage.ts';
import { countsOf, newFiles } from '../vector-stores.ts';

/** What is sent, and what it must be answered with: message, param and code. */
type Case = [method: 'GET' | 'POST' | 'DELETE', path: string, body: unknown, status: number, message: string | RegExp, param: string | null, code: string | null];

const fine = { max_chunk_size_tokens: 800, chunk_overlap_tokens: 400 };
const cut = (changes: object) => ({ file_id: 'FILE', chunking_strategy: { type: 'static', static: { ...fine, ...changes } } });
const search = (fields: object) => ({ query: 'q', ...fields });
const ids = (count: number) => Array.from({ length: count }, (_, n) => `file-${n}`);
const nested = (depth: number): object => (depth === 0 ? { type: 'eq', key: 'k', value: 1 } : { type: 'and', filters: [nested(depth - 1)] });
const pairs = Object.fromEntries(ids(17).map((id) => [id, 'v']));
const value = (param: string, at: number, got: number, what: 'above maximum' | 'below minimum') =>
  `Invalid '${param}': integer ${what} value. Expected a value ${what === 'above maximum' ? '<=' : '>='} ${at}, but got ${got} instead.`;

const CASES: Case[] = [
  ['POST', '/vector_stores', { colour: 'red' }, 400, "Unknown parameter: 'colour'.", 'colour', 'unknown_parameter'],
  ['POST', '/vector_stores', { name: 7 }, 400, "Invalid type for 'name': expected a string, but got an integer instead.", 'name', 'invalid_type'],
  ['POST', '/vector_stores', { metadata: pairs }, 400, /too many properties/, 'metadata', 'object_above_max_properties'],
  ['POST', '/vector_stores', { file_ids: ids(501) }, 400, /array too long. Expected an array with maximum length 500/, 'file_ids', 'array_above_max_length'],
  ['POST', '/vector_stores', { file_ids: ['file-none'] }, 404, 'No such File object: file-none', 'id', null],
  ['POST', '/vector_stores', { expires_after: { anchor: 'created_at', days: 1 } }, 400, /^Invalid value: 'created_at'/, 'expires_after.anchor', 'invalid_value'],
  ['POST', '/vector_stores', { expires_after: { anchor: 'last_active_at', days: 366 } }, 400, value('expires_after.days', 365, 366, 'above maximum'), 'expires_after.days', 'integer_above_max_value'],
  ['POST', '/vector_stores', { expires_after: { anchor: 'last_active_at', days: 0 } }, 400, value('expires_after.days', 1, 0, 'below minimum'), 'expires_after.days', 'integer_below_min_value'],
  ['POST', '/vector_stores', { chunking_strategy: { type: 'other' } }, 400, /^Invalid value: 'other'/, 'chunking_strategy.type', 'invalid_value'],
  ['GET', '/vector_stores?limit=101', undefined, 400, value('limit', 100, 101, 'above maximum'), 'limit', 'integer_above_max_value'],
  ['GET', '/vector_stores/undefined', undefined, 400, "Invalid 'vector_store_id': 'undefined'. Expected an ID that begins with 'vs'.", 'vector_store_id', 'invalid_value'],
  ['GET', '/vector_stores/vs_none', undefined, 404, "No vector store found with id 'vs_none'.", null, null],
  ['DELETE', '/vector_stores/vs_none', undefined, 404, "No vector store found with id 'vs_none'.", null, null],
  ['GET', '/vector_stores/vs_none/files', undefined, 404, "No vector store found with id 'vs_none'.", null, null],
  ['POST', '/vector_stores/vs_none/search', search({}), 404, "No vector store found with id 'vs_none'.", null, null],
  ['POST', '/vector_stores/STORE', { description: 'no' }, 400, "Unknown parameter: 'description'.", 'description', 'unknown_parameter'],
  ['POST', '/vector_stores/STORE/files', {}, 400, "Missing required parameter: 'file_id'.", 'file_id', 'missing_required_parameter'],
  ['POST', '/vector_stores/STORE/files', { file_id: 'file-none' }, 404, 'No such File object: file-none', 'id', null],
  ['POST', '/vector_stores/STORE/files', cut({ max_chunk_size_tokens: 99 }), 400, value('chunking_strategy.static.max_chunk_size_tokens', 100, 99, 'below minimum'), 'chunking_strategy.static.max_chunk_size_tokens', 'integer_below_min_value'],
  ['POST', '/vector_stores/STORE/files', cut({ max_chunk_size_tokens: 4097 }), 400, value('chunking_strategy.static.max_chunk_size_tokens', 4096, 4097, 'above maximum'), 'chunking_strategy.static.max_chunk_size_tokens', 'integer_above_max_value'],
  ['POST', '/vector_stores/STORE/files', cut({ chunk_overlap_tokens: 401 }), 400, value('chunking_strategy.static.chunk_overlap_tokens', 400, 401, 'above maximum'), 'chunking_strategy.static.chunk_overlap_tokens', 'integer_above_max_value'],
  ['POST', '/vector_stores/STORE/files', { file_id: 'FILE', chunking_strategy: { type: 'static' } }, 400, "Missing required parameter: 'chunking_strategy.static'.", 'chunking_strategy.static', 'missing_required_parameter'],
  ['POST', '/vector_stores/STORE/files', { file_id: 'FILE', attributes: pairs }, 400, /too many properties/, 'attributes', 'object_above_max_properties'],
  ['POST', '/vector_stores/STORE/files', { file_id: 'FILE', attributes: { ['k'.repeat(65)]: 1 } }, 400, /Invalid property name in 'attributes'/, 'attributes', 'property_name_above_max_length'],
  ['POST', '/vector_stores/STORE/files', { file_id: 'FILE', attributes: { k: ['a'] } }, 400, /^Invalid type for 'attributes.k'/, 'attributes.k', 'invalid_type'],
  ['POST', '/vector_stores/STORE/files', { file_id: 'FILE', attributes: { k: 'v'.repeat(513) } }, 400, /maximum length 512/, 'attributes.k', 'string_above_max_length'],
  ['GET', '/vector_stores/STORE/files?filter=ready', undefined, 400, /^Invalid value: 'ready'/, 'filter', 'invalid_value'],
  ['GET', '/vector_stores/STORE/files/FILE', undefined, 404, /^No vector store file found with id 'file-/, null, null],
  ['POST', '/vector_stores/STORE/files/FILE', {}, 400, "Missing required parameter: 'attributes'.", 'attributes', 'missing_required_parameter'],
  ['POST', '/vector_stores/STORE/file_batches', {}, 400, "Missing required parameter: 'file_ids'.", 'file_ids', 'missing_required_parameter'],
  ['POST', '/vector_stores/STORE/file_batches', { file_ids: [] }, 400, /array too short/, 'file_ids', 'array_below_min_length'],
  ['POST', '/vector_stores/STORE/file_batches', { file_ids: ids(2001) }, 400, /maximum length 2000/, 'file_ids', 'array_above_max_length'],
  ['POST', '/vector_stores/STORE/file_batches', { file_ids: ['FILE'], files: [{ file_id: 'FILE' }] }, 400, "Give either 'file_ids' or 'files', not both.", 'files', 'invalid_value'],
  ['POST', '/vector_stores/STORE/file_batches', { files: [{ file_id: 'FILE' }, { attributes: {} }] }, 400, "Missing required parameter: 'files[1].file_id'.", 'files[1].file_id', 'missing_required_parameter'],
  ['POST', '/vector_stores/STORE/file_batches', { file_ids: ['FILE', 'file-none'] }, 404, 'No such File object: file-none', 'id', null],
  ['GET', '/vector_stores/STORE/file_batches/vsfb_none', undefined, 404, "No vector store file batch found with id 'vsfb_none'.", null, null],
  ['GET', '/vector_stores/STORE/file_batches/batch_1', undefined, 400, "Invalid 'batch_id': 'batch_1'. Expected an ID that begins with 'vsfb'.", 'batch_id', 'invalid_value'],
  ['POST', '/vector_stores/STORE/file_batches/vsfb_none/cancel', undefined, 404, "No vector store file batch found with id 'vsfb_none'.", null, null],
  ['POST', '/vector_stores/STORE/search', {}, 400, "Missing required parameter: 'query'.", 'query', 'missing_required_parameter'],
  ['POST', '/vector_stores/STORE/search', { query: [] }, 400, /array too short/, 'query', 'array_below_min_length'],
  ['POST', '/vector_stores/STORE/search', search({ max_num_results: 51 }), 400, value('max_num_results', 50, 51, 'above maximum'), 'max_num_results', 'integer_above_max_value'],
  ['POST', '/vector_stores/STORE/search', search({ ranking_options: { ranker: 'default_2024_08_21' } }), 400, /^Invalid value: 'default_2024_08_21'/, 'ranking_options.ranker', 'invalid_value'],
  ['POST', '/vector_stores/STORE/search', search({ ranking_options: { score_threshold: 2 } }), 400, value('ranking_options.score_threshold', 1, 2, 'above maximum'), 'ranking_options.score_threshold', 'integer_above_max_value'],
  ['POST', '/vector_stores/STORE/search', search({ filters: { type: 'like', key: 'k', value: 'v' } }), 400, /^Invalid value: 'like'/, 'filters.type', 'invalid_value'],
  ['POST', '/vector_stores/STORE/search', search({ filters: { type: 'eq', key: 'k', value: ['v'] } }), 400, /^Invalid type for 'filters.value'/, 'filters.value', 'invalid_type'],
  ['POST', '/vector_stores/STORE/search', search({ filters: { type: 'in', key: 'k', value: 'v' } }), 400, /^Invalid type for 'filters.value'/, 'filters.value', 'invalid_type'],
  ['POST', '/vector_stores/STORE/search', search({ filters: nested(6) }), 400, /^Invalid value: 'and'/, 'filters.filters[0].filters[0].filters[0].filters[0].filters[0].type', 'invalid_value'],
  ['POST', '/vector_stores/STORE/search', search({ filters: nested(50) }), 400, /^Invalid value: 'and'/, 'filters.filters[0].filters[0].filters[0].filters[0].filters[0].type', 'invalid_value'],
];

export function vectorStoreErrors(use: () => Stage): void {
  describe('bad requests to vector stores', () => {
    test('are answered with what is wrong with them, and change nothing', async () => {
      const stage = use();
      const store = await stage.client.vectorStores.create({});
      const [fileId = ''] = await newFiles(stage, { 'a.txt': 'a' });
      const filled = (text: string) => text.replaceAll('STORE', store.id).replaceAll('FILE', fileId);
      const got: unknown[] = [];
      for (const [method, path, body] of CASES) {
        const { status, body: answer } = await stage.http(method, filled(path), { ...(body !== undefined && { text: filled(JSON.stringify(body)) }) });
        got.push([method, path, status, answer.error]);
      }
      expect(got).toEqual(
        CASES.map(([method, path, , status, message, param, code]) => [method, path, status, { message: typeof message === 'string' ? message : expect.stringMatching(message), type: 'invalid_request_error', param, code }]),
      );
      expect(countsOf(await stage.client.vectorStores.retrieve(store.id))).toEqual([0, 0, 0, 0, 0]);
    });
  });
}
