/** Reads that must succeed: what is missing, foreign or past its retention is a NotFoundError. */
import { NotFoundError } from '../domain/errors.ts';
import type { Assistant } from '../domain/assistant.ts';
import type { Delivery } from '../domain/delivery.ts';
import type { Export } from '../domain/export.ts';
import type { File } from '../domain/file.ts';
import type { Message } from '../domain/message.ts';
import type { RunStep } from '../domain/run-step.ts';
import type { Run } from '../domain/run.ts';
import type { Thread } from '../domain/thread.ts';
import type { ToolEndpoint } from '../domain/tool-endpoint.ts';
import type { AnnouncedUpload, UploadPart } from '../domain/upload.ts';
import type { FileBatch, VectorStore, VectorStoreFile } from '../domain/vector-store.ts';
import type { WebhookEndpoint } from '../domain/webhook-endpoint.ts';
import { type Store, keys } from '../ports/store.ts';

type Reader = { store: Store };

export async function findAssistant({ store }: Reader, projectId: string, id: string): Promise<Assistant> {
  return (await store.get(keys.assistant(projectId, id))) ?? missing('assistant', id);
}

export async function findThread({ store }: Reader, projectId: string, id: string): Promise<Thread> {
  return (await store.get(keys.thread(projectId, id))) ?? missing('thread', id);
}

/** Both of them, in one round trip. A missing thread is told before a missing assistant, whichever answer comes first. */
export async function findThreadAndAssistant({ store }: Reader, projectId: string, threadId: string, assistantId: string): Promise<[Thread, Assistant]> {
  const [thread, assistant] = await Promise.all([store.get(keys.thread(projectId, threadId)), store.get(keys.assistant(projectId, assistantId))]);
  return [thread ?? missing('thread', threadId), assistant ?? missing('assistant', assistantId)];
}

/** A record under a thread. The thread is read with it: when it is gone, so is all that hangs under it. */
export async function findMessage(reader: Reader, projectId: string, threadId: string, id: string): Promise<Message> {
  const [thread, message] = await Promise.all([
    findThread(reader, projectId, threadId),
    reader.store.get(keys.message(projectId, threadId, id)),
  ]);
  // By the id that it is stored under nobody else knows it.
  if (message && message.importedId === undefined) return message;
  const sortId = thread.hasImportedIds ? await sortIdOf(reader, thread, id) : undefined;
  return (sortId === undefined ? undefined : await reader.store.get(keys.message(projectId, threadId, sortId))) ?? missing('message', id);
}

/** The id that a message which was imported as `id` is stored under; `undefined` for any other. */
export async function sortIdOf({ store }: Reader, { projectId, id: threadId }: Thread, id: string): Promise<string | undefined> {
  return (await store.get(keys.alias(projectId, threadId, id)))?.sortId;
}

export async function findRun(reader: Reader, projectId: string, threadId: string, id: string): Promise<Run> {
  const [, run] = await Promise.all([findThread(reader, projectId, threadId), reader.store.get(keys.run(projectId, threadId, id))]);
  return run ?? missing('run', id);
}

export async function findStep(reader: Reader, projectId: string, threadId: string, runId: string, id: string): Promise<RunStep> {
  const [, step] = await Promise.all([
    findRun(reader, projectId, threadId, runId),
    reader.store.get(keys.step(projectId, threadId, runId, id)),
  ]);
  return step ?? missing('step', id);
}

export async function findExport({ store }: Reader, projectId: string, id: string): Promise<Export> {
  return (await store.get(keys.export(projectId, id))) ?? missing('export', id);
}

export async function findFile({ store }: Reader, projectId: string, id: string): Promise<File> {
  return (await store.get(keys.file(projectId, id))) ?? missing('file', id);
}

/** One that a client has announced: nobody asks for the others by their ids. */
export async function findUpload({ store }: Reader, projectId: string, id: string): Promise<AnnouncedUpload> {
  const upload = await store.get(keys.upload(projectId, id));
  return upload === undefined || upload.status === 'incoming' || upload.status === 'arrived' ? missing('upload', id) : upload;
}

export async function findUploadPart(reader: Reader, projectId: string, uploadId: string, id: string): Promise<UploadPart> {
  const [, part] = await Promise.all([findUpload(reader, projectId, uploadId), reader.store.get(keys.uploadPart(projectId, uploadId, id))]);
  return part ?? missing('upload_part', id);
}

export async function findWebhookEndpoint({ store }: Reader, projectId: string, id: string): Promise<WebhookEndpoint> {
  return (await store.get(keys.webhookEndpoint(projectId, id))) ?? missing('webhook_endpoint', id);
}

export async function findToolEndpoint({ store }: Reader, projectId: string, name: string): Promise<ToolEndpoint> {
  return (await store.get(keys.toolEndpoint(projectId, name))) ?? missing('tool_endpoint', name);
}

export async function findVectorStore({ store }: Reader, projectId: string, id: string): Promise<VectorStore> {
  return (await store.get(keys.vectorStore(projectId, id))) ?? missing('vector_store', id);
}

/** A record under a vector store, which is read with it: when that is gone, so is all that hangs under it. */
export async function findVectorStoreFile(reader: Reader, projectId: string, storeId: string, id: string): Promise<VectorStoreFile> {
  const [, file] = await Promise.all([findVectorStore(reader, projectId, storeId), reader.store.get(keys.vectorStoreFile(projectId, storeId, id))]);
  return file ?? missing('vector_store_file', id);
}

export async function findFileBatch(reader: Reader, projectId: string, storeId: string, id: string): Promise<FileBatch> {
  const [, batch] = await Promise.all([findVectorStore(reader, projectId, storeId), reader.store.get(keys.fileBatch(projectId, storeId, id))]);
  return batch ?? missing('file_batch', id);
}

/** A delivery of an endpoint that is still there. */
export async function findDelivery(reader: Reader, projectId: string, endpointId: string, id: string): Promise<Delivery> {
  const [, delivery] = await Promise.all([findWebhookEndpoint(reader, projectId, endpointId), reader.store.get(keys.delivery(projectId, endpointId, id))]);
  return delivery ?? missing('delivery', id);
}

function missing(...args: ConstructorParameters<typeof NotFoundError>): never {
  throw new NotFoundError(...args);
}
