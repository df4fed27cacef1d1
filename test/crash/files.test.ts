/** Files that come, and go, on a server that dies of it: each is whole or not there, and in the end nothing is left of any. */
import { describe, expect, test } from '@jest/globals';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import OpenAI, { NotFoundError } from 'openai';
import { INCOMING_KEPT_MS } from '../../shared/domain/upload.ts';
import { START_MS } from '../support/manual-clock.ts';
import { type CrashableServer, eventually } from './crashable.ts';
import { onServer } from './ending.ts';
import { TEST_MS, withoutCount } from './points.ts';

/** Longer than what is put away at once. */
const LARGE = Buffer.alloc(9 * 1024 * 1024, '0123456789');
const PARTS = ['Once upon ', 'a time.'];
const key = (name: string) => ({ headers: { 'Idempotency-Key': name } });
const fileOf = (content: Buffer | string) => new File([content], 'a.txt');

const sendLarge = (server: CrashableServer) => server.insist((client) => client.files.create({ file: fileOf(LARGE), purpose: 'vision' }, key('large')));
const sendSmall = (server: CrashableServer) => server.insist((client) => client.files.create({ file: fileOf('small'), purpose: 'vision' }, key('small')));

async function sendInParts(server: CrashableServer): Promise<string> {
  const upload = await server.insist((client) => client.uploads.create({ filename: 'p.txt', purpose: 'vision', bytes: PARTS.join('').length, mime_type: 'text/plain' }, key('upload')));
  const part_ids: string[] = [];
  for (const [at, content] of ['unwanted', ...PARTS].entries()) {
    part_ids.push((await server.insist((client) => client.uploads.parts.create(upload.id, { data: fileOf(content) }, key(`part ${at}`)))).id);
  }
  const done = await server.insist((client) => client.uploads.complete(upload.id, { part_ids: part_ids.slice(1) }));
  return done.file?.id ?? 'none';
}

const contentOf = async (server: CrashableServer, id: string) => Buffer.from(await server.insist(async (client) => (await client.files.content(id)).arrayBuffer()));

/** Deleted, by this request or by one that the server died of. */
const deleted = (server: CrashableServer, id: string) =>
  server.insist((client) =>
    client.files.delete(id).catch((error: unknown) => {
      if (error instanceof NotFoundError) return { deleted: true };
      throw error;
    }),
  );

/** Files of the blob store, and records of files and of what is made on the way to them. */
async function left({ dataDir }: CrashableServer): Promise<string[]> {
  const found = await readdir(join(dataDir, 'blobs'), { recursive: true, withFileTypes: true }).catch(() => []);
  const db = new DatabaseSync(join(dataDir, 'threadkeep.db'), { readOnly: true, timeout: 5000 });
  try {
    const records = ['file', 'upload', 'upload_part', 'outbox'].flatMap((table) => Array.from({ length: Number(db.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.['n']) }, () => table));
    return [...found.filter((entry) => entry.isFile()).map(({ name }) => name), ...records];
  } finally {
    db.close();
  }
}

const steps = (...names: string[]) => names.flatMap((name) => [`inside:${name}`, `after:${name}`]);
const COMING = ['after:receive-content', ...steps('create-file'), 'blob:begin', 'blob:putPart', 'blob:putPart@2', 'blob:complete', 'blob:put'];
const IN_PARTS = [...steps('add-part', 'complete-upload'), 'after:create-upload', 'after:receive-content@4', 'blob:put@3'];
const GOING = ['after:delete-file', 'blob:remove', 'before-ack:removed', 'inside:reap-parts', 'after:reap-parts'];

describe('files', () => {
  test.concurrent.each([...COMING, ...IN_PARTS, ...GOING])('are whole or not there in spite of a kill -9 at %s, and leave nothing', async (crashAt) => {
    await onServer({ crashAt, clockMs: START_MS }, [], async (server) => {
      const [large, small, inParts] = [(await sendLarge(server)).id, (await sendSmall(server)).id, await sendInParts(server)];

      expect((await server.client.files.list()).data.map(({ id }) => id).sort()).toEqual([large, small, inParts].sort());
      expect(LARGE.equals(await contentOf(server, large))).toBe(true);
      expect((await contentOf(server, small)).toString()).toBe('small');
      expect((await contentOf(server, inParts)).toString()).toBe(PARTS.join(''));
      for (const id of [large, small, inParts]) await deleted(server, id);
      // Some of them die of what their clock sets off.
      await server.pass(INCOMING_KEPT_MS + 60_000);
      await server.outlived();
      await eventually('nothing is left', async () => {
        await server.pass(30_000);
        return (await left(server)).length === 0 ? true : undefined;
      });
      expect(server.crashes).toEqual([withoutCount(crashAt)]);
    });
  }, TEST_MS);

  test('half sent are not there, and nothing is left of them', async () => {
    await onServer({ clockMs: START_MS }, [], async (server) => {
      const sending = server.client.files.create({ file: fileOf(LARGE), purpose: 'x' as 'vision' }).catch((error: unknown) => error);
      expect(await sending).toBeInstanceOf(OpenAI.BadRequestError);
      expect((await server.client.files.list()).data).toEqual([]);
      await eventually('nothing is left', async () => ((await left(server)).length === 0 ? true : undefined));
    });
  }, TEST_MS);
});
