/** Exports that cannot come to a good end: what is seen of them, and that nothing of them stays behind. */
import { describe, expect, it } from '@jest/globals';
import { createExport } from '../../../shared/actions/create-export.ts';
import { deleteThread, reapThread } from '../../../shared/actions/delete-thread.ts';
import { createKey } from '../../../shared/actions/keys.ts';
import type { Message } from '../../../shared/domain/message.ts';
import { handleJob } from '../../../shared/engine/handle-job.ts';
import { RunSignals } from '../../../shared/engine/run-signals.ts';
import { blobKeyOf } from '../../../shared/histories/renderers.ts';
import { makeApp } from '../../../shared/http/app.ts';
import { UploadGoneError } from '../../../shared/ports/blobs.ts';
import type { World } from '../../../shared/ports/world.ts';
import type { WireExport } from '../../../shared/wire/export.ts';
import { aMessage, aThread, PROJECT, text } from '../../support/records.ts';
import { type ContractWorld, type Stage, failureOf, useStage } from './stage.ts';

/** Makes the file one of several parts, and more than one of the first page of messages. */
const MANY = 90;
const LONG = 'y'.repeat(200_000);

async function longThread(stage: Stage): Promise<string> {
  const thread = aThread();
  const messages: Message[] = Array.from({ length: MANY }, () => aMessage({ threadId: thread.id, content: [text(LONG)] }));
  await stage.put('thread', thread);
  for (let at = 0; at < MANY; at += 15) await stage.put('message', ...messages.slice(at, at + 15));
  return thread.id;
}

export function describeFailedExports<W extends ContractWorld>(name: string, makeWorld: () => Promise<W>, worldOf: (stage: W) => World): void {
  describe(`${name}: an export`, () => {
    const stage = useStage(makeWorld);
    const open = () => worldOf(stage.world as W);
    const work = (world: World) => stage.work((delivery) => handleJob(world, new RunSignals(), delivery));

    async function client(world: World) {
      const app = makeApp({ world, signals: new RunSignals(), maxBodyBytes: 1024, corsOrigins: [] });
      const { key } = await createKey(world, PROJECT, '');
      return async <T>(path: string) => (await (await app.request(`/v1${path}`, { headers: { authorization: `Bearer ${key}` } })).json()) as T;
    }

    /** The export once it has ended, as a client is shown it. */
    async function endOf(world: World, id: string): Promise<WireExport> {
      const ask = await client(world);
      for (let looks = 0; looks < 1000; looks++) {
        await stage.world.pass(1000);
        const record = await ask<WireExport>(`/exports/${id}`);
        if (record.status === 'completed' || record.status === 'failed') return record;
      }
      throw new Error(`${id} never ends`);
    }

    /** Reads as the store does, and has the thread gone behind the first part, which is stored by then. */
    function deletingAfterOnePage(world: World, threadId: string): World['store']['page'] {
      let pages = 0;
      return async (kind, scope, query) => {
        if (kind === 'message' && ++pages === 2) await reapThread(world, await deleteThread(world, PROJECT, threadId));
        return world.store.page(kind, scope, query);
      };
    }

    async function expectFailed(world: World, id: string, code: string) {
      const [record, content] = [await endOf(world, id), await (await client(world))(`/exports/${id}/content`)];
      expect(record).toMatchObject({ status: 'failed', last_error: { code }, completed_at: null, failed_at: expect.any(Number) });
      expect(content).toEqual({ error: { message: `Export ${id} is 'failed'. Its content can be downloaded when it is 'completed'.`, type: 'invalid_request_error', param: null, code: 'export_not_completed' } });
      expect(await world.blobs.read(blobKeyOf({ projectId: PROJECT, id, format: 'jsonl' }))).toBeUndefined();
      return record;
    }

    it('of a thread that is deleted before its turn fails', async () => {
      const world = open();
      const threadId = await longThread(stage);
      const { id } = await createExport(world, PROJECT, { threadId }, 'jsonl');
      await deleteThread(world, PROJECT, threadId);
      work(world);
      expect(await expectFailed(world, id, 'thread_deleted')).toMatchObject({ counts: { threads: 0, messages: 0 }, bytes: 0 });
    });

    it('of a thread that is deleted and reaped while it is written fails, and is no shorter history', async () => {
      const world = open();
      const threadId = await longThread(stage);
      const page = deletingAfterOnePage(world, threadId);
      const { id } = await createExport(world, PROJECT, { threadId }, 'jsonl');
      const uploads: string[] = [];
      const begin: World['blobs']['begin'] = async (...args) => {
        uploads.push(await world.blobs.begin(...args));
        return uploads.at(-1) ?? '';
      };
      work({ ...world, store: { ...world.store, page }, blobs: { ...world.blobs, begin } });
      expect((await expectFailed(world, id, 'thread_deleted')).counts.messages).toBeLessThan(MANY);
      expect(uploads).toHaveLength(1);
      const more = world.blobs.putPart(blobKeyOf({ projectId: PROJECT, id, format: 'jsonl' }), uploads[0] ?? '', 9, Buffer.from('more'));
      expect(await failureOf(more)).toBeInstanceOf(UploadGoneError);
    });

    it('of a project whose thread is deleted while it is written has of it what was read, and says so', async () => {
      const world = open();
      const threadId = await longThread(stage);
      const page = deletingAfterOnePage(world, threadId);
      const { id } = await createExport(world, PROJECT, { metadata: {} }, 'jsonl');
      work({ ...world, store: { ...world.store, page } });
      expect(await endOf(world, id)).toMatchObject({ status: 'completed', counts: { threads: 1, messages: 50 } });
    });

    it('whose file cannot be written is tried again, and then fails for good', async () => {
      const world = open();
      const threadId = await longThread(stage);
      let tries = 0;
      const putPart: World['blobs']['putPart'] = () => Promise.reject(new Error(`no room, ${++tries}`));
      const { id } = await createExport(world, PROJECT, { threadId }, 'jsonl');
      work({ ...world, blobs: { ...world.blobs, putPart } });
      expect(await expectFailed(world, id, 'server_error')).toMatchObject({ thread_id: threadId, counts: { messages: 0 } });
      expect(tries).toBe(5);
    });
  });
}
