/** Records of every kind and status, each once with all that it may have and once with as little as it can. */
import type { Annotation, Attachment, ContentPart } from '../../shared/domain/message.ts';
import type { CodeCall } from '../../shared/domain/run-step.ts';
import type { Tool } from '../../shared/domain/settings.ts';
import type { Kind, RecordOf } from '../../shared/ports/store.ts';
import { aFile, aFileBatch, aStoreFile, anIncoming, anUpload, aVectorStore } from '../support/file-records.ts';
import {
  aCodeSession,
  aDelivery,
  aMessage,
  aProject,
  aRun,
  aStep,
  aThread,
  anAlias,
  aToolEndpoint,
  aWebhookEndpoint,
  anApiKey,
  anAssistant,
  anExport,
  anIdempotencyRecord,
  anIncompleteMessage,
  DELIVERY_STATUSES,
  EXPORT_STATUSES,
  RUN_STATUSES,
  STEP_STATUSES,
  text,
} from '../support/records.ts';
import { START_MS } from '../support/manual-clock.ts';

/** As deep and as odd as JSON Schema gets: null, empty strings, empty containers, keys that are numbers, paths or operators. */
const PARAMETERS = {
  type: 'object',
  $defs: { 'a.b/c~d': { enum: [null, '', 0, -0.5, 1e-7, 9007199254740991, true, [], {}] } },
  properties: { '0': { type: 'string', default: '' }, '#size': { const: null }, ':value': { anyOf: [{}, { type: ['null', 'number'] }] } },
  required: [],
  additionalProperties: false,
};

const TOOLS: Tool[] = [
  { type: 'code_interpreter' },
  { type: 'file_search', file_search: { max_num_results: 50, ranking_options: { ranker: 'auto', score_threshold: 0.1 + 0.2 } } },
  { type: 'file_search' },
  { type: 'function', function: { name: 'get_weather', description: 'Says “how warm” it is\n', parameters: PARAMETERS, strict: true } },
  { type: 'function', function: { name: 'no-parameters_', strict: null } },
];

const METADATA = Object.fromEntries(Array.from({ length: 16 }, (_, n) => [`${n}`.padEnd(64, 'k'), 'v'.repeat(512)]));

const settings = {
  tools: TOOLS,
  toolResources: { code_interpreter: { file_ids: ['file-1', 'file-2'] }, file_search: { vector_store_ids: ['vs_1'] } },
  metadata: METADATA,
  instructions: 'Be brief.\r\n'.repeat(1000),
  temperature: 0.30000000000000004,
  topP: 1,
  reasoningEffort: 'xhigh' as const,
  responseFormat: { type: 'json_schema' as const, json_schema: { name: 'answer', description: '', schema: PARAMETERS, strict: false } },
};

const ANNOTATIONS: Annotation[] = [
  { type: 'file_citation', text: '【4:0†a.txt】', start_index: 0, end_index: 10, file_citation: { file_id: 'file-1' } },
  { type: 'file_path', text: 'sandbox:/mnt/data/x.csv', start_index: 11, end_index: 34, file_path: { file_id: 'file-2' } },
];

const CONTENT: ContentPart[] = [
  { type: 'text', text: { value: '【4:0†a.txt】 sandbox:/mnt/data/x.csv', annotations: ANNOTATIONS } },
  { type: 'image_file', image_file: { file_id: 'file-3', detail: 'high' } },
  { type: 'image_url', image_url: { url: 'https://example.com/a.png?x=%00#é', detail: 'auto' } },
  { type: 'refusal', refusal: '' },
  text(''),
];

const ATTACHMENTS: Attachment[] = [{ file_id: 'file-1', tools: [{ type: 'file_search' }, { type: 'code_interpreter' }] }, { tools: [] }, {}];
const FULL_MESSAGE = {
  importedId: 'msg_hosted-1', content: CONTENT, attachments: ATTACHMENTS, metadata: METADATA, assistantId: 'asst_1', runId: 'run_1' };

