/** A running server, a scripted model behind it and an official client before it, checked after each test. */
import { afterAll, afterEach, beforeAll, beforeEach, jest } from '@jest/globals';
import { ScriptedModel } from '../support/scripted-model.ts';
import { LOCAL_KEY, type ServerOptions, TestServer } from '../support/server.ts';
import type { ServerUnderTest } from '../support/server-under-test.ts';
import { type ValidatingFetch, validatingFetch } from '../support/validating-fetch.ts';
import { OLD_MODEL, OLD_MODEL_NOW, SMALL_MODEL, SMALL_WINDOW } from './model-names.ts';
import type { Assistant, AssistantCreateParams, Client, ClientOptions, Message, Page, RunStep, Sdk, Thread } from './clients/client.ts';

export { LOCAL_KEY };
/** As the limits have it: a run lives for ten minutes. */
export const RUN_WINDOW_MS = 600_000;

const TEST_WITHIN_MS = 30_000;
const STARTED_WITHIN_MS = 120_000;

export interface HttpOptions {
  body?: unknown;
  /** Sent as it is, instead of `body`. */
  text?: string;
  headers?: Record<string, string>;
  key?: string;
  /** Without the check against the contract, for what the contract does not have. */
  unchecked?: boolean;
}

export interface Answer<T> {
  status: number;
  headers: Headers;
  body: T;
}

export interface ErrorBody {
  error: { message: string; type: string; param: string | null; code: string | null };
}

export class Stage<S extends ServerUnderTest = ServerUnderTest> {
  readonly sdk: Sdk;
  readonly model: ScriptedModel;
  readonly server: S;
  readonly check: ValidatingFetch;
  readonly client: Client;

  constructor(sdk: Sdk, model: ScriptedModel, server: S) {
    this.sdk = sdk;
    this.model = model;
    this.server = server;
    this.check = validatingFetch({ basePath: new URL(server.baseUrl).pathname });
    this.client = this.connect();
  }

  get threads(): Client['beta']['threads'] {
    return this.client.beta.threads;
  }
  get runs(): Client['beta']['threads']['runs'] {
    return this.threads.runs;
  }
  get messages(): Client['beta']['threads']['messages'] {
    return this.threads.messages;
  }
  get assistants(): Client['beta']['assistants'] {
    return this.client.beta.assistants;
  }

  /** Another client of the same version. */
  connect(options: Partial<ClientOptions> = {}): Client {
    return this.sdk.connect({ baseURL: this.server.baseUrl, apiKey: this.server.key, maxRetries: 0, fetch: this.check.fetch, ...options });
  }

  /** A request by hand, for what the clients cannot send. `T` is what the caller expects to be answered. */
  async http<T = ErrorBody>(method: string, path: string, { body, text, headers, key = this.server.key, unchecked = false }: HttpOptions = {}): Promise<Answer<T>> {
    const send = unchecked ? fetch : this.check.fetch;
    const response = await send(`${this.server.baseUrl}${path}`, {
      method,
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers },
      ...((body !== undefined || text !== undefined) && { body: text ?? JSON.stringify(body) }),
    });
    return { status: response.status, headers: response.headers, body: (await response.json()) as T };
  }

  newAssistant(settings: Partial<AssistantCreateParams> = {}): Promise<Assistant> {
    return this.assistants.create({ model: 'gpt-4o', ...settings });
  }

  /** A thread with these user messages. */
  newThread(...texts: string[]): Promise<Thread> {
    return this.threads.create({ messages: texts.map((content) => ({ role: 'user', content })) });
  }

  /** An assistant and a thread, ready for a run. */
  async newPair(settings: Partial<AssistantCreateParams> = {}, ...texts: string[]): Promise<{ assistant_id: string; thread_id: string }> {
    const [assistant, thread] = await Promise.all([this.newAssistant(settings), this.newThread(...(texts.length > 0 ? texts : ['Hello']))]);
    return { assistant_id: assistant.id, thread_id: thread.id };
  }

  /** All steps of a run, oldest first. */
  stepsOf(run: { id: string; thread_id: string }): Promise<RunStep[]> {
    return all(this.runs.steps.list(run.id, { thread_id: run.thread_id, order: 'asc' }));
  }

  /** All messages of a thread, oldest first. */
  messagesOf(threadId: string): Promise<Message[]> {
    return all(this.messages.list(threadId, { order: 'asc' }));
  }

  /** The error that a call ended with. */
  failure(call: Promise<unknown>): Promise<Failure> {
    return failureOf(this.sdk, call);
  }

  async verify(): Promise<void> {
    await this.model.verify();
    this.check.assertClean();
    this.server.expectNoErrors();
  }
}

