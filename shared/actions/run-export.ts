/** Writes a history into its file, in parts. Where it stands is stored with each part, so that anybody can go on from there. */
import { type Export, type ExportIn, NO_COUNTS } from '../domain/export.ts';
import { timeOfId } from '../domain/ids.ts';
import type { Thread } from '../domain/thread.ts';
import { blobKeyOf } from '../histories/renderers.ts';
import { ConflictError, update } from '../ports/commit.ts';
import { UploadGoneError } from '../ports/blobs.ts';
import { MAX_ATTEMPTS, type Outcome } from '../ports/queue.ts';
import { keys } from '../ports/store.ts';
import type { World } from '../ports/world.ts';
import { LONGEST_COMMIT_MS, LOOK_AGAIN_MS } from './await-commit.ts';
import { EXPORT_LEASE_MS, writeExport } from './write-export.ts';
import { ThreadGoneError } from './read-history.ts';

const DONE: Outcome = { done: true };
const AGAIN_NOW: Outcome = { done: false, againInMs: 0 };

interface Options {
  attempt?: number;
  /** When it aborts, the export is left to whoever gets the job next. */
  giveBack?: AbortSignal | undefined;
  /** The thread that is written, when its own record is gone already. */
  thread?: Thread;
}

/** Brings an export to its end, whatever state it is found in. Rejects when it has to be tried again. */
export async function runExport(world: World, { projectId, exportId }: { projectId: string; exportId: string }, { attempt = 1, giveBack, thread }: Options = {}): Promise<Outcome> {
  const nowMs = world.clock.nowMs();
  const found = await world.store.get(keys.export(projectId, exportId));
  if (!found) return nowMs - (timeOfId('export', exportId) ?? 0) < LONGEST_COMMIT_MS ? { done: false, againInMs: LOOK_AGAIN_MS } : DONE;
  if (found.status === 'completed' || found.status === 'failed') return DONE;
  const leaseLeftMs = found.status === 'in_progress' && found.lease && !world.isGone(found.lease.owner) ? found.lease.untilMs - nowMs : 0;
  if (leaseLeftMs > 0) return { done: false, againInMs: leaseLeftMs };
  if (giveBack?.aborted) return AGAIN_NOW;
  try {
    if (attempt > MAX_ATTEMPTS) return await fail(world, found, 'server_error');
    const claim = update('export', found, claimed(found, world));
    await world.commit({ name: 'claim-export', writes: [claim] });
    return (await writeExport(world, claim.record, { giveBack, thread })) === 'given back' ? AGAIN_NOW : DONE;
  } catch (error) {
    if (error instanceof ThreadGoneError) return fail(world, await world.store.get(keys.export(projectId, exportId)), 'thread_deleted');
    if (error instanceof UploadGoneError) return startAnew(world, await world.store.get(keys.export(projectId, exportId)));
    if (!(error instanceof ConflictError)) {
      await letGo(world, projectId, exportId);
      throw error;
    }
    return AGAIN_NOW;
  }
}

const claimed = (found: ExportIn<'queued' | 'in_progress'>, world: World): ExportIn<'in_progress'> => {
  const nowMs = world.clock.nowMs();
  const lease = { owner: world.owner, untilMs: nowMs + EXPORT_LEASE_MS };
  return found.status === 'in_progress' ? { ...found, lease } : { ...found, status: 'in_progress', startedAtMs: nowMs, lease };
};

/** A lease that nobody uses must not keep the next attempt waiting. */
async function letGo(world: World, projectId: string, exportId: string): Promise<void> {
  const held = await world.store.get(keys.export(projectId, exportId));
  if (held?.status !== 'in_progress' || held.lease?.owner !== world.owner) return;
  const { lease: _, ...free } = held;
  await world.commit({ name: 'free-export', writes: [update('export', held, free)] });
}

/** What had been put there is forgotten: its file is begun again. */
async function startAnew(world: World, record: Export | undefined): Promise<Outcome> {
  if (record?.status !== 'in_progress') return AGAIN_NOW;
  const { upload: _, cursor: __, lease: ___, ...rest } = record;
  await world.commit({ name: 'restart-export', writes: [update('export', record, { ...rest, counts: NO_COUNTS, bytes: 0 })] });
  return AGAIN_NOW;
}

async function fail(world: World, record: Export | undefined, error: string): Promise<Outcome> {
  if (record?.status !== 'queued' && record?.status !== 'in_progress') return DONE;
  const { id, projectId, rev, createdAtMs, of, format, cause, counts, bytes } = record;
  const startedAtMs = record.status === 'in_progress' ? record.startedAtMs : undefined;
  const failed: Export = { id, projectId, rev, createdAtMs, of, format, cause, counts, bytes, status: 'failed', startedAtMs, failedAtMs: world.clock.nowMs(), error };
  await world.commit({ name: 'fail-export', writes: [update('export', record, failed)] });
  await clear(world, record);
  return DONE;
}

async function clear({ blobs }: World, record: Export): Promise<void> {
  const key = blobKeyOf(record);
  if (record.status === 'in_progress' && record.upload) await blobs.abort(key, record.upload.id);
  await blobs.remove([key]);
}
