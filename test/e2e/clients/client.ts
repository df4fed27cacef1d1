/**
 * What the scenarios call: the official client as it has been since version 5. Versions 5, 6 and 7 fit as they are; version 4
 * passes its ids in another order and is wrapped. Bodies are typed as the oldest client types them, answers as the newest does.
 */
import type { ReadStream } from 'node:fs';
import type { Assistant, AssistantDeleted, AssistantStreamEvent } from 'openai/resources/beta/assistants';
import type { ImageFile, Message, MessageDeleted, MessageDelta, Text, TextDelta } from 'openai/resources/beta/threads/messages';
import type { Run as WireRun } from 'openai/resources/beta/threads/runs/runs';
import type { RunStep, RunStepDelta, RunStepInclude, ToolCall, ToolCallDelta } from 'openai/resources/beta/threads/runs/steps';
import type { Thread, ThreadDeleted } from 'openai/resources/beta/threads/threads';
import type { FileDeleted, FileObject } from 'openai/resources/files';
import type { Model } from 'openai/resources/models';
import type { UploadPart } from 'openai/resources/uploads/parts';
import type { Upload } from 'openai/resources/uploads/uploads';
import type { FileContentResponse, VectorStoreFile, VectorStoreFileDeleted } from 'openai/resources/vector-stores/files';
import type { VectorStoreFileBatch } from 'openai/resources/vector-stores/file-batches';
import type { VectorStore, VectorStoreDeleted, VectorStoreSearchResponse } from 'openai/resources/vector-stores/vector-stores';
import type { AssistantCreateParams, AssistantUpdateParams } from 'openai4/resources/beta/assistants';
import type { MessageCreateParams } from 'openai4/resources/beta/threads/messages';
import type { FileCreateParams } from 'openai4/resources/files';
import type { UploadCompleteParams, UploadCreateParams } from 'openai4/resources/uploads/uploads';
import type { RunCreateParamsBase, RunSubmitToolOutputsParamsNonStreaming } from 'openai4/resources/beta/threads/runs/runs';
import type { FileBatchCreateParams } from 'openai4/resources/vector-stores/file-batches';
import type { FileCreateParams as StoreFileCreateParams } from 'openai4/resources/vector-stores/files';
import type { VectorStoreCreateParams, VectorStoreSearchParams, VectorStoreUpdateParams } from 'openai4/resources/vector-stores/vector-stores';
import type { ThreadCreateAndRunParamsBase, ThreadCreateParams, ThreadUpdateParams } from 'openai4/resources/beta/threads/threads';

export type { Assistant, AssistantCreateParams, AssistantStreamEvent, AssistantUpdateParams, Message, MessageCreateParams, RunStep, Thread, ToolCall };
export type Run = WireRun;
export type RunBody = Omit<RunCreateParamsBase, 'stream'>;
export type ThreadAndRunBody = Omit<ThreadCreateAndRunParamsBase, 'stream'>;
export type ToolOutput = RunSubmitToolOutputsParamsNonStreaming['tool_outputs'][number];
type Metadata = { metadata?: Record<string, string> | null };

export interface PageQuery {
  limit?: number;
  order?: 'asc' | 'desc';
  after?: string;
  before?: string;
}

export interface Page<T> extends AsyncIterable<T> {
  data: T[];
  has_more: boolean;
  hasNextPage(): boolean;
}
/** One page when awaited, all items when iterated. */
export type Pages<T> = PromiseLike<Page<T>> & AsyncIterable<T>;

type InThread = { thread_id: string };
type InRun = InThread & { run_id: string };
type Outputs = InThread & { tool_outputs: ToolOutput[] };
type WithHeaders = { headers?: Record<string, string> };
type Polling = { pollIntervalMs?: number };

/** An answer, and the response that it came in. */
export interface Answered<T> extends Promise<T> {
  withResponse(): Promise<{ data: T; response: { status: number; headers: { get(name: string): string | null } } }>;
}
export type EventIterator = AsyncIterable<AssistantStreamEvent> & { controller: AbortController; toReadableStream(): ReadableStream };

