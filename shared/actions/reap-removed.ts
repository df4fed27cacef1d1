import { derivedId } from '../domain/ids.ts';
import { type FeedEventOf, isExpired } from '../ports/feed.ts';
import { ConflictError, create } from '../ports/commit.ts';
import { keys } from '../ports/store.ts';
import type { World } from '../ports/world.ts';
import { newExport } from './create-export.ts';
import { reapThread } from './delete-thread.ts';
import { readProject } from './project-settings.ts';
import { reapFile, reapUpload } from './reap-files.ts';
import { runExport } from './run-export.ts';

/** The history is not in its file yet, so nothing of it may be deleted: to be tried again. */
export class NotYetExportedError extends Error {}

type Removed<K extends FeedEventOf<'removed'>['kind']> = Extract<FeedEventOf<'removed'>, { kind: K }>;

/** Cleans up behind a record that is gone, deleted or past its time. Goes on where it stopped when it is told again. */
export function reapRemoved(world: World, event: FeedEventOf<'removed'>, giveBack?: AbortSignal): Promise<void> {
  switch (event.kind) {
    case 'thread':
      return reapRemovedThread(world, event, giveBack);
    case 'file':
      return reapFile(world, event.record);
    case 'upload':
      return reapUpload(world, event.record);
  }
}

/**
 * What becomes of a thread whose own record is gone. One whose time had come is written into a file first where that is wanted; from the
 * event alone, since nobody else knows the thread any more.
 */
async function reapRemovedThread(world: World, event: Removed<'thread'>, giveBack: AbortSignal | undefined): Promise<void> {
  if (isExpired(event) && (await isToBeExported(world, event))) await exportExpired(world, event, giveBack);
  await reapThread(world, event.record);
}

/** What the thread says itself counts before what its project does. */
const isToBeExported = async (world: World, { record }: Removed<'thread'>): Promise<boolean> =>
  record.exportOnExpiry ?? (await readProject(world, record.projectId)).exportOnExpiry;

async function exportExpired(world: World, { record: thread, atMs }: Removed<'thread'>, giveBack: AbortSignal | undefined): Promise<void> {
  const { projectId } = thread;
  const exportId = derivedId('export', atMs, projectId, thread.id);
  const key = keys.export(projectId, exportId);
  if (!(await world.store.get(key))) {
    const record = newExport(exportId, atMs, { projectId, of: { threadId: thread.id }, format: 'jsonl', cause: 'expiry' });
    await unlessThere(world.commit({ name: 'create-export', writes: [create('export', record)] }));
  }
  await runExport(world, { projectId, exportId }, { giveBack, thread });
  const found = await world.store.get(key);
  if (found?.status !== 'completed') throw new NotYetExportedError(`${thread.id} is not exported yet: ${exportId} is ${found?.status ?? 'gone'}`);
}

async function unlessThere(creating: Promise<void>): Promise<void> {
  try {
    await creating;
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error;
  }
}
