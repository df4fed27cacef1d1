/** Records: typed rows under hierarchical keys, read one by one or page by page. They change through `commit` alone (commit.ts). */
import type * as z from 'zod';
import { Alias } from '../domain/alias.ts';
import { ApiKey } from '../domain/api-key.ts';
import { Assistant } from '../domain/assistant.ts';
import { CodeSession } from '../domain/code-session.ts';
import { Delivery } from '../domain/delivery.ts';
import { Export } from '../domain/export.ts';
import { File, FilePlace } from '../domain/file.ts';
import { IdempotencyRecord } from '../domain/idempotency.ts';
import { Message } from '../domain/message.ts';
import { Project } from '../domain/project.ts';
import { RunStep } from '../domain/run-step.ts';
import { Run } from '../domain/run.ts';
import { Thread } from '../domain/thread.ts';
import { ToolEndpoint } from '../domain/tool-endpoint.ts';
import { Upload, UploadPart } from '../domain/upload.ts';
import { FileBatch, VectorStore, VectorStoreFile } from '../domain/vector-store.ts';
import { WebhookEndpoint } from '../domain/webhook-endpoint.ts';

/** The schema of every stored kind. Rows are parsed with it on the way out too. */
export const SCHEMAS = {
  assistant: Assistant,
  thread: Thread,
  message: Message,
  run: Run,
  step: RunStep,
  api_key: ApiKey,
  idempotency: IdempotencyRecord,
  project: Project,
  webhook_endpoint: WebhookEndpoint,
  delivery: Delivery,
  export: Export,
  tool_endpoint: ToolEndpoint,
  alias: Alias,
  file: File,
  file_place: FilePlace,
  upload: Upload,
  upload_part: UploadPart,
  vector_store: VectorStore,
  vector_store_file: VectorStoreFile,
  file_batch: FileBatch,
  code_session: CodeSession,
} as const;

export type Kind = keyof typeof SCHEMAS;
export type RecordOf<K extends Kind> = z.infer<(typeof SCHEMAS)[K]>;

/**
 * Where the records of one kind live together, outermost first: [project], [project, thread] for messages, runs, aliases and the thread's code session,
 * [project, thread, run] for steps, [project, endpoint] for deliveries, [project, vector store] for its files and batches, [project, file] for
 * its places, [project, upload] for its parts. Every scope begins with the project, so a wrong project
 * finds nothing. API keys, which are what a project is found by, and projects themselves have the empty scope.
 */
export type Scope = readonly string[];

export interface Key<K extends Kind = Kind> {
  kind: K;
  scope: Scope;
  id: string;
}

export interface PageQuery {
  order: 'asc' | 'desc';
  limit: number;
  /** Exclusive ids. A cursor is compared, not looked up: a deleted record's id still works. */
  after?: string | undefined;
  before?: string | undefined;
  /** Only records whose fields have exactly these values. All but `runId` are looked for record by record. */
  where?: { runId?: string | undefined; metadata?: Record<string, string> | undefined; status?: string | undefined; purpose?: string | undefined; batchId?: string | undefined } | undefined;
}

export interface Page<R> {
  items: R[];
  hasMore: boolean;
}

export interface Store {
  /** Undefined for what does not exist, or whose `removeAfterMs` has come. */
  get<K extends Kind>(key: Key<K>): Promise<RecordOf<K> | undefined>;
  /** One key range in id order; with `before` alone the records nearest to it. Leaves out what `get` would not find. */
  page<K extends Kind>(kind: K, scope: Scope, query: PageQuery): Promise<Page<RecordOf<K>>>;
}

