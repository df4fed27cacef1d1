/** Histories are written whole into their files, whichever Lambda dies at it, and nothing is deleted before that. */
import { beforeAll, describe, expect, test } from '@jest/globals';
import type { WireExport } from '../../shared/wire/export.ts';
import { itemsOf } from './crash/cloud-ledger.ts';
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
  const POINTS: string[] = [];
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
    expect(passedBy('RunWorker')).toEqual(POINTS.toSorted());
    // By a link, in the name of whoever made it.
    expect(passedBy('Api')).toContain('Api GetObject #1');
    scene().server.expectNoErrors();
  }, TEST_MS);

  test.each(['before', 'after'].flatMap((when) => POINTS.map((point) => `${when} ${point}`)))('is whole in spite of a death %s', async (death) => {
    scene().saboteur.watch(asDeath(death));
    const text = await exported(threadId);
    expect(scene().saboteur.deaths).toEqual([death]);
    expect(text === whole).toBe(true);
    scene().server.expectNoErrors();
  }, TEST_MS);
});

describe('a thread whose time has come', () => {
  const POINTS: string[] = [];

  /** Resolves when nothing is left of it but its file. */
  async function expire(...deaths: string[]): Promise<void> {
    const { client, server, saboteur } = scene();
    const { id } = await client.client.post<{ id: string }>('/threads', { body: { retention: { days: 1 }, export_on_expiry: true, messages: [{ role: 'user', content: 'My last words' }] } });
    await client.client.beta.threads.messages.create(id, { role: 'user', content: LONG });
    const kept = await exported(id);
    saboteur.watch(...deaths.map(asDeath));
    await client.pass(DAY_MS, DAY_MS);
    await server.deployment.sweep();
    await client.eventually('nothing is left of the thread', async () => ((await itemsOf(server.deployment, id)).length === 0 ? true : undefined));
    expect(saboteur.deaths).toEqual(deaths);
    const made = (await listed()).filter(({ cause, thread_id }) => cause === 'expiry' && thread_id === id);
    expect(made).toEqual([expect.objectContaining({ status: 'completed' })]);
    expect((await contentOf(made[0]?.id ?? '')) === kept).toBe(true);
    server.expectNoErrors();
  }

  test('is written and then deleted by these calls', async () => {
    await expire();
    expect(passedBy('ThreadReaper')).toEqual(POINTS.toSorted());
  }, TEST_MS);

  // By turns: at most a call before or after any other.
  test.each(POINTS.map((point, at) => `${at % 2 === 0 ? 'before' : 'after'} ${point}`))('is written whole before it is deleted, in spite of a death %s', async (death) => {
    await expire(death);
  }, TEST_MS);
});
