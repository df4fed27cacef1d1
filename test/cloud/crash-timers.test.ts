/** Runs that wait for outputs expire in time, whatever becomes of the Lambda that is to write it down, or of the one that set the timer. */
import { describe, expect, test } from '@jest/globals';
import { rest, seeThrough } from '../crash/conversation.ts';
import { calls } from '../support/scripted-model.ts';
import { ASKED, begin, endOf, waiting } from './crash/asking.ts';
import { readCloudLedger } from './crash/cloud-ledger.ts';
import { TEST_MS, useScene } from './crash/outlives.ts';
import { asDeath } from './crash/saboteur.ts';

const LOOKUP = () => calls([{ name: 'lookup', arguments: { city: 'Oslo' } }]);
const EXPIRED = { status: 'expired', transcript: [ASKED], steps: ['lookup -> nothing expired'] };
const POINTS = ['RunTimer GetItem #1', 'RunTimer TransactWriteItems #1'];

const scene = useScene();
const storedStatus = async (threadId: string) => (await readCloudLedger(scene().server.deployment, threadId)).runs[0]?.status;
const isTimers = (point: string) => point.startsWith('RunTimer');

describe('a run that waits for outputs', () => {
  test('is expired by these calls, once', async () => {
    begin(scene(), LOOKUP());
    const asked = await waiting(scene(), false);
    const { client, saboteur, server } = scene();
    await client.pass(asked.leftMs - 2000, asked.leftMs);
    expect((await rest(client, asked.threadId, asked.runId)).status).toBe('requires_action');
    saboteur.watch();
    await client.pass(6000, 2000);
    await client.eventually('the expiry is written down', async () => ((await storedStatus(asked.threadId)) === 'expired' ? true : undefined));
    expect(saboteur.passed.filter(isTimers).sort()).toEqual(POINTS.toSorted());
    expect(await endOf(scene(), asked)).toEqual(EXPIRED);
    server.expectNoErrors();
  }, TEST_MS);

  test.each(['before', 'after'].flatMap((when) => POINTS.map((point) => `${when} ${point}`)))('has expired after a death %s', async (death) => {
    begin(scene(), LOOKUP());
    const asked = await waiting(scene(), true);
    const { client, saboteur, server } = scene();
    saboteur.watch(asDeath(death));
    await client.pass(asked.leftMs, asked.leftMs);
    await client.eventually('the timer dies', async () => (saboteur.deaths.length > 0 ? true : undefined));
    await client.eventually('the expiry is written down', async () => ((await storedStatus(asked.threadId)) === 'expired' ? true : undefined));
    expect(saboteur.deaths).toEqual([death]);
    expect(await endOf(scene(), asked)).toEqual(EXPIRED);
    server.expectNoErrors();
  }, TEST_MS);

  test('has expired when its timer dies again and again', async () => {
    begin(scene(), LOOKUP());
    const asked = await waiting(scene(), false);
    const { client, saboteur } = scene();
    let lives = 5;
    saboteur.kill((_, point) => (isTimers(point) && lives-- > 0 ? 'before' : undefined));
    await client.pass(asked.leftMs, asked.leftMs);
    // The state machine's pauses: 1, 2, 4, 8, 16 seconds.
    await client.pass(40_000);
    await client.eventually('the timer has died', async () => (saboteur.deaths.length === 5 ? true : undefined));
    await client.eventually('the expiry is written down', async () => ((await storedStatus(asked.threadId)) === 'expired' ? true : undefined));
    expect(saboteur.deaths).toHaveLength(5);
    expect(await endOf(scene(), asked)).toEqual(EXPIRED);
  }, TEST_MS);
});

test.each([
  ['polled', false, 'RunWorker'],
  ['streamed', true, 'Api'],
])('a timer whose %s run never came to wait goes off for nothing', async (_, streamed, driver) => {
  begin(scene(), LOOKUP(), LOOKUP());
  const { client, saboteur, server } = scene();
  saboteur.watch({ when: 'after', point: `${driver} StartExecution #1` });
  // Taken over, and asked again, it waits under the same name.
  const asked = await waiting(scene(), streamed);
  expect(saboteur.deaths).toHaveLength(1);
  const run = await seeThrough(client, asked.threadId, asked.runId, streamed);
  expect(run.status).toBe('completed');
  saboteur.watch();
  await client.pass(asked.leftMs + 4000, 300_000);
  expect(saboteur.passed.filter((point) => point.includes('TransactWriteItems'))).toEqual([]);
  expect(await storedStatus(asked.threadId)).toBe('completed');
  expect(await endOf(scene(), asked)).toMatchObject({ status: 'completed', steps: ['lookup -> sunny completed', 'message_creation completed'] });
  server.expectNoErrors();
}, TEST_MS);
