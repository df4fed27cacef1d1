/** A body that each endpoint would take, with every field that it knows: what the mutations begin with. */
import type { Json, JsonObject } from '../support/contract-json.ts';

export interface Ids {
  assistant_id: string;
  thread_id: string;
  message_id: string;
  run_id: string;
  step_id: string;
  export_id: string;
  webhook_endpoint_id: string;
  function_name: string;
  file_id: string;
  upload_id: string;
  vector_store_id: string;
  batch_id: string;
  model: string;
}

const metadata = { user: 'u1', session: 's1' };
const parameters = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] };
const functions: JsonObject[] = [{ type: 'function', function: { name: 'get_weather', description: 'The weather', parameters, strict: false } }];
/** An assistant may have all of them; a run only those that are there. */
const tools: Json = [
  { type: 'code_interpreter' },
  { type: 'file_search', file_search: { max_num_results: 5, ranking_options: { ranker: 'auto', score_threshold: 0.5 } } },
  ...functions,
];
const tool_resources = { code_interpreter: { file_ids: [] }, file_search: { vector_store_ids: [] } };
const response_format = { type: 'json_schema', json_schema: { name: 'answer', description: 'd', schema: { type: 'object' }, strict: true } };
const message: JsonObject = {
  role: 'user',
  content: [
    { type: 'text', text: 'Hello' },
    { type: 'image_url', image_url: { url: 'https://example.com/a.png', detail: 'low' } },
  ],
  attachments: [{ tools: [{ type: 'file_search' }] }],
  metadata,
};
const plain: JsonObject = { role: 'assistant', content: 'Hello' };
const assistant = { name: 'Test', description: 'd', instructions: 'Be brief.', tools, tool_resources, metadata, temperature: 0.5, top_p: 0.9, reasoning_effort: 'low', response_format };
const settings = {
  ...{ model: 'threadkeep-demo', instructions: 'Be brief.', tools: functions, metadata, temperature: 0.5, top_p: 0.9, reasoning_effort: 'low', response_format, stream: false },
  ...{ max_prompt_tokens: 1000, max_completion_tokens: 1000, truncation_strategy: { type: 'last_messages', last_messages: 3 }, parallel_tool_calls: true },
  tool_choice: { type: 'function', function: { name: 'get_weather' } },
};

/** Told of nothing that happens here, so that nothing is ever sent. */
const webhook: JsonObject = { name: 'Mine', url: 'http://127.0.0.1:9/', event_types: ['thread.expired'] };

const toolEndpoint: JsonObject = { url: 'http://127.0.0.1:9/', timeout_seconds: 30 };

const chunking_strategy = { type: 'static', static: { max_chunk_size_tokens: 200, chunk_overlap_tokens: 100 } };
const attributes = { author: 'Ada', pages: 3, draft: false };
const filters = { type: 'and', filters: [{ type: 'eq', key: 'author', value: 'Ada' }, { type: 'or', filters: [{ type: 'in', key: 'pages', value: [1, 3] }] }] };
const MD5_OF_NOTHING = 'd41d8cd98f00b204e9800998ecf8427e';

/** Of no bytes, so that no parts make it whole. */
export const upload: JsonObject = { filename: 'empty.md', purpose: 'assistants', bytes: 0, mime_type: 'text/markdown', expires_after: { anchor: 'created_at', seconds: 3600 } };

/** By method and path as the routes table has them. Undefined: the endpoint reads no body. */
export const samples = ({ assistant_id, thread_id, file_id }: Ids): Record<string, JsonObject | undefined> => ({
  'POST /assistants': { model: 'threadkeep-demo', ...assistant },
  'POST /assistants/:assistant_id': { model: 'threadkeep-demo', ...assistant },
  'POST /threads': { messages: [message, plain], tool_resources, metadata, retention: { days: 7 } },
  'POST /threads/runs': { assistant_id, ...settings, thread: { messages: [message], tool_resources, metadata, retention: 'never' }, tool_resources },
  'POST /threads/:thread_id': { tool_resources, metadata, retention: 'never' },
  'POST /threads/:thread_id/touch': undefined,
  'POST /threads/:thread_id/messages': message,
  'POST /threads/:thread_id/messages/:message_id': { metadata },
  'POST /threads/:thread_id/runs': { assistant_id, ...settings, additional_instructions: 'And kind.', additional_messages: [message, plain] },
  'POST /threads/:thread_id/runs/:run_id': { metadata },
  'POST /threads/:thread_id/runs/:run_id/cancel': undefined,
  'POST /project': { retention: { days: 7 }, export_on_expiry: true, expiring_days: 3 },
  'POST /exports': { format: 'jsonl', thread_id },
  'POST /threads/:thread_id/exports': { format: 'markdown' },
  'POST /webhook_endpoints': webhook,
  'POST /webhook_endpoints/:webhook_endpoint_id': webhook,
  'POST /webhook_endpoints/:webhook_endpoint_id/rotate_secret': { keep_old_secret_active_for_24_hours: true },
  'POST /tool_endpoints': { name: 'nobody_calls_it', ...toolEndpoint },
  'POST /tool_endpoints/:function_name': toolEndpoint,
  'POST /tool_endpoints/:function_name/rotate_secret': { keep_old_secret_active_for_24_hours: true },
  'POST /threads/:thread_id/runs/:run_id/submit_tool_outputs': { tool_outputs: [{ tool_call_id: 'call_1', output: 'Sunny' }], stream: false },
  'POST /uploads': upload,
  'POST /uploads/:upload_id/complete': { part_ids: [], md5: MD5_OF_NOTHING },
  'POST /uploads/:upload_id/cancel': undefined,
  'POST /vector_stores': { file_ids: [file_id], name: 'Notes', description: 'd', expires_after: { anchor: 'last_active_at', days: 7 }, chunking_strategy, metadata },
  'POST /vector_stores/:vector_store_id': { name: 'Notes', expires_after: { anchor: 'last_active_at', days: 7 }, metadata },
  'POST /vector_stores/:vector_store_id/search': { query: 'Who?', rewrite_query: true, max_num_results: 3, filters, ranking_options: { ranker: 'auto' } },
  'POST /vector_stores/:vector_store_id/files': { file_id, chunking_strategy, attributes },
  'POST /vector_stores/:vector_store_id/files/:file_id': { attributes },
  'POST /vector_stores/:vector_store_id/file_batches': { files: [{ file_id, chunking_strategy, attributes }] },
  'POST /vector_stores/:vector_store_id/file_batches/:batch_id/cancel': undefined,
});

