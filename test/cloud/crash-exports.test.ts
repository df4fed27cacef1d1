/** Histories are written whole into their files, whichever Lambda dies at it, and nothing is deleted before that. */
import { beforeAll, describe, expect, test } from '@jest/globals';
import type { WireExport } from '../../shared/wire/export.ts';
import { itemsOf } from './crash/cloud-ledger.ts';
import { objectsOf } from './crash/large-thread.ts';
import { TEST_MS, useScene } from './crash/outlives.ts';
import { asDeath } from './crash/saboteur.ts';

const DAY_MS = 86_400_000;
/** Makes a file of two parts, each message in a body of its own. */
const MANY = 18;
const LONG = 'Ω'.repeat(255_000);

const scene = useScene();

const get = <T>(path: string): Promise<T> => scene().client.client.get<T>(path);
const listed = async (): Promise<WireExport[]> => (await get<{ data: WireExport[] }>('/exports')).data;

async function contentOf(id: string): Promise<string> {
  const { baseUrl, key } = scene().server;
  const response = await fetch(`${baseUrl}/exports/${id}/content`, { headers: { authorization: `Bearer ${key}` } });
  expect(response.status).toBe(200);
  return response.text();
}

const ended = (id: string): Promise<WireExport> =>
  scene().client.eventually('it has ended', async () => {
    const now = await get<WireExport>(`/exports/${id}`);
    return now.completed_at !== null || now.failed_at !== null ? now : undefined;
  });

async function exported(threadId: string): Promise<string> {
  const { id } = await scene().client.client.post<WireExport>(`/threads/${threadId}/exports`);
  expect(await ended(id)).toMatchObject({ status: 'completed' });
  return contentOf(id);
}

/** `by`: those of the function that are meant. */
const passedBy = (by: string) => scene().saboteur.passed.filter((point) => point.startsWith(by)).sort();

describe('an export of a long thread', () => {
  const PARTS = ['CreateMultipartUpload #1', 'UploadPart #1', 'PutItem #2', 'UploadPart #2', 'PutItem #3', 'CompleteMultipartUpload #1'];
  const CALLS = ['ChangeMessageVisibility #1', 'GetItem #1', 'PutItem #1', 'Query #1', 'GetObject #1', ...PARTS, 'PutItem #4', 'DeleteMessage #1'];
  /** What holds for every job, crash-polled.test.ts shows. */
  const DEATHS = [
    ...['after RunWorker PutItem #1', 'after RunWorker CreateMultipartUpload #1', 'after RunWorker UploadPart #1', 'after RunWorker PutItem #2', 'before RunWorker UploadPart #2'],
    ...['before RunWorker CompleteMultipartUpload #1', 'after RunWorker CompleteMultipartUpload #1', 'before RunWorker DeleteMessage #1'],
  ];
  let threadId = '';
  let whole = '';
  beforeAll(async () => {
    const { threads } = scene().client.client.beta;
    ({ id: threadId } = await threads.create());
    for (let n = 0; n < MANY; n++) await threads.messages.create(threadId, { role: 'user', content: `${n} ${LONG}` });
    whole = await exported(threadId);
  }, TEST_MS);

  test('is written by these calls, in parts, and fetched past the function', async () => {
    const lines = whole.split('\n').slice(0, -1).map((line) => JSON.parse(line) as { type: string; data: { content: { text: { value: string } }[] } });
    expect(lines.map(({ type }) => type)).toEqual(['header', 'thread', ...Array.from({ length: MANY }, () => 'message'), 'end']);
    expect(lines.slice(2, -1).map(({ data }) => data.content[0]?.text.value)).toEqual(Array.from({ length: MANY }, (_, n) => `${n} ${LONG}`));
    scene().saboteur.watch();
    expect(await exported(threadId)).toBe(whole);
    expect(passedBy('RunWorker')).toEqual(CALLS.map((call) => `RunWorker ${call}`).sort());
    // By a link, in the name of whoever made it.
    expect(passedBy('Api')).toContain('Api GetObject #1');
    scene().server.expectNoErrors();
  }, TEST_MS);

  test.each(DEATHS)('is whole in spite of a death %s', async (death) => {
    const { saboteur, client } = scene();
    saboteur.watch(asDeath(death));
    const text = await exported(threadId);
    // Its end can be seen before whoever wrote it down has died of that.
    await client.eventually('who is to die has', () => Promise.resolve(saboteur.deaths.length > 0 ? true : undefined));
    await client.pass(60_000, 20_000);
    expect(saboteur.deaths).toEqual([death]);
    expect(text === whole).toBe(true);
    scene().server.expectNoErrors();
  }, TEST_MS);
});

describe('a thread whose time has come', () => {
  const EXPORTING = ['ThreadReaper GetItem #1', 'ThreadReaper PutItem #1', 'ThreadReaper PutItem #2', 'ThreadReaper Query #1', 'ThreadReaper GetObject #1', 'ThreadReaper PutObject #1', 'ThreadReaper PutItem #3'];
  const REAPING = ['ThreadReaper TransactWriteItems #1', 'ThreadReaper ListObjectsV2 #1', 'ThreadReaper DeleteObjects #1'];
  /** What holds for all that is deleted, reaper.test.ts shows. */
  const DEATHS = ['after ThreadReaper PutItem #1', 'before ThreadReaper PutObject #1', 'after ThreadReaper PutObject #1', 'after ThreadReaper PutItem #3', 'before ThreadReaper DeleteObjects #1'];

  /** Resolves when nothing is left of it but its file. */
  async function expire(...deaths: string[]): Promise<void> {
    const { client, server, saboteur } = scene();
    const { s3 } = server.deployment.engines.hands;
    const bodies = async () => (await objectsOf(s3)).filter((key) => !key.startsWith('exports/')).sort();
    const others = await bodies();
    const { id } = await client.client.post<{ id: string }>('/threads', { body: { retention: { days: 1 }, export_on_expiry: true, messages: [{ role: 'user', content: 'My last words' }] } });
    await client.client.beta.threads.messages.create(id, { role: 'user', content: LONG });
    const kept = await exported(id);
    saboteur.watch(...deaths.map(asDeath));
    // The second in which it ends has to be over for it to be removed.
    await client.pass(DAY_MS + 2000, DAY_MS + 2000);
    await server.deployment.sweep();
    await client.eventually('who is to die has', () => Promise.resolve(saboteur.deaths.length >= deaths.length ? true : undefined));
    await client.eventually('nothing is left of the thread', async () => ((await itemsOf(server.deployment, id)).length === 0 && (await bodies()).join() === others.join() ? true : undefined));
    expect(saboteur.deaths).toEqual(deaths);
    const made = (await listed()).filter(({ cause, thread_id }) => cause === 'expiry' && thread_id === id);
    expect(made).toEqual([expect.objectContaining({ status: 'completed' })]);
    expect((await contentOf(made[0]?.id ?? '')) === kept).toBe(true);
    server.expectNoErrors();
  }

  test('is written and then deleted by these calls', async () => {
    await expire();
    expect(passedBy('ThreadReaper')).toEqual([...EXPORTING, ...REAPING].sort());
  }, TEST_MS);

  test.each(DEATHS)('is written whole before it is deleted, in spite of a death %s', async (death) => {
    await expire(death);
  }, TEST_MS);
});
