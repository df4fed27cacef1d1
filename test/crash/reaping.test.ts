/** A thread of a hundred thousand messages whose time has come, on a server that dies while it deletes them. */
import { expect, test } from '@jest/globals';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { WireExport } from '../../shared/wire/export.ts';
import { START_MS } from '../support/manual-clock.ts';
import { eventually } from './crashable.ts';
import { createAssistant } from './conversation.ts';
import { onServer } from './ending.ts';
import { enlarge, rowsOf } from './large-thread.ts';
import { readLedger } from './ledger.ts';

const DAY_MS = 86_400_000;
const MESSAGES = 100_000;
const RUNS = 1000;

/** A busy machine takes its time; the test that hangs ends some time. */
const TEST_MS = 300_000;

async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
}

test('it is exported whole and then deleted whole, in spite of kill -9 in the middle of both', async () => {
  // Each run's step is a commit of its own; the messages come behind.
  const crashAt = ['after:save-export@2', `inside:reap-thread@${RUNS + 300}`];
  await onServer({ crashAt, clockMs: START_MS, byHand: true }, [], async (server) => {
    const other = await server.client.beta.threads.create({ messages: [{ role: 'user', content: 'I stay.' }] });
    const { id } = await server.client.beta.threads.create({ messages: [{ role: 'user', content: 'Well' }], retention: { days: 1 }, export_on_expiry: true } as object);
    const run = await server.client.beta.threads.runs.createAndPoll(id, { assistant_id: await createAssistant(server) });
    expect(run.status).toBe('completed');
    enlarge(server.dataDir, id, { messages: MESSAGES, runs: RUNS });
    const whole = { message: MESSAGES + 2, run: RUNS + 1, step: RUNS + 1, alias: MESSAGES / 100 };
    expect(rowsOf(server.dataDir, id)).toMatchObject({ thread: 1, ...whole });

    await server.pass(DAY_MS + 60_000);
    await server.died();
    // Nothing is deleted before all of it is in its file.
    expect(rowsOf(server.dataDir, id)).toEqual({ ...whole, outbox: 1, export: 1 });
    await server.restart();
    await server.pass(30_000);
    await server.died();
    const left = rowsOf(server.dataDir, id);
    expect(left).toMatchObject({ alias: MESSAGES / 100, outbox: 1 });
    expect([left['run'], left['step']]).toEqual([undefined, undefined]);
    expect(left['message']).toBeGreaterThan(MESSAGES / 2);
    expect(left['message']).toBeLessThan(MESSAGES);

    await server.restart();
    await eventually('nothing is left of the thread but its export', async () => {
      await server.pass(30_000);
      return readLedger(server.dataDir).untold === 0 ? true : undefined;
    });
    expect(rowsOf(server.dataDir, id)).toEqual({ export: 1 });
    const { data } = await server.client.get<{ data: WireExport[] }>('/exports');
    expect(data).toEqual([expect.objectContaining({ cause: 'expiry', status: 'completed', thread_id: id, counts: { threads: 1, messages: MESSAGES + 2, runs: RUNS + 1, steps: RUNS + 1 } })]);
    expect(await filesIn(join(server.dataDir, 'blobs'))).toEqual([`${data[0]?.id}.jsonl`]);
    expect((await server.client.beta.threads.messages.list(other.id)).data).toHaveLength(1);
    expect(server.crashes).toEqual(['after:save-export', 'inside:reap-thread']);
  });
}, TEST_MS);