/** What a typed exception says. */
export interface Failure {
  error: Error;
  status: number | undefined;
  message: string;
  code: string | null | undefined;
  param: string | null | undefined;
  type: string | undefined;
}

/** Fails when `call` succeeds, or ends with anything but an error of the API. */
async function failureOf(sdk: Sdk, call: Promise<unknown>): Promise<Failure> {
  const error = await call.then(
    () => new Error('the call succeeded'),
    (reason: unknown) => reason,
  );
  if (!(error instanceof sdk.errors.APIError)) throw error;
  const { status, code, param, type } = error as Error & Omit<Failure, 'error' | 'message'>;
  // The clients put the status before the server's words.
  return { error, status, code, param, type, message: error.message.replace(`${status} `, '') };
}

export async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const result: T[] = [];
  for await (const item of items) result.push(item);
  return result;
}

export const ids = (items: readonly { id: string }[]): string[] => items.map(({ id }) => id);
export const pageIds = async (page: PromiseLike<Page<{ id: string }>>): Promise<string[]> => ids((await page).data);

/** The words of a message. */
export const textOf = (message: Message | undefined): string => (message?.content ?? []).map((part) => (part.type === 'text' ? part.text.value : `(${part.type})`)).join('|');

/** Looks again until `look` finds what it looks for; for what the server does by itself soon after it has answered. */
export async function eventually<T>(what: string, look: () => Promise<T | undefined>, ms = 30_000): Promise<T> {
  const untilMs = Date.now() + ms;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (Date.now() > untilMs) throw new Error(`after ${ms} ms still not: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Starts what the scenarios are played on, with this model behind it and the settings of model-names.ts. */
export type Start = (model: ScriptedModel, options: { clocked: boolean }) => Promise<ServerUnderTest>;

const MODEL_SETTINGS = { MODEL_CONTEXT_WINDOWS: `${SMALL_MODEL}=${SMALL_WINDOW}`, MODEL_ALIASES: `${OLD_MODEL}=${OLD_MODEL_NOW}` };

export const embedded: Start = (model, { clocked }) => TestServer.start({ clocked, env: { ...upstream(model), ...MODEL_SETTINGS } });

const upstream = (model: ScriptedModel) => ({ MODEL_BASE_URL: model.baseUrl, MODEL_API_KEY: 'sk-upstream' });

export const useStage = (sdk: Sdk, options: ServerOptions = {}): (() => Stage<TestServer>) =>
  useStageOn(sdk, (model) => TestServer.start({ ...options, env: { ...upstream(model), ...options.env } }));

/** One server and one model for a whole test file, a new client and clean scripts for each test. */
export function useStageOn<S extends ServerUnderTest>(sdk: Sdk, start: (model: ScriptedModel) => Promise<S>): () => Stage<S> {
  // Only a fault takes as long as that; a busy machine takes its time.
  jest.setTimeout(TEST_WITHIN_MS);
  let parts: { model: ScriptedModel; server: S } | undefined;
  let stage: Stage<S> | undefined;

  beforeAll(async () => {
    const model = await ScriptedModel.start();
    parts = { model, server: await start(model) };
  }, STARTED_WITHIN_MS);
  beforeEach(() => {
    if (!parts) throw new Error('the server did not start');
    stage = new Stage(sdk, parts.model, parts.server);
  });
  afterEach(async () => {
    try {
      await stage?.verify();
    } finally {
      parts?.model.reset();
    }
  });
  afterAll(async () => {
    if (!parts) return;
    const { model, server } = parts;
    await server.end();
    await model.close();
  });

  return () => {
    if (!stage) throw new Error('the stage is set in a test only');
    return stage;
  };
}
