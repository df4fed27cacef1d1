/** What becomes of events that an endpoint does not take, in days of a clock that stands still between them. */
import { describe, expect, jest, test } from '@jest/globals';
import { UnreachableError } from '../../shared/ports/outbound.ts';
import type { WireDelivery } from './webhook-calls.ts';
import { WebhookWorld, until } from './webhook-world.ts';

jest.setTimeout(60_000);

const URL = 'https://hooks.example.com/';
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

const passDays = async ({ clock }: WebhookWorld, days: number) => {
  for (let hours = 0; hours < days * 24; hours++) await clock.pass(HOUR_MS);
};
const only = (log: WireDelivery[]): WireDelivery => {
  expect(log).toHaveLength(1);
  if (!log[0]) throw new Error('an empty log');
  return log[0];
};
const sentTimes = (world: WebhookWorld, count: number) => until(`sent ${count} times`, () => world.sent.length >= count);

describe('an event that is not taken', () => {
  test('is tried again ever more rarely for three days, and is then given up, but not forgotten', async () => {
    await using world = await WebhookWorld.start();
    const id = await world.endpoint(URL, 'thread.created');
    world.answer = () => Promise.resolve(500);
    const startMs = world.clock.nowMs();
    await world.client.beta.threads.create();
    await sentTimes(world, 1);
    await passDays(world, 3.5);
    const times = world.sent.map(({ atMs }) => atMs - startMs);
    // Pauses are spread between nothing and twice the last limit, which grows to four hours.
    expect(times.length).toBeGreaterThan(20);
    expect(times.length).toBeLessThan(400);
    expect(times.at(-1)).toBe(3 * DAY_MS);
    const pauses = times.slice(1).map((at, n) => at - (times[n] ?? 0));
    pauses.forEach((pause, n) => expect(pause).toBeLessThanOrEqual(Math.min(5000 * 2 ** n, 4 * HOUR_MS)));
    expect(Math.min(...pauses)).toBeGreaterThanOrEqual(1);
    expect(new Set(world.sent.map((one) => one.id)).size).toBe(1);

    const dead = only(await world.log(id));
    expect(dead).toMatchObject({ status: 'failed', attempt_count: times.length, next_attempt_at: null });
    expect(dead.attempts).toHaveLength(20);
    expect(dead.attempts.every(({ status_code }) => status_code === 500)).toBe(true);

    await passDays(world, 25);
    expect(only(await world.log(id)).id).toBe(dead.id);
    await passDays(world, 2);
    expect(await world.log(id)).toEqual([]);
    expect(world.sent).toHaveLength(times.length);
  });

  test('is taken at a later try', async () => {
    await using world = await WebhookWorld.start();
    const id = await world.endpoint(URL, 'thread.created');
    const answers = [() => Promise.reject(new UnreachableError('The endpoint refused the connection.')), () => Promise.resolve(302), () => Promise.resolve(410), () => Promise.resolve(204)];
    world.answer = () => answers.shift()?.() ?? Promise.resolve(500);
    await world.client.beta.threads.create();
    await sentTimes(world, 1);
    await passDays(world, 1 / 12);
    expect(only(await world.log(id))).toMatchObject({
      status: 'delivered',
      attempt_count: 4,
      attempts: [{ status_code: null, error: 'The endpoint refused the connection.' }, { status_code: 302 }, { status_code: 410 }, { status_code: 204, error: null }],
    });
    expect(answers).toHaveLength(0);
  });

  test('has three days more when it is replayed', async () => {
    await using world = await WebhookWorld.start();
    const id = await world.endpoint(URL, 'thread.created');
    world.answer = () => Promise.resolve(500);
    await world.client.beta.threads.create();
    await sentTimes(world, 1);
    await passDays(world, 4);
    const dead = only(await world.log(id));
    const tries = world.sent.length;

    expect(await world.replay(id, dead.id)).toMatchObject({ status: 'pending', attempt_count: tries });
    await sentTimes(world, tries + 1);
    await passDays(world, 1);
    expect(world.sent.length).toBeGreaterThan(tries + 5);
    // As for a new one the first pauses are short.
    expect((world.sent[tries + 1]?.atMs ?? 0) - (world.sent[tries]?.atMs ?? 0)).toBeLessThanOrEqual(5000);
    world.answer = () => Promise.resolve(200);
    await passDays(world, 1);
    expect(only(await world.log(id)).status).toBe('delivered');
    expect(new Set(world.sent.map((one) => one.id)).size).toBe(1);
  });

  test('is dropped when its endpoint is deleted', async () => {
    await using world = await WebhookWorld.start();
    const id = await world.endpoint(URL, 'thread.created');
    world.answer = () => Promise.resolve(500);
    await world.client.beta.threads.create();
    await sentTimes(world, 1);
    await world.client.webhooks.delete(id);
    await passDays(world, 1);
    expect(world.sent).toHaveLength(1);
    await expect(world.log(id)).rejects.toThrow('No webhook endpoint found');
  });
});