const FULL_RUN = {
  ...settings,
  startedAtMs: START_MS + 1,
  maxPromptTokens: 256,
  maxCompletionTokens: 1_000_000,
  truncationStrategy: { type: 'last_messages' as const, last_messages: 7 },
  toolChoice: { type: 'function' as const, function: { name: 'get_weather' } },
  parallelToolCalls: false,
  codeSessions: 1,
};

const anOpenMessage = (fields: Parameters<typeof aMessage>[0] = {}) => {
  const { completedAtMs: _, ...rest } = aMessage(fields);
  return { ...rest, status: 'in_progress' as const };
};

const TOOL_CALLS = {
  type: 'tool_calls' as const,
  toolCalls: [
    { id: 'call_1', type: 'function' as const, name: 'get_weather', arguments: '{"city": "Łódź"' },
    { id: 'call_2', type: 'function' as const, name: '', arguments: '', output: '' },
  ],
};

const RANKING = { ranker: 'default_2024_08_21' as const, score_threshold: 0.1 + 0.2 };
const SEARCHES = {
  type: 'tool_calls' as const,
  toolCalls: [
    {
      ...{ id: 'call_1', type: 'file_search' as const, arguments: '{"queries": ["Łódź"', rankingOptions: RANKING, ordinal: 4, note: 'ü' },
      results: [{ fileId: 'file-1', filename: 'ü 漢.txt', score: 0.5, attributes: { n: -1.5, yes: true, '': 'ü' }, vectorStoreId: 'vs_1', text: '🧀\n' }],
    },
    { id: 'call_2', type: 'file_search' as const, arguments: '', rankingOptions: { ranker: 'auto' as const, score_threshold: 0 } },
  ],
};

const codeOf = (...toolCalls: CodeCall[]) => ({ type: 'tool_calls' as const, toolCalls });
const CODE: CodeCall = {
  ...{ id: 'call_1', type: 'code_interpreter', input: 'print("Łódź")\n', note: 'ü' },
  outputs: [{ type: 'logs', logs: 'Łódź\r\n\u001b[31m🧀\n' }, { type: 'image', fileId: 'file-1' }, { type: 'image', fileId: 'file-2' }],
  files: [{ path: 'a/ü 漢.csv', fileId: 'file-3', bytes: 0 }, { path: 'x.csv', fileId: 'file-4', bytes: 100_000_000 }],
};

const ANSWERED_ELSEWHERE = {
  type: 'tool_calls' as const,
  toolCalls: [
    { id: 'call_1', type: 'function' as const, name: 'near', arguments: '{}', output: 'answer', calledBy: 'driver' as const },
    { id: 'call_2', type: 'function' as const, name: 'far', arguments: '{}', calledBy: 'job' as const },
  ],
};

const FULL_DELIVERY = {
  threadId: 'thread_1',
  event: { id: 'evt_1', type: 'thread.run.completed', createdAtMs: START_MS, data: { id: 'run_1', thread_id: 'thread_1', '': '' } },
  replayedAtMs: START_MS + 1000,
  attempts: [{ atMs: START_MS, durationMs: 10_000.5, error: 'no answer' }, { atMs: START_MS + 5000, durationMs: 1, status: 503 }],
  attemptCount: 21,
};

