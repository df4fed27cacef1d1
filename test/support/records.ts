/** Valid records of every kind. Each is parsed by its schema, so that a factory cannot make what no adapter may store. */
import { createHash, randomUUID } from 'node:crypto';
import { Alias } from '../../shared/domain/alias.ts';
import { ApiKey } from '../../shared/domain/api-key.ts';
import { Assistant } from '../../shared/domain/assistant.ts';
import { CodeSession } from '../../shared/domain/code-session.ts';
import { Delivery, DELIVERY_KEPT_MS, type DeliveryOf } from '../../shared/domain/delivery.ts';
import { Export, type ExportIn, NO_COUNTS } from '../../shared/domain/export.ts';
import { IDEMPOTENCY_KEPT_MS, IdempotencyRecord } from '../../shared/domain/idempotency.ts';
import { newId } from '../../shared/domain/ids.ts';
import { Message } from '../../shared/domain/message.ts';
import { newProject, Project } from '../../shared/domain/project.ts';
import { RunStep, type StepOf } from '../../shared/domain/run-step.ts';
import { Run, type RunOf, type RunStatus } from '../../shared/domain/run.ts';
import { Thread } from '../../shared/domain/thread.ts';
import { ToolEndpoint } from '../../shared/domain/tool-endpoint.ts';
import type { Usage } from '../../shared/domain/usage.ts';
import { newSigningSecret, WebhookEndpoint } from '../../shared/domain/webhook-endpoint.ts';
import { START_MS } from './manual-clock.ts';

export const PROJECT = 'proj_test';
export const DAY_MS = 86_400_000;

const parents = { projectId: PROJECT, threadId: 'thread_000000000000000000000001' };
const born = { rev: 0, createdAtMs: START_MS };
export const USAGE: Usage = { promptTokens: 12, completionTokens: 5, cachedTokens: 4, reasoningTokens: 2 };

export const anAssistant = (fields: Partial<Assistant> = {}): Assistant =>
  Assistant.parse({
    ...born,
    id: newId('assistant', START_MS),
    projectId: PROJECT,
    model: 'gpt-4o',
    tools: [],
    toolResources: {},
    metadata: {},
    responseFormat: 'auto',
    ...fields,
  });

/** Lives for sixty days, as threads do that do not say otherwise. */
export const aThread = (fields: Partial<Thread> = {}): Thread =>
  Thread.parse({
    ...born,
    id: newId('thread', START_MS),
    projectId: PROJECT,
    metadata: {},
    toolResources: {},
    retention: { days: 60 },
    lastActiveAtMs: START_MS,
    ...(fields.retention !== 'never' && { removeAfterMs: START_MS + 60 * DAY_MS }),
    ...fields,
  });

export const text = (value: string): Message['content'][number] => ({ type: 'text', text: { value, annotations: [] } });

export const aMessage = (fields: Partial<Extract<Message, { status: 'completed' }>> = {}): Extract<Message, { status: 'completed' }> =>
  Message.options[1].parse({
    ...born,
    ...parents,
    id: newId('message', START_MS),
    role: 'user',
    content: [text('Hello')],
    attachments: [],
    metadata: {},
    status: 'completed',
    completedAtMs: START_MS,
    ...fields,
  });

export const anIncompleteMessage = (fields: Partial<Extract<Message, { status: 'incomplete' }>> = {}): Extract<Message, { status: 'incomplete' }> => {
  const { completedAtMs: _, ...rest } = aMessage();
  return Message.options[2].parse({ ...rest, role: 'assistant', status: 'incomplete', incompleteAtMs: START_MS, incompleteReason: 'max_tokens', ...fields });
};

const LEASE = { owner: 'process-1', untilMs: START_MS + 30_000 };
const STEP_ID = 'step_000000000000000000000001';

/** What each status adds to the fields that every run has. */
const runExtras: { [S in RunStatus]: Partial<RunOf<S>> } = {
  queued: {},
  in_progress: { startedAtMs: START_MS, lease: LEASE },
  requires_action: { startedAtMs: START_MS, stepId: STEP_ID, round: 1 },
  cancelling: { startedAtMs: START_MS, lease: LEASE, stepId: STEP_ID },
  cancelled: { startedAtMs: START_MS, cancelledAtMs: START_MS + 2000 },
  failed: { startedAtMs: START_MS, failedAtMs: START_MS + 2000, lastError: { code: 'server_error', message: 'Sorry, something went wrong.' } },
  completed: { startedAtMs: START_MS, completedAtMs: START_MS + 2000 },
  incomplete: { startedAtMs: START_MS, completedAtMs: START_MS + 2000, incompleteReason: 'max_completion_tokens' },
  expired: {},
};

export const RUN_STATUSES = Object.keys(runExtras) as RunStatus[];

export const aRun = <S extends RunStatus>(status: S, fields: Partial<RunOf<S>> = {}): RunOf<S> =>
  Run.parse({
    ...born,
    ...parents,
    id: newId('run', START_MS),
    assistantId: 'asst_000000000000000000000001',
    expiresAtMs: START_MS + 600_000,
    model: 'gpt-4o',
    tools: [],
    toolResources: {},
    metadata: {},
    truncationStrategy: { type: 'auto' },
    toolChoice: 'auto',
    parallelToolCalls: true,
    responseFormat: 'auto',
    usage: USAGE,
    round: 0,
    ...runExtras[status],
    status,
    ...fields,
  }) as RunOf<S>;

