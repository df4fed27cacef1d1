/** Records: typed rows under hierarchical keys, read one by one or page by page. They change through `commit` alone (commit.ts). */
import type * as z from 'zod';
import { Alias } from '../domain/alias.ts';
import { ApiKey } from '../domain/api-key.ts';
import { Assistant } from '../domain/assistant.ts';
import { Delivery } from '../domain/delivery.ts';
import { Export } from '../domain/export.ts';
import { IdempotencyRecord } from '../domain/idempotency.ts';
import { Message } from '../domain/message.ts';
import { Project } from '../domain/project.ts';
import { RunStep } from '../domain/run-step.ts';
import { Run } from '../domain/run.ts';
import { Thread } from '../domain/thread.ts';
import { ToolEndpoint } from '../domain/tool-endpoint.ts';
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
} as const;

export type Kind = keyof typeof SCHEMAS;
export type RecordOf<K extends Kind> = z.infer<(typeof SCHEMAS)[K]>;

/**
 * Where the records of one kind live together, outermost first: [project], [project, thread] for messages, runs and aliases,
 * [project, thread, run] for steps, [project, endpoint] for deliveries. Every scope begins with the project, so a wrong project
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
  /** Only records whose fields have exactly these values. */
  where?: { runId?: string | undefined; metadata?: Record<string, string> | undefined } | undefined;
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
};

/** The key of a record of any kind. */
export function keyOf<K extends Kind>(kind: K, record: RecordOf<K>): Key<K> {
  const { projectId, threadId, runId, endpointId } = record as { projectId: string; threadId?: string; runId?: string; endpointId?: string };
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
  }[kind]();
  return { kind, scope, id: record.id };
}