export const SAMPLES: { [K in Kind]: RecordOf<K>[] } = {
  assistant: [anAssistant(), anAssistant({ ...settings, name: 'Ada', description: 'Explains' }), anAssistant({ responseFormat: { type: 'json_object' } })],
  thread: [
    aThread(),
    aThread({ metadata: METADATA, toolResources: settings.toolResources, activeRun: { id: 'run_1', expiresAtMs: START_MS + 600_000 }, lastMessageId: 'msg_1', lastRunId: 'run_1', hasImportedIds: true, exportOnExpiry: true }),
    aThread({ retention: 'never', removeAfterMs: START_MS + 1 }),
    aThread({ activeRun: { id: 'run_1', expiresAtMs: START_MS }, waitingRuns: [{ id: 'run_2', expiresAtMs: START_MS + 1 }, { id: 'run_3', expiresAtMs: START_MS + 600_000 }] }),
  ],
  message: [
    aMessage(),
    aMessage({ ...FULL_MESSAGE, role: 'assistant' }),
    aMessage({ content: [] }),
    anIncompleteMessage(),
    anIncompleteMessage({ ...FULL_MESSAGE, incompleteReason: 'run_expired' }),
    anOpenMessage(),
    anOpenMessage(FULL_MESSAGE),
  ],
  run: [
    ...RUN_STATUSES.map((status) => aRun(status)),
    ...RUN_STATUSES.map((status) => aRun(status, FULL_RUN)),
    aRun('cancelling', { stepId: 'step_1' }),
    aRun('queued', { stepId: 'step_1', round: 1 }),
    aRun('queued', { waits: { messages: [{ role: 'user', content: CONTENT, attachments: ATTACHMENTS, metadata: METADATA }, { role: 'assistant', content: [], attachments: [], metadata: {} }] } }),
    aRun('queued', { waits: { messages: [] } }),
    aRun('in_progress', { stepId: 'step_1' }),
    aRun('queued', { toolChoice: { type: 'file_search' }, responseFormat: { type: 'text' } }),
  ],
  step: [
    ...STEP_STATUSES.map((status) => aStep(status)),
    ...STEP_STATUSES.map((status) => aStep(status, { metadata: METADATA, details: TOOL_CALLS })),
    aStep('in_progress', { usage: { promptTokens: 0, completionTokens: 0, cachedTokens: 0, reasoningTokens: 0 } }),
    aStep('completed', { details: { type: 'message_creation', messageId: 'msg_1' } }),
    aStep('completed', { details: SEARCHES }),
    aStep('completed', { details: codeOf(CODE) }),
    aStep('completed', { details: codeOf({ id: 'call_1', type: 'code_interpreter', input: '', outputs: [], files: [] }) }),
    aStep('cancelled', { details: codeOf({ id: 'call_1', type: 'code_interpreter', input: 'while' }) }),
    aStep('in_progress', { details: ANSWERED_ELSEWHERE, asker: { owner: 'process-1', untilMs: START_MS + 30_000 } }),
  ],
  file: [aFile(), aFile({ purpose: 'fine-tune-results', filename: 'ü 漢.txt', pieces: [{ key: 'files/proj_default/upload_1/part_1', bytes: 0 }, { key: 'files/proj_default/upload_1/part_2', bytes: 5 }], removeAfterMs: START_MS + 3_600_000 })],
  file_place: [{ id: 'vs_1', projectId: 'proj_default', fileId: 'file-1', rev: 0 }],
  upload: [anUpload({ status: 'pending' }), anUpload({ status: 'pending', fileExpiresAfterSeconds: 3600 }), anIncoming(), anIncoming({ multipart: 'some-upload' }), { id: 'upload_1', projectId: 'proj_default', rev: 1, createdAtMs: START_MS, removeAfterMs: START_MS + 7_200_000, status: 'arrived' }, anUpload({ status: 'completed', fileId: 'file-1', fileExpiresAfterSeconds: 3600 }), anUpload({ status: 'cancelled', fileExpiresAfterSeconds: 3600 })],
  upload_part: [{ id: 'part_1', projectId: 'proj_default', uploadId: 'upload_1', rev: 0, createdAtMs: START_MS, bytes: 64 * 1024 * 1024, key: 'files/proj_default/upload_1/part_1' }],
  vector_store: [aVectorStore(), aVectorStore({ name: '', description: 'd', metadata: METADATA, expiresAfterDays: 365, embedding: { model: 'text-embedding-3-large', dimensions: 256 }, isDropped: true, usageBytes: 1, counts: { inProgress: 1, completed: 2, failed: 3, cancelled: 4 } }), aVectorStore({ embedding: { model: 'nomic' } })],
  vector_store_file: [
    aStoreFile({ status: 'in_progress' }),
    aStoreFile({ status: 'in_progress', lease: { owner: 'process-1', untilMs: START_MS + 30_000 }, batchId: 'vsfb_1', fileExpiresAtMs: START_MS + 3_600_000, attributes: { '': 'ü', n: -1.5, yes: true } }),
    aStoreFile({ status: 'completed', usageBytes: 0, chunks: 0, batchId: 'vsfb_1', fileExpiresAtMs: START_MS + 3_600_000 }),
    aStoreFile({ status: 'failed', lastError: { code: 'invalid_file', message: 'no' }, batchId: 'vsfb_1', fileExpiresAtMs: START_MS + 3_600_000 }),
    aStoreFile({ status: 'cancelled', batchId: 'vsfb_1', fileExpiresAtMs: START_MS + 3_600_000 }),
  ],
  file_batch: [aFileBatch(), aFileBatch({ isCancelled: true, pending: [{ fileId: 'file-1', attributes: { a: 1 }, chunking: { maxTokens: 100, overlapTokens: 0 } }] })],
  api_key: [anApiKey(), anApiKey({ name: '', projectId: 'proj / ü' })],
  idempotency: [anIdempotencyRecord(), anIdempotencyRecord({ created: { kind: 'message', parentId: 'thread_1', id: 'msg_1' } })],
  project: [aProject(), aProject({ id: 'proj / ü', retention: 'never', exportOnExpiry: true, expiringDays: 365, whenBusy: 'cancel_active' }), aProject({ retention: { days: 1 }, whenBusy: 'queue' })],
  webhook_endpoint: [
    aWebhookEndpoint(),
    aWebhookEndpoint({ updatedAtMs: START_MS + 1, name: '', url: 'http://[::1]:8080/a?b=%00#é', eventTypes: [], secrets: [{ secret: 'whsec_' }, { secret: `whsec_${'A'.repeat(44)}`, untilMs: START_MS + 86_400_000 }] }),
  ],
  delivery: [
    ...DELIVERY_STATUSES.map((status) => aDelivery(status)),
    ...DELIVERY_STATUSES.map((status) => aDelivery(status, FULL_DELIVERY)),
  ],
  export: [
    ...EXPORT_STATUSES.map((status) => anExport(status)),
    anExport('queued', { of: { metadata: {} }, format: 'markdown', cause: 'expiry' }),
    anExport('in_progress', {
      of: { metadata: METADATA },
      lease: { owner: 'process-1', untilMs: START_MS + 30_000 },
      cursor: '{"thread":"thread_1"}',
      upload: { id: 'upload/1', parts: [{ number: 1, tag: '"etag-1"', bytes: 5_242_880 }] },
      counts: { threads: 1, messages: 100_000, runs: 2, steps: 3 },
      bytes: 5_242_880,
    }),
    anExport('failed', { startedAtMs: START_MS }),
  ],
  code_session: [
    aCodeSession(),
    aCodeSession({ id: 'thread_1', threadId: 'thread_1', session: 'aci-1/ü', usedAtMs: START_MS + 1, mounted: ['file-1', 'file-2'], written: [{ path: 'a/ü 漢.csv', fileId: 'file-3' }, { path: 'x.csv', fileId: 'file-4' }] }),
  ],
  alias: [anAlias(), anAlias({ id: 'msg_other' })],
  tool_endpoint: [aToolEndpoint(), aToolEndpoint({ updatedAtMs: START_MS + 1, secrets: [{ secret: 'whsec_new' }, { secret: 'whsec_old', untilMs: START_MS + 86_400_000 }] }), aToolEndpoint({ id: 'no-parameters_', target: { lambdaArn: 'arn:aws:lambda:eu-west-1:123456789012:function:weather:live' }, timeoutSeconds: 1 })],
};

export const KINDS = Object.keys(SAMPLES) as Kind[];
