/** Threads that are older than the wish to be warned of their end. */
import { describe, expect, test } from '@jest/globals';
import { WebhookWorld, until } from './webhook-world.ts';

const DAY_MS = 86_400_000;
const URL = 'https://hooks.example.com/in';

const warnIn = (world: WebhookWorld, days: number | null) => world.client.post('/project', { body: { expiring_days: days } });
const newThread = async (world: WebhookWorld, days: number): Promise<string> => ((await world.client.post('/threads', { body: { retention: { days } } })) as { id: string }).id;

async function passDays(world: WebhookWorld, days: number): Promise<void> {
  // In steps, so that what falls due on the way is dealt with before time goes on.
  for (let quarters = 0; quarters < days * 4; quarters++) await world.clock.pass(DAY_MS / 4);
}

/** The threads that were told of, and after how many days. */
async function warned(world: WebhookWorld, startMs: number, endpointId: string, count: number): Promise<[string, number][]> {
  await until(`${count} warnings`, () => world.sent.filter(({ type }) => type === 'thread.expiring').length >= count);
  const threadOf = new Map((await world.log(endpointId)).map(({ event }) => [event.id, event.data['id'] ?? '']));
  return world.sent.filter(({ type }) => type === 'thread.expiring').map(({ id, atMs }) => [threadOf.get(id) ?? '', Math.floor((atMs - startMs) / DAY_MS)]);
}

describe('a thread that was made', () => {
  test('before its project had an endpoint is warned of', async () => {
    await using world = await WebhookWorld.start();
    const startMs = world.clock.nowMs();
    await warnIn(world, 3);
    const id = await newThread(world, 10);
    await passDays(world, 1);
    const endpoint = await world.endpoint(URL, 'thread.expiring');
    await passDays(world, 11);
    expect(await warned(world, startMs, endpoint, 1)).toEqual([[id, 7]]);
  });

  test('before its project wanted to be warned is warned of, once, also when more days are asked for later', async () => {
    await using world = await WebhookWorld.start();
    const startMs = world.clock.nowMs();
    const endpoint = await world.endpoint(URL, 'thread.expiring');
    const id = await newThread(world, 20);
    await warnIn(world, 3);
    await passDays(world, 1);
    await warnIn(world, 7);
    await passDays(world, 20);
    expect(await warned(world, startMs, endpoint, 1)).toEqual([[id, 13]]);
  });

  test('is warned of later when fewer days are asked for, and at once when the time for it has passed', async () => {
    await using world = await WebhookWorld.start();
    const startMs = world.clock.nowMs();
    const endpoint = await world.endpoint(URL, 'thread.expiring');
    await warnIn(world, 7);
    const fewer = await newThread(world, 20);
    await warnIn(world, 3);
    await passDays(world, 18);
    expect(await warned(world, startMs, endpoint, 1)).toEqual([[fewer, 17]]);

    await warnIn(world, null);
    const late = await newThread(world, 10);
    await passDays(world, 4);
    await warnIn(world, 7);
    await passDays(world, 1);
    expect(await warned(world, startMs, endpoint, 2)).toEqual([[fewer, 17], [late, 22]]);
  });

  test('is warned of however many there are, but not when it was used since, nor when it never ends', async () => {
    await using world = await WebhookWorld.start();
    const startMs = world.clock.nowMs();
    await warnIn(world, 3);
    const made: string[] = [];
    for (let n = 0; n < 230; n++) made.push(await newThread(world, 10));
    await world.client.post('/threads', { body: { retention: 'never' } });
    const endpoint = await world.endpoint(URL, 'thread.expiring');
    await passDays(world, 1);
    await world.client.post(`/threads/${made[120]}/touch`);
    await passDays(world, 6);
    await until('all but one', () => world.sent.length >= 229);
    await passDays(world, 2);
    await until('that one', () => world.sent.length >= 230);
    expect(new Set(world.sent.map(({ id }) => id)).size).toBe(230);
    expect(world.sent).toHaveLength(230);
    expect(world.sent.slice(0, 229).every(({ atMs }) => Math.floor((atMs - startMs) / DAY_MS) === 7)).toBe(true);
    expect((await world.log(endpoint))[0]?.event.data['id']).toBe(made[120]);
  });
});