/** The stream helper with all its events. */
export interface HelperStream extends AsyncIterable<AssistantStreamEvent> {
  on(event: 'event', listener: (event: AssistantStreamEvent) => void): unknown;
  on(event: 'textCreated', listener: (content: Text) => void): unknown;
  on(event: 'textDelta', listener: (delta: TextDelta, snapshot: Text) => void): unknown;
  on(event: 'textDone', listener: (content: Text, snapshot: Message) => void): unknown;
  on(event: 'imageFileDone', listener: (content: ImageFile, snapshot: Message) => void): unknown;
  on(event: 'messageCreated' | 'messageDone', listener: (message: Message) => void): unknown;
  on(event: 'messageDelta', listener: (delta: MessageDelta, snapshot: Message) => void): unknown;
  on(event: 'runStepCreated', listener: (step: RunStep) => void): unknown;
  on(event: 'runStepDelta', listener: (delta: RunStepDelta, snapshot: RunStep) => void): unknown;
  on(event: 'runStepDone', listener: (step: RunStep, snapshot: RunStep) => void): unknown;
  on(event: 'toolCallCreated' | 'toolCallDone', listener: (call: ToolCall) => void): unknown;
  on(event: 'toolCallDelta', listener: (delta: ToolCallDelta, snapshot: ToolCall) => void): unknown;
  on(event: 'run', listener: (run: Run) => void): unknown;
  on(event: 'end' | 'connect', listener: () => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  done(): Promise<void>;
  abort(): void;
  finalRun(): Promise<Run>;
  finalMessages(): Promise<Message[]>;
  finalRunSteps(): Promise<RunStep[]>;
}

interface Assistants {
  create(body: AssistantCreateParams): Answered<Assistant>;
  retrieve(id: string): Answered<Assistant>;
  update(id: string, body: AssistantUpdateParams): Promise<Assistant>;
  delete(id: string): Promise<AssistantDeleted>;
  list(query?: PageQuery): Pages<Assistant>;
}

interface Messages {
  create(threadId: string, body: MessageCreateParams): Answered<Message>;
  retrieve(id: string, where: InThread): Promise<Message>;
  update(id: string, body: InThread & Metadata): Promise<Message>;
  delete(id: string, where: InThread): Promise<MessageDeleted>;
  list(threadId: string, query?: PageQuery & { run_id?: string }): Pages<Message>;
}

interface Steps {
  retrieve(id: string, where: InRun & { include?: RunStepInclude[] }): Promise<RunStep>;
  list(runId: string, query: InThread & PageQuery & { include?: RunStepInclude[] }): Pages<RunStep>;
}

interface Runs {
  steps: Steps;
  create(threadId: string, body: RunBody & { stream?: false }, options?: WithHeaders): Answered<Run>;
  create(threadId: string, body: RunBody & { stream: true }, options?: WithHeaders): Promise<EventIterator>;
  retrieve(id: string, where: InThread): Answered<Run>;
  update(id: string, body: InThread & Metadata): Promise<Run>;
  list(threadId: string, query?: PageQuery): Pages<Run>;
  cancel(id: string, where: InThread): Promise<Run>;
  createAndPoll(threadId: string, body: RunBody, options?: Polling): Promise<Run>;
  poll(id: string, where: InThread, options?: Polling): Promise<Run>;
  stream(threadId: string, body: RunBody): HelperStream;
  submitToolOutputs(id: string, body: Outputs & { stream?: false }): Promise<Run>;
  submitToolOutputs(id: string, body: Outputs & { stream: true }): Promise<EventIterator>;
  submitToolOutputsAndPoll(id: string, body: Outputs, options?: Polling): Promise<Run>;
  submitToolOutputsStream(id: string, body: Outputs): HelperStream;
}

interface Threads {
  messages: Messages;
  runs: Runs;
  create(body?: ThreadCreateParams): Answered<Thread>;
  retrieve(id: string): Promise<Thread>;
  update(id: string, body: ThreadUpdateParams): Promise<Thread>;
  delete(id: string): Promise<ThreadDeleted>;
  createAndRun(body: ThreadAndRunBody & { stream?: false }): Promise<Run>;
  createAndRun(body: ThreadAndRunBody & { stream: true }): Promise<EventIterator>;
  createAndRunPoll(body: ThreadAndRunBody, options?: Polling): Promise<Run>;
  createAndRunStream(body: ThreadAndRunBody): HelperStream;
}

/** What every version takes for a file: Node's own, streams of a file's content among them. */
export type Sendable = File | ReadStream | Response;
export type FileCreate = Omit<FileCreateParams, 'file'> & { file: Sendable; expires_after?: { anchor: 'created_at'; seconds: number } };

interface Files {
  create(body: FileCreate, options?: WithHeaders): Answered<FileObject>;
  retrieve(id: string): Answered<FileObject>;
  list(query?: Omit<PageQuery, 'before'> & { purpose?: string }): Pages<FileObject>;
  delete(id: string): Promise<FileDeleted>;
  content(id: string): Promise<{ text(): Promise<string>; arrayBuffer(): Promise<ArrayBuffer>; headers: { get(name: string): string | null } }>;
  waitForProcessing(id: string): Promise<FileObject>;
}

interface Uploads {
  create(body: UploadCreateParams & { expires_after?: { anchor: 'created_at'; seconds: number } }, options?: WithHeaders): Answered<Upload>;
  cancel(id: string): Promise<Upload>;
  complete(id: string, body: UploadCompleteParams): Promise<Upload>;
  parts: { create(uploadId: string, body: { data: Sendable }): Promise<UploadPart> };
}

type InStore = { vector_store_id: string };
type Attributes = Record<string, string | number | boolean>;
export type BatchBody = Partial<FileBatchCreateParams> & { files?: StoreFileCreateParams[] };
export type { VectorStore, VectorStoreFile };

interface StoreFiles {
  create(storeId: string, body: StoreFileCreateParams): Answered<VectorStoreFile>;
  retrieve(id: string, where: InStore): Answered<VectorStoreFile>;
  update(id: string, body: InStore & { attributes: Attributes | null }): Promise<VectorStoreFile>;
  list(storeId: string, query?: PageQuery & { filter?: VectorStoreFile['status'] }): Pages<VectorStoreFile>;
  delete(id: string, where: InStore): Promise<VectorStoreFileDeleted>;
  content(id: string, where: InStore): PromiseLike<{ data: FileContentResponse[] }>;
  createAndPoll(storeId: string, body: StoreFileCreateParams, options?: Polling): Promise<VectorStoreFile>;
  uploadAndPoll(storeId: string, file: Sendable, options?: Polling): Promise<VectorStoreFile>;
}

interface FileBatches {
  create(storeId: string, body: BatchBody, options?: WithHeaders): Promise<VectorStoreFileBatch>;
  retrieve(id: string, where: InStore): Promise<VectorStoreFileBatch>;
  cancel(id: string, where: InStore): Promise<VectorStoreFileBatch>;
  listFiles(id: string, query: InStore & PageQuery & { filter?: VectorStoreFile['status'] }): Pages<VectorStoreFile>;
  createAndPoll(storeId: string, body: BatchBody, options?: Polling): Promise<VectorStoreFileBatch>;
  uploadAndPoll(storeId: string, files: { files: Sendable[]; fileIds?: string[] }, options?: Polling): Promise<VectorStoreFileBatch>;
}

interface VectorStores {
  files: StoreFiles;
  fileBatches: FileBatches;
  create(body: VectorStoreCreateParams & { description?: string }, options?: WithHeaders): Promise<VectorStore>;
  retrieve(id: string): Promise<VectorStore>;
  update(id: string, body: VectorStoreUpdateParams): Promise<VectorStore>;
  list(query?: PageQuery): Pages<VectorStore>;
  delete(id: string): Promise<VectorStoreDeleted>;
  search(id: string, body: VectorStoreSearchParams): PromiseLike<{ data: VectorStoreSearchResponse[] }>;
}

export interface Client {
  /** By hand, for bodies that the types do not allow. */
  post(path: string, options: { body?: unknown }): Promise<unknown>;
  get(path: string, options?: { stream?: boolean }): Promise<unknown>;
  models: { retrieve(id: string): Promise<Model>; list(): PromiseLike<{ data: Model[] }> & AsyncIterable<Model> };
  beta: { assistants: Assistants; threads: Threads };
  files: Files;
  uploads: Uploads;
  vectorStores: VectorStores;
}

type ErrorName = 'APIError' | 'APIConnectionError' | 'BadRequestError' | 'AuthenticationError' | 'NotFoundError';

export interface ClientOptions {
  baseURL: string;
  apiKey: string;
  maxRetries: number;
  /** The client's own when absent. */
  fetch?: typeof fetch;
}

/** One version of the official client. */
export interface Sdk {
  major: 4 | 5 | 6 | 7;
  connect(options: ClientOptions): Client;
  /** The client's own way to make a file of something. */
  toFile(content: Buffer | AsyncIterable<Uint8Array>, name?: string): Promise<File>;
  errors: Record<ErrorName, new (...args: never[]) => Error>;
  /** The stream helper over events that came otherwise than by one of its own requests. */
  helperOf(events: EventIterator): HelperStream;
}