export const keys = {
  assistant: (projectId: string, id: string): Key<'assistant'> => ({ kind: 'assistant', scope: [projectId], id }),
  thread: (projectId: string, id: string): Key<'thread'> => ({ kind: 'thread', scope: [projectId], id }),
  message: (projectId: string, threadId: string, id: string): Key<'message'> => ({ kind: 'message', scope: [projectId, threadId], id }),
  run: (projectId: string, threadId: string, id: string): Key<'run'> => ({ kind: 'run', scope: [projectId, threadId], id }),
  step: (projectId: string, threadId: string, runId: string, id: string): Key<'step'> => ({ kind: 'step', scope: [projectId, threadId, runId], id }),
  apiKey: (id: string): Key<'api_key'> => ({ kind: 'api_key', scope: [], id }),
  idempotency: (projectId: string, id: string): Key<'idempotency'> => ({ kind: 'idempotency', scope: [projectId], id }),
  project: (id: string): Key<'project'> => ({ kind: 'project', scope: [], id }),
  webhookEndpoint: (projectId: string, id: string): Key<'webhook_endpoint'> => ({ kind: 'webhook_endpoint', scope: [projectId], id }),
  delivery: (projectId: string, endpointId: string, id: string): Key<'delivery'> => ({ kind: 'delivery', scope: [projectId, endpointId], id }),
  export: (projectId: string, id: string): Key<'export'> => ({ kind: 'export', scope: [projectId], id }),
  alias: (projectId: string, threadId: string, id: string): Key<'alias'> => ({ kind: 'alias', scope: [projectId, threadId], id }),
  toolEndpoint: (projectId: string, name: string): Key<'tool_endpoint'> => ({ kind: 'tool_endpoint', scope: [projectId], id: name }),
  file: (projectId: string, id: string): Key<'file'> => ({ kind: 'file', scope: [projectId], id }),
  filePlace: (projectId: string, fileId: string, id: string): Key<'file_place'> => ({ kind: 'file_place', scope: [projectId, fileId], id }),
  upload: (projectId: string, id: string): Key<'upload'> => ({ kind: 'upload', scope: [projectId], id }),
  uploadPart: (projectId: string, uploadId: string, id: string): Key<'upload_part'> => ({ kind: 'upload_part', scope: [projectId, uploadId], id }),
  vectorStore: (projectId: string, id: string): Key<'vector_store'> => ({ kind: 'vector_store', scope: [projectId], id }),
  vectorStoreFile: (projectId: string, vectorStoreId: string, id: string): Key<'vector_store_file'> => ({ kind: 'vector_store_file', scope: [projectId, vectorStoreId], id }),
  fileBatch: (projectId: string, vectorStoreId: string, id: string): Key<'file_batch'> => ({ kind: 'file_batch', scope: [projectId, vectorStoreId], id }),
  codeSession: (projectId: string, threadId: string): Key<'code_session'> => ({ kind: 'code_session', scope: [projectId, threadId], id: threadId }),
};

/** The key of a record of any kind. */
export function keyOf<K extends Kind>(kind: K, record: RecordOf<K>): Key<K> {
  const { projectId, threadId, runId, endpointId, fileId, uploadId, vectorStoreId } = record as { projectId: string } & Partial<Record<'threadId' | 'runId' | 'endpointId' | 'fileId' | 'uploadId' | 'vectorStoreId', string>>;
  const scope = {
    api_key: () => [],
    assistant: () => [projectId],
    thread: () => [projectId],
    idempotency: () => [projectId],
    message: () => [projectId, threadId ?? ''],
    run: () => [projectId, threadId ?? ''],
    step: () => [projectId, threadId ?? '', runId ?? ''],
    project: () => [],
    webhook_endpoint: () => [projectId],
    delivery: () => [projectId, endpointId ?? ''],
    export: () => [projectId],
    tool_endpoint: () => [projectId],
    alias: () => [projectId, threadId ?? ''],
    file: () => [projectId],
    file_place: () => [projectId, fileId ?? ''],
    upload: () => [projectId],
    upload_part: () => [projectId, uploadId ?? ''],
    vector_store: () => [projectId],
    vector_store_file: () => [projectId, vectorStoreId ?? ''],
    file_batch: () => [projectId, vectorStoreId ?? ''],
    code_session: () => [projectId, threadId ?? ''],
  }[kind]();
  return { kind, scope, id: record.id };
}
