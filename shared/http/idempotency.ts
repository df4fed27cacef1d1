import { createHash } from 'node:crypto';
import { ThreadBusyError } from '../domain/errors.ts';
import { IDEMPOTENCY_KEPT_MS, type IdempotencyRecord } from '../domain/idempotency.ts';
import { type Change, ConflictError, create } from '../ports/commit.ts';
import { keys } from '../ports/store.ts';
import type { World } from '../ports/world.ts';
import { IdempotencyError } from '../wire/http-errors.ts';
import { toWireAssistant } from '../wire/assistant.ts';
import { toWireExport } from '../wire/export.ts';
import { toWireFile } from '../wire/file.ts';
import { toWireFileBatch } from '../wire/file-batch.ts';
import { toWireMessage } from '../wire/message.ts';
import { toWireThread } from '../wire/thread.ts';
import { toWireUpload, toWireUploadPart } from '../wire/upload.ts';
import { toWireVectorStore } from '../wire/vector-store.ts';
import { findAssistant, findExport, findFile, findFileBatch, findMessage, findRun, findThread, findUpload, findUploadPart, findVectorStore } from '../actions/find.ts';
import type { Call } from './endpoint.ts';
import { runResponse } from './threads/runs/poll-after.ts';

export type Creates = IdempotencyRecord['created']['kind'];

export interface Sent {
  method: string;
  path: string;
  body: unknown;
}

/**
 * Runs a create at most once for each `Idempotency-Key`. The key's record is written in the same commit as what is created,
 * so a repetition, a race and a crash in between all find either both or neither. A repetition gets the record as it is now.
 * Whether there was an earlier one is looked up while the create begins; nothing is committed before that is known.
 */
export async function withIdempotency<C extends Call<unknown, unknown>>(call: C, creates: Creates | undefined, handle: (call: C) => Promise<object>): Promise<object> {
  const key = call.header('idempotency-key')?.trim();
  if (!key || creates === undefined) return handle(call);
  const id = sha256(key);
  const fingerprint = () => sha256(JSON.stringify([call.sent.method, call.sent.path, call.sent.body ?? {}]));
  const place = keys.idempotency(call.projectId, id);
  const looking = call.world.store.get(place);
  // The create may fail of something else first.
  looking.catch(() => undefined);
  try {
    return await handle({ ...call, world: remembering(call.world, looking, { id, projectId: call.projectId, fingerprint, kind: creates }) });
  } catch (error) {
    // A twin that has committed between our look at the key and our look at the thread holds that thread now.
    const twin = (await looking) ?? (error instanceof AlreadyDoneError ? error.record : error instanceof ThreadBusyError ? await call.world.store.get(place) : undefined);
    if (!twin) throw error;
    return repeat(call, twin, fingerprint());
  }
}

class AlreadyDoneError extends Error {
  readonly record: IdempotencyRecord;
  constructor(record: IdempotencyRecord) {
    super('the same request has been carried out meanwhile');
    this.record = record;
  }
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/**
 * The world, but the commit that creates a record of `kind` also writes down which, and gives way to an `earlier` one. So does whatever is changed before
 * that to make room for it: a repetition must not clear away what the first request has made.
 */
function remembering(world: World, earlier: Promise<IdempotencyRecord | undefined>, { id, projectId, fingerprint, kind }: { id: string; projectId: string; fingerprint: () => string; kind: Creates }): World {
  let isMade = false;
  const commit = async (change: Change) => {
    if (isMade) return world.commit(change);
    const made = change.writes.find((write) => write.op === 'create' && write.key.kind === kind);
    // Where content is put until it is known what for; it can be thrown away again.
    if (!made && change.writes.every(({ key }) => key.kind === 'upload')) return world.commit(change);
    const done = (await earlier) ?? (made ? undefined : await world.store.get(keys.idempotency(projectId, id)));
    if (done) throw new AlreadyDoneError(done);
    if (!made) return world.commit(change);
    const record: IdempotencyRecord = {
      id,
      projectId,
      rev: 0,
      fingerprint: fingerprint(),
      created: { kind, id: made.key.id, parentId: made.key.scope[1] },
      removeAfterMs: world.clock.nowMs() + IDEMPOTENCY_KEPT_MS,
    };
    try {
      await world.commit({ ...change, writes: [create('idempotency', record), ...change.writes] });
      isMade = true;
    } catch (error) {
      // Not to be redone as a lost race on the thread would be: the twin has won.
      if (error instanceof ConflictError && error.key.kind === 'idempotency') throw new AlreadyDoneError(error.current as IdempotencyRecord);
      throw error;
    }
  };
  return { ...world, commit };
}

async function repeat(call: Call<unknown, unknown>, { fingerprint, created }: IdempotencyRecord, sentFingerprint: string): Promise<object> {
  if (fingerprint !== sentFingerprint) throw new IdempotencyError('This Idempotency-Key was used for another request before. Use a new key for each new request.');
  const { world, projectId, body } = call;
  const parentId = created.parentId ?? '';
  switch (created.kind) {
    case 'assistant':
      return toWireAssistant(await findAssistant(world, projectId, created.id));
    case 'thread':
      return toWireThread(await findThread(world, projectId, created.id));
    case 'message':
      return toWireMessage(await findMessage(world, projectId, parentId, created.id));
    case 'run':
      if ((body as { stream?: boolean }).stream) {
        throw new IdempotencyError(`This Idempotency-Key has started a stream already, of run ${created.id} on ${parentId}. Retrieve that run instead.`);
      }
      return runResponse(call, await findRun(world, projectId, parentId, created.id));
    case 'file':
      return toWireFile(await findFile(world, projectId, created.id));
    case 'upload':
      return toWireUpload(await findUpload(world, projectId, created.id), world.clock.nowMs());
    case 'upload_part':
      return toWireUploadPart(await findUploadPart(world, projectId, parentId, created.id));
    case 'export':
      return toWireExport(await findExport(world, projectId, created.id));
    case 'vector_store':
      return toWireVectorStore(await findVectorStore(world, projectId, created.id), world.clock.nowMs());
    case 'file_batch':
      return toWireFileBatch(await findFileBatch(world, projectId, parentId, created.id));
    case 'webhook_endpoint':
      // Without its secret it would not be what was asked for, and that is not to be had a second time.
      throw new IdempotencyError(`This Idempotency-Key has made webhook endpoint ${created.id} already, and its signing secret is shown once. Rotate its secret for one that you can see.`);
  }
}
