/** The records of a history in the order in which they are written down, from any place on, a page at a time. */
import * as z from 'zod';
import { type Export, type ExportCounts, NO_COUNTS } from '../domain/export.ts';
import type { File } from '../domain/file.ts';
import { type Message, fileIdsOf } from '../domain/message.ts';
import { asSeenAt } from '../domain/run.ts';
import type { Thread } from '../domain/thread.ts';
import type { Renderer } from '../histories/renderer.ts';
import { RENDERERS } from '../histories/renderers.ts';
import { keys } from '../ports/store.ts';
import type { World } from '../ports/world.ts';

/**
 * What has been written last: nothing but the beginning without a `threadId`, the thread's own line with it alone. With `runId` the
 * thread's messages are all written and that run's own line is.
 */
const Place = z.strictObject({
  threadId: z.string().optional(),
  messageId: z.string().optional(),
  runId: z.string().optional(),
  stepId: z.string().optional(),
  /** All of the thread is written. */
  isDone: z.boolean().optional(),
});
type Place = z.infer<typeof Place>;

export interface Batch {
  text: string;
  /** How many of each are in it. */
  counts: ExportCounts;
  /** To go on behind it. */
  cursor: string;
}

/** The thread to be written is not there, or is not any more. */
export class ThreadGoneError extends Error {}

/** A message may have a megabyte. */
const AT_ONCE = 50;
const BATCH_LENGTH = 1024 * 1024;

interface Reading {
  world: World;
  projectId: string;
  renderer: Renderer;
  seenAtMs: number;
}

/** All but the ending. `thread` is given when its record is gone from the store and what hangs under it is not. */
export async function* readHistory(world: World, { of, projectId, format }: Export, from: string | undefined, thread?: Thread): AsyncGenerator<Batch> {
  const renderer = RENDERERS[format];
  const place = from === undefined ? undefined : Place.parse(JSON.parse(from));
  const reading = { world, projectId, renderer, seenAtMs: world.clock.nowMs() };
  if (!place) yield batch({}, [renderer.begin()], {});
  if ('threadId' in of) {
    const found = thread ?? (await world.store.get(keys.thread(projectId, of.threadId)));
    if (!found) throw new ThreadGoneError(of.threadId);
    yield* readThread(reading, found, place ?? {});
    // Deleted meanwhile, it may have lacked what was reaped before it was read.
    if (!thread && !(await world.store.get(keys.thread(projectId, of.threadId)))) throw new ThreadGoneError(of.threadId);
    return;
  }
  yield* readThreads(reading, of.metadata, place ?? {});
}

async function* readThreads(reading: Reading, metadata: Record<string, string>, place: Place): AsyncGenerator<Batch> {
  const { store } = reading.world;
  let after = place.threadId;
  if (after !== undefined && !place.isDone) {
    const begun = await store.get(keys.thread(reading.projectId, after));
    // One that was deleted half-way stays as it was written so far.
    if (begun) yield* readThread(reading, begun, place);
  }
  for (;;) {
    const page = await store.page('thread', [reading.projectId], { order: 'asc', limit: AT_ONCE, after, where: { metadata } });
    for (const thread of page.items) yield* readThread(reading, thread, {});
    after = page.items.at(-1)?.id;
    if (!page.hasMore) return;
  }
}

async function* readThread(reading: Reading, thread: Thread, from: Place): AsyncGenerator<Batch> {
  const { projectId, renderer, world, seenAtMs } = reading;
  const scope = [projectId, thread.id];
  const at = { threadId: thread.id };
  if (from.isDone) return;
  if (from.threadId === undefined) yield batch(at, [renderer.thread(thread)], { threads: 1 });
  if (from.runId === undefined) {
    for await (const messages of pages((after) => world.store.page('message', scope, { order: 'asc', limit: AT_ONCE, after }), from.messageId)) {
      const filesOf = await readFiles(reading, messages);
      for (const some of bySize(messages, (message) => renderer.message(message, filesOf(message)))) yield batch({ ...at, messageId: some.lastId }, some.lines, { messages: some.lines.length });
    }
  }
  if (from.runId !== undefined) yield* readSteps(reading, scope, from.runId, from.stepId);
  for await (const runs of pages((after) => world.store.page('run', scope, { order: 'asc', limit: AT_ONCE, after }), from.runId)) {
    for (const run of runs) {
      yield batch({ ...at, runId: run.id }, [renderer.run(asSeenAt(run, seenAtMs))], { runs: 1 });
      yield* readSteps(reading, scope, run.id);
    }
  }
  yield batch({ ...at, isDone: true }, [], {});
}

/** The files that some messages name, each read once. One that is deleted is left out. */
async function readFiles({ world, projectId }: Reading, messages: readonly Message[]): Promise<(message: Message) => File[]> {
  const ids = [...new Set(messages.flatMap(fileIdsOf))];
  const found = new Map((await Promise.all(ids.map((id) => world.store.get(keys.file(projectId, id))))).flatMap((file) => (file ? [[file.id, file] as const] : [])));
  return (message) => fileIdsOf(message).flatMap((id) => found.get(id) ?? []);
}

async function* readSteps({ world, renderer }: Reading, scope: string[], runId: string, from?: string): AsyncGenerator<Batch> {
  for await (const steps of pages((after) => world.store.page('step', [...scope, runId], { order: 'asc', limit: AT_ONCE, after }), from)) {
    for (const some of bySize(steps, (step) => renderer.step(step))) yield batch({ threadId: scope[1], runId, stepId: some.lastId }, some.lines, { steps: some.lines.length });
  }
}

async function* pages<R extends { id: string }>(read: (after: string | undefined) => Promise<{ items: R[]; hasMore: boolean }>, from: string | undefined): AsyncGenerator<R[]> {
  for (let after = from; ; ) {
    const { items, hasMore } = await read(after);
    if (items.length > 0) yield items;
    if (!hasMore) return;
    after = items.at(-1)?.id;
  }
}

/** Groups of a page's lines, none much longer than a batch should be. */
function* bySize<R extends { id: string }>(records: readonly R[], render: (record: R) => string): Generator<{ lines: string[]; lastId: string }> {
  let lines: string[] = [];
  let length = 0;
  for (const [at, record] of records.entries()) {
    const line = render(record);
    lines.push(line);
    length += line.length;
    if (length < BATCH_LENGTH && at < records.length - 1) continue;
    yield { lines, lastId: record.id };
    [lines, length] = [[], 0];
  }
}

const batch = (place: Place, lines: string[], counts: Partial<ExportCounts>): Batch => ({ text: lines.join(''), counts: { ...NO_COUNTS, ...counts }, cursor: JSON.stringify(place) });
