/** Histories written on a server that dies of it: the file is whole or not there, and nothing is deleted before it is. */
import { describe, expect, test } from '@jest/globals';
import type { WireExport } from '../../shared/wire/export.ts';
import { START_MS } from '../support/manual-clock.ts';
import { type CrashableServer, eventually } from './crashable.ts';
import { onServer } from './ending.ts';
import { readLedger } from './ledger.ts';
import { TEST_MS, around, withoutCount } from './points.ts';

const DAY_MS = 86_400_000;
/** Makes a file of two parts. */
const MANY = 36;
const LONG = 'Ω'.repeat(255_000);

const asked = (server: CrashableServer, path: string) => server.insist((client) => client.get<WireExport>(path));

async function longThread(server: CrashableServer, fields: object = {}): Promise<string> {
  const { id } = await server.client.beta.threads.create({ messages: [{ role: 'user', content: 'Begin.' }], ...fields });
  for (let n = 1; n < MANY; n++) await server.client.beta.threads.messages.create(id, { role: 'user', content: `${n} ${LONG}` });
  return id;
}

/** Every message once and in order, between one header and one end. */
function expectWhole(file: string, threadId: string): void {
  const lines = file.split('\n').slice(0, -1).map((line) => JSON.parse(line) as { type: string; data: { id: string; thread_id?: string; content: { text: { value: string } }[] }; counts?: unknown });
  expect(lines.map(({ type }) => type)).toEqual(['header', 'thread', ...Array.from({ length: MANY }, () => 'message'), 'end']);
  expect(lines[1]?.data.id).toBe(threadId);
  const words = lines.slice(2, -1).map(({ data }) => data.content[0]?.text.value.split(' ')[0]);
  expect(words).toEqual(['Begin.', ...Array.from({ length: MANY - 1 }, (_, n) => String(n + 1))]);
  expect(lines.at(-1)?.counts).toEqual({ threads: 1, messages: MANY, runs: 0, steps: 0 });
}

const contentOf = async (server: CrashableServer, id: string): Promise<string> => {
  const { baseURL } = server.client;
  return (await fetch(`${baseURL}/exports/${id}/content`, { headers: { authorization: 'Bearer sk-local' } })).text();
};

const WRITING = [...around('claim-export', 'end-export'), 'before:save-export', 'inside:save-export', 'after:save-export', 'inside:save-export@2', 'after:save-export@2'];

describe('an export', () => {
  test.concurrent.each([...around('create-export').slice(1), ...WRITING, 'before-ack:run-export'])('is whole in spite of a kill -9 at %s', async (crashAt) => {
    await onServer({ crashAt }, [], async (server) => {
      const threadId = await longThread(server);
      const started = await server.survive((client) => client.post<WireExport>(`/threads/${threadId}/exports`));
      await server.outlived();
      // Nobody was told of one whose server died of making it; it may be there all the same.
      const id = started?.id ?? (await server.insist((client) => client.get<{ data: WireExport[] }>('/exports'))).data[0]?.id ?? (await server.client.post<WireExport>(`/threads/${threadId}/exports`)).id;
      const done = await eventually('it has ended', async () => {
        const now = await asked(server, `/exports/${id}`);
        return now.status === 'completed' || now.status === 'failed' ? now : undefined;
      });
      expect(done).toMatchObject({ status: 'completed', counts: { messages: MANY } });
      const file = await contentOf(server, id);
      expect(Buffer.byteLength(file)).toBe(done.bytes);
      expectWhole(file, threadId);
      expect(server.crashes).toEqual([withoutCount(crashAt)]);
    });
  }, TEST_MS);
});

describe('a thread whose time has come', () => {
  const points = ['inside:create-export', 'after:create-export', 'after:claim-export', 'after:save-export', 'after:save-export@2', 'before:end-export', 'inside:end-export', 'after:end-export', 'before:reap-thread', 'inside:reap-thread', 'before-ack:removed'];

  test.concurrent.each(points)('is written whole before any of it is deleted, with a kill -9 at %s', async (crashAt) => {
    await onServer({ crashAt, clockMs: START_MS, byHand: true }, [], async (server) => {
      const threadId = await longThread(server, { retention: { days: 1 }, export_on_expiry: true });
      // It dies of the sweep that the jump of its clock sets off, or of what that sets off.
      await server.pass(DAY_MS + 60_000);
      await server.died();
      const { messages } = readLedger(server.dataDir);
      if (!/reap-thread|removed/.test(crashAt)) expect(messages).toHaveLength(MANY);
      await server.restart();
      await eventually('nothing is left of the thread', async () => {
        await server.pass(30_000);
        const left = readLedger(server.dataDir);
        return left.messages.length === 0 && left.untold === 0 ? true : undefined;
      });
      const { data } = await server.client.get<{ data: WireExport[] }>('/exports');
      expect(data).toEqual([expect.objectContaining({ cause: 'expiry', status: 'completed', thread_id: threadId })]);
      expectWhole(await contentOf(server, data[0]?.id ?? ''), threadId);
    });
  }, TEST_MS);
});
