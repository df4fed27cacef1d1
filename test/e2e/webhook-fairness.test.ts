/** A thousand events for three endpoints, of which one is slow and one is dead: the healthy one must not feel it. */
import { expect, jest, test } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import { systemClock } from '../../shared/domain/clock.ts';
import { timeOfId } from '../../shared/domain/ids.ts';
import { UnreachableError } from '../../shared/ports/outbound.ts';
import { WebhookWorld } from './webhook-world.ts';

jest.setTimeout(180_000);

const EVENTS = 1000;
/** A hundred a second, as far as the machine keeps up. */
const AT_ONCE = 5;
const EVERY_MS = 50;
/** With eight at once a thousand of these take four minutes. */
const SLOW_MS = 2000;
/** What a loaded machine may add; waiting behind the slow one would add a hundred times as much. */
const TOLERANCE_MS = 1500;
const [HEALTHY, SLOW, DEAD] = ['https://healthy.example.com/', 'https://slow.example.com/', 'https://dead.example.com/'];

/** How long the healthy endpoint's events took, from the thread's making to the POST, in milliseconds: all but the slowest hundredth. */
async function p99Of(endpoints: readonly string[]): Promise<{ p99: number; sentTo: (url: string) => number }> {
  await using world = await WebhookWorld.startOn(systemClock);
  const latencies: number[] = [];
  world.answer = async ({ url, body }) => {
    if (url === SLOW) await delay(SLOW_MS, undefined, { ref: false });
    if (url === DEAD) throw new UnreachableError('The endpoint refused the connection.');
    const { data } = JSON.parse(body) as { data: { id: string } };
    if (url === HEALTHY) latencies.push(Date.now() - (timeOfId('thread', data.id) ?? 0));
    return 200;
  };
  for (const url of endpoints) await world.endpoint(url, 'thread.created');
  for (let made = 0; made < EVENTS; made += AT_ONCE) {
    await Promise.all([delay(EVERY_MS), ...Array.from({ length: AT_ONCE }, () => world.client.beta.threads.create())]);
  }
  for (let waited = 0; latencies.length < EVENTS && waited < 60_000; waited += 50) await delay(50);
  expect(latencies).toHaveLength(EVENTS);
  const p99 = latencies.toSorted((a, b) => a - b)[Math.floor(EVENTS * 0.99)] ?? Infinity;
  const counts = new Map([HEALTHY, SLOW, DEAD].map((url) => [url, world.sent.filter((one) => one.url === url).length]));
  return { p99, sentTo: (url) => counts.get(url) ?? 0 };
}

test('a healthy endpoint is told as soon as ever, whatever becomes of the others', async () => {
  const alone = await p99Of([HEALTHY]);
  const beside = await p99Of([SLOW, DEAD, HEALTHY]);

  process.stdout.write(`p99 of the healthy endpoint: ${alone.p99} ms alone, ${beside.p99} ms beside a slow and a dead one\n`);
  expect(beside.p99).toBeLessThan(alone.p99 + TOLERANCE_MS);
  // The others are far behind, and at work.
  expect(beside.sentTo(SLOW)).toBeLessThan(EVENTS);
  expect(beside.sentTo(SLOW)).toBeGreaterThan(0);
  expect(beside.sentTo(DEAD)).toBeGreaterThan(0);
});