const stepExtras: { [S in RunStep['status']]: Partial<StepOf<S>> } = {
  in_progress: {},
  completed: { usage: USAGE, completedAtMs: START_MS + 1000 },
  failed: { usage: USAGE, failedAtMs: START_MS + 1000, lastError: { code: 'rate_limit_exceeded', message: 'Too many requests.' } },
  cancelled: { usage: USAGE, cancelledAtMs: START_MS + 1000 },
  expired: { usage: USAGE, expiredAtMs: START_MS + 1000 },
};

export const STEP_STATUSES = Object.keys(stepExtras) as RunStep['status'][];

export const aStep = <S extends RunStep['status']>(status: S, fields: Partial<StepOf<S>> = {}): StepOf<S> =>
  RunStep.parse({
    ...born,
    ...parents,
    id: newId('step', START_MS),
    runId: 'run_000000000000000000000001',
    assistantId: 'asst_000000000000000000000001',
    expiresAtMs: START_MS + 600_000,
    metadata: {},
    details: { type: 'tool_calls', toolCalls: [{ id: 'call_1', type: 'function', name: 'get_weather', arguments: '{"city":"Oslo"}' }] },
    ...stepExtras[status],
    status,
    ...fields,
  }) as StepOf<S>;

const digest = (text: string): string => createHash('sha256').update(text).digest('hex');

export const anApiKey = (fields: Partial<ApiKey> = {}): ApiKey =>
  ApiKey.parse({ id: digest(randomUUID()), rev: 0, projectId: PROJECT, name: 'ci', hint: 'sk-1234…wxyz', createdAtMs: START_MS, ...fields });

export const anIdempotencyRecord = (fields: Partial<IdempotencyRecord> = {}): IdempotencyRecord =>
  IdempotencyRecord.parse({
    id: digest(randomUUID()),
    projectId: PROJECT,
    rev: 0,
    fingerprint: digest('POST /v1/threads {}'),
    created: { kind: 'thread', id: parents.threadId },
    removeAfterMs: START_MS + IDEMPOTENCY_KEPT_MS,
    ...fields,
  });

export const aProject = (fields: Partial<Project> = {}): Project => Project.parse({ ...newProject(`proj_${randomUUID()}`), ...fields });

const owned = { ...born, projectId: PROJECT };

export const aWebhookEndpoint = (fields: Partial<WebhookEndpoint> = {}): WebhookEndpoint =>
  WebhookEndpoint.parse({
    ...owned,
    id: newId('webhook_endpoint', START_MS),
    name: 'shop',
    url: 'https://example.com/hook',
    eventTypes: ['thread.created'],
    secrets: [{ secret: newSigningSecret() }],
    ...fields,
  });

const deliveryExtras: { [S in Delivery['status']]: Partial<DeliveryOf<S>> } = {
  pending: { nextAttemptAtMs: START_MS },
  delivered: { deliveredAtMs: START_MS + 1000 },
  failed: {},
};

export const DELIVERY_STATUSES = Object.keys(deliveryExtras) as Delivery['status'][];

export const aDelivery = <S extends Delivery['status']>(status: S, fields: Partial<DeliveryOf<S>> = {}): DeliveryOf<S> =>
  Delivery.parse({
    ...owned,
    id: newId('delivery', START_MS),
    endpointId: 'whe_000000000000000000000001',
    event: { id: newId('event', START_MS), type: 'thread.created', createdAtMs: START_MS, data: { id: parents.threadId } },
    attempts: [],
    attemptCount: 0,
    removeAfterMs: START_MS + DELIVERY_KEPT_MS,
    ...deliveryExtras[status],
    status,
    ...fields,
  }) as DeliveryOf<S>;

const exportExtras: { [S in Export['status']]: Partial<ExportIn<S>> } = {
  queued: {},
  in_progress: { startedAtMs: START_MS },
  completed: { startedAtMs: START_MS, completedAtMs: START_MS + 2000 },
  failed: { failedAtMs: START_MS + 2000, error: 'The disk is full.' },
};

export const EXPORT_STATUSES = Object.keys(exportExtras) as Export['status'][];

export const anExport = <S extends Export['status']>(status: S, fields: Partial<ExportIn<S>> = {}): ExportIn<S> =>
  Export.parse({
    ...owned,
    id: newId('export', START_MS),
    of: { threadId: parents.threadId },
    format: 'jsonl',
    cause: 'request',
    counts: NO_COUNTS,
    bytes: 0,
    ...exportExtras[status],
    status,
    ...fields,
  }) as ExportIn<S>;

export const anAlias = (fields: Partial<Alias> = {}): Alias =>
  Alias.parse({ id: 'msg_abc123', projectId: PROJECT, threadId: 'thread_abc123', rev: 0, sortId: newId('message', START_MS), ...fields });

export const aToolEndpoint = (fields: Partial<ToolEndpoint> = {}): ToolEndpoint =>
  ToolEndpoint.parse({ ...owned, id: `tool_${randomUUID()}`, target: { url: 'https://example.com/weather' }, secrets: [{ secret: newSigningSecret() }], timeoutSeconds: 480, ...fields });

export const aCodeSession = (fields: Partial<CodeSession> = {}): CodeSession =>
  CodeSession.parse({ id: parents.threadId, ...parents, rev: 0, openedAtMs: START_MS, usedAtMs: START_MS, mounted: [], written: [], ...fields });