/** Bodies that are right but for a file or a store that is not there; the route they are for comes first. */
export function lostFiles({ assistant_id }: Ids): [route: string, body: JsonObject][] {
  const messages: JsonObject[] = [
    { role: 'user', content: [{ type: 'text', text: 'Look' }, { type: 'image_file', image_file: { file_id: 'file-none' } }] },
    { role: 'user', content: 'Look', attachments: [{ file_id: 'file-none', tools: [{ type: 'file_search' }] }] },
  ];
  const resources: JsonObject[] = [{ code_interpreter: { file_ids: ['file-none'] } }, { file_search: { vector_store_ids: ['vs_none'] } }];
  return [
    ...messages.flatMap((lost): [string, JsonObject][] => [
      ['POST /threads/:thread_id/messages', lost],
      ['POST /threads', { messages: [plain, lost] }],
      ['POST /threads/:thread_id/runs', { assistant_id, additional_messages: [plain, lost] }],
      ['POST /threads/runs', { assistant_id, thread: { messages: [lost] } }],
    ]),
    ...resources.flatMap((lost): [string, JsonObject][] => [
      ['POST /assistants', { model: 'threadkeep-demo', tool_resources: lost }],
      ['POST /assistants/:assistant_id', { tool_resources: lost }],
      ['POST /threads', { tool_resources: lost }],
      ['POST /threads/:thread_id', { tool_resources: lost }],
      ['POST /threads/runs', { assistant_id, tool_resources: lost }],
      ['POST /threads/runs', { assistant_id, thread: { tool_resources: lost } }],
    ]),
  ];
}

/** Fields that may not be left out, by the key that holds their object ('' at the top). */
const REQUIRED: Record<string, readonly string[]> = {
  messages: ['role', 'content'],
  additional_messages: ['role', 'content'],
  content: ['type', 'text', 'image_url', 'image_file'],
  image_url: ['url'],
  image_file: ['file_id'],
  tools: ['type', 'function'],
  function: ['name'],
  ranking_options: ['score_threshold'],
  truncation_strategy: ['type'],
  tool_choice: ['type', 'function'],
  response_format: ['type', 'json_schema'],
  json_schema: ['name'],
  retention: ['days'],
  expires_after: ['anchor', 'days', 'seconds'],
  chunking_strategy: ['type', 'static'],
  static: ['max_chunk_size_tokens', 'chunk_overlap_tokens'],
  filters: ['type', 'key', 'value', 'filters'],
  files: ['file_id'],
};
const REQUIRED_AT_TOP: Record<string, readonly string[]> = {
  'POST /uploads': ['filename', 'purpose', 'bytes', 'mime_type'],
  'POST /uploads/:upload_id/complete': ['part_ids'],
  'POST /vector_stores/:vector_store_id/search': ['query'],
  'POST /vector_stores/:vector_store_id/files': ['file_id'],
  'POST /webhook_endpoints': ['name', 'url', 'event_types'],
  'POST /tool_endpoints': ['name', 'url'],
  'POST /assistants': ['model'],
  'POST /threads/runs': ['assistant_id'],
  'POST /threads/:thread_id/messages': ['role', 'content'],
  'POST /threads/:thread_id/runs': ['assistant_id'],
  'POST /threads/:thread_id/runs/:run_id/submit_tool_outputs': ['tool_outputs'],
};

export const isRequired = (route: string, owner: string | undefined, key: string): boolean =>
  (owner === undefined ? (REQUIRED_AT_TOP[route] ?? []) : (REQUIRED[owner] ?? [])).includes(key);

/** Strings of any length are taken here; everywhere else 300,000 characters are too many, or no known value. */
const UNBOUNDED = new Set(['model', 'file_id', 'file_ids', 'vector_store_ids', 'tool_call_id', 'output']);
export const isBounded = (owner: string | undefined, key: string): boolean => !UNBOUNDED.has(key) && !(key === 'description' && (owner === 'function' || owner === 'json_schema'));

/** A client's own JSON: whatever is in there is right. */
export const isFreeForm = (key: string): boolean => ['parameters', 'schema', 'attributes', 'value'].includes(key);
