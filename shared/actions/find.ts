/** Reads that must succeed: what is missing, foreign or past its retention is a NotFoundError. */
import { NotFoundError } from '../domain/errors.ts';
import type { Assistant } from '../domain/assistant.ts';
import type { Message } from '../domain/message.ts';
import type { RunStep } from '../domain/run-step.ts';
import type { Run } from '../domain/run.ts';
import type { Thread } from '../domain/thread.ts';
import { type Store, keys } from '../ports/store.ts';

type Reader = { store: Store };

export async function findAssistant({ store }: Reader, projectId: string, id: string): Promise<Assistant> {
  return (await store.get(keys.assistant(projectId, id))) ?? missing('assistant', id);
}

export async function findThread({ store }: Reader, projectId: string, id: string): Promise<Thread> {
  return (await store.get(keys.thread(projectId, id))) ?? missing('thread', id);
}

/** A record under a thread. The thread is read with it: when it is gone, so is all that hangs under it. */
export async function findMessage(reader: Reader, projectId: string, threadId: string, id: string): Promise<Message> {
  const [, message] = await Promise.all([
    findThread(reader, projectId, threadId),
    reader.store.get(keys.message(projectId, threadId, id)),
  ]);
  return message ?? missing('message', id);
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

function missing(...args: ConstructorParameters<typeof NotFoundError>): never {
  throw new NotFoundError(...args);
}