describe('an event that the feed tells twice', () => {
  test('is sent once', async () => {
    await using world = await WebhookWorld.start({
      async each(tell) {
        await tell();
        await tell();
      },
    });
    const id = await world.endpoint(URL, 'thread.created', 'thread.deleted');
    const thread = await world.client.beta.threads.create();
    await sentTimes(world, 1);
    await world.client.beta.threads.delete(thread.id);
    await sentTimes(world, 2);
    await passDays(world, 1);
    expect(world.sent.map(({ type }) => type)).toEqual(['thread.created', 'thread.deleted']);
    expect(await world.log(id)).toHaveLength(2);
  });
});

describe('events of one thread', () => {
  test('wait for the first try of those before them, and not for their retries', async () => {
    await using world = await WebhookWorld.start();
    await world.endpoint(URL, 'thread.created', 'thread.deleted');
    const first = Promise.withResolvers<number>();
    world.answer = ({ body }) => (body.includes('thread.created') ? first.promise : Promise.resolve(200));
    const thread = await world.client.beta.threads.create();
    await sentTimes(world, 1);
    await world.clock.pass(1000);
    await world.client.beta.threads.delete(thread.id);
    await world.clock.pass(3000);
    expect(world.sent.map(({ type }) => type)).toEqual(['thread.created']);
    first.resolve(500);
    await until('the second is sent', () => (world.clock.advance(50), world.sent.some(({ type }) => type === 'thread.deleted')));
    expect(world.clock.nowMs()).toBeLessThan((world.sent[0]?.atMs ?? 0) + 15_000);
  });
});

describe('a thread whose time is over', () => {
  test('has expired, and was not deleted', async () => {
    await using world = await WebhookWorld.start();
    await world.endpoint(URL, 'thread.expired', 'thread.deleted');
    await world.client.post('/threads', { body: { retention: { days: 1 } } });
    await passDays(world, 2);
    await sentTimes(world, 1);
    expect(world.sent.map(({ type }) => type)).toEqual(['thread.expired']);
  });
});

describe('a thread that comes near its end', () => {
  const hook = async (world: WebhookWorld, days: number) => {
    await world.endpoint(URL, 'thread.expiring', 'thread.expired');
    await world.client.post('/project', { body: { expiring_days: days } });
  };
  const toldOf = ({ sent }: WebhookWorld, startMs: number) => sent.map(({ type, atMs }) => [type, Math.floor((atMs - startMs) / DAY_MS)]);

  test('is told of so many days ahead, once', async () => {
    await using world = await WebhookWorld.start();
    await hook(world, 3);
    const startMs = world.clock.nowMs();
    await world.client.post('/threads', { body: { retention: { days: 10 } } });
    await passDays(world, 11);
    expect(toldOf(world, startMs)).toEqual([['thread.expiring', 7], ['thread.expired', 10]]);
  });

  test('is told of later when it was used, and again when it was used after that', async () => {
    await using world = await WebhookWorld.start();
    await hook(world, 3);
    const startMs = world.clock.nowMs();
    const { id } = (await world.client.post('/threads', { body: { retention: { days: 10 } } })) as { id: string };
    await passDays(world, 5);
    await world.client.post(`/threads/${id}/touch`);
    await passDays(world, 8);
    await world.client.post(`/threads/${id}/touch`);
    await passDays(world, 12);
    expect(toldOf(world, startMs)).toEqual([['thread.expiring', 12], ['thread.expiring', 20], ['thread.expired', 23]]);
  });

  test('is told of at once when its life is cut short to less', async () => {
    await using world = await WebhookWorld.start();
    await hook(world, 3);
    const startMs = world.clock.nowMs();
    const { id } = (await world.client.post('/threads', { body: { retention: { days: 10 } } })) as { id: string };
    await passDays(world, 1);
    await world.client.post(`/threads/${id}`, { body: { retention: { days: 2 } } });
    await passDays(world, 2);
    expect(toldOf(world, startMs)).toEqual([['thread.expiring', 1], ['thread.expired', 2]]);
  });

  test('is not told of when nobody asked for it', async () => {
    await using world = await WebhookWorld.start();
    await world.endpoint(URL, 'thread.expiring', 'thread.expired');
    await world.client.post('/threads', { body: { retention: { days: 2 } } });
    await passDays(world, 3);
    expect(world.sent.map(({ type }) => type)).toEqual(['thread.expired']);
  });
});
