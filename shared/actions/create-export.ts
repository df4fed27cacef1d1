import { type Export, type ExportOf, NO_COUNTS } from '../domain/export.ts';
import { newId } from '../domain/ids.ts';
import { type Scheduled, create } from '../ports/commit.ts';
import type { World } from '../ports/world.ts';
import { findThread } from './find.ts';

export const exportJob = ({ id, projectId, createdAtMs }: Export): Scheduled => ({
  name: `export:${id}`,
  job: { type: 'run-export', projectId, exportId: id },
  dueMs: createdAtMs,
});

export const newExport = (id: string, nowMs: number, fields: Pick<Export, 'projectId' | 'of' | 'format' | 'cause'>): Export => ({
  ...fields,
  id,
  rev: 0,
  createdAtMs: nowMs,
  counts: NO_COUNTS,
  bytes: 0,
  status: 'queued',
});

/** Asks for a history to be written; a worker does it. NotFoundError when it is a thread's, and there is none. */
export async function createExport(world: World, projectId: string, of: ExportOf, format: Export['format']): Promise<Export> {
  if ('threadId' in of) await findThread(world, projectId, of.threadId);
  const nowMs = world.clock.nowMs();
  const record = newExport(newId('export', nowMs), nowMs, { projectId, of, format, cause: 'request' });
  await world.commit({ name: 'create-export', writes: [create('export', record)], jobs: [exportJob(record)] });
  return record;
}
