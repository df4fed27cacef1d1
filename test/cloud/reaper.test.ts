/** What hung under a thread that is gone goes as well, whatever becomes of the Lambda that sees to it. */
import { describe, expect, test } from '@jest/globals';
import { messagesIn } from './crash/cloud-ledger.ts';
import { type LargeThread, expectGone, makeLargeThread } from './crash/large-thread.ts';
import { TEST_MS, useScene } from './crash/outlives.ts';
import { asDeath } from './crash/saboteur.ts';

const DAY_MS = 86_400_000;
/** The reaper's calls: steps of two runs and the runs, messages in three, and the body of one of them. */
const POINTS = [
  ...['ThreadReaper Query #1', 'ThreadReaper DeleteItem #1', 'ThreadReaper TransactWriteItems #1', 'ThreadReaper TransactWriteItems #2', 'ThreadReaper TransactWriteItems #3'],
  ...['ThreadReaper TransactWriteItems #4', 'ThreadReaper GetObject #1', 'ThreadReaper TransactWriteItems #5', 'ThreadReaper ListObjectsV2 #1', 'ThreadReaper DeleteObjects #1'],
  // Whether the thread has a session of code.
  'ThreadReaper GetItem #1',
];

const scene = useScene();
const remove = ({ threadId }: LargeThread) => scene().client.client.beta.threads.delete(threadId);

test('a deleted thread leaves nothing behind', async () => {
  const thread = await makeLargeThread(scene());
  scene().saboteur.watch();
  await remove(thread);
  await expectGone(scene(), thread);
  expect(scene().saboteur.passed.filter((point) => point.startsWith('ThreadReaper')).sort()).toEqual(POINTS.toSorted());
  scene().server.expectNoErrors();
}, TEST_MS);

describe('a deleted thread leaves nothing behind when the reaper dies', () => {
  // By turns: at most a call before or after any other.
  const deaths = POINTS.map((point, at) => `${at % 2 === 0 ? 'before' : 'after'} ${point}`);
  test.each(deaths)('%s', async (death) => {
    const thread = await makeLargeThread(scene());
    scene().saboteur.watch(asDeath(death));
    await remove(thread);
    await expectGone(scene(), thread);
    expect(scene().saboteur.deaths).toEqual([death]);
    scene().server.expectNoErrors();
  }, TEST_MS);
});

test('a thread whose time is over leaves nothing behind', async () => {
  const { client, server } = scene();
  const thread = await makeLargeThread(scene());
  await client.pass(60 * DAY_MS + 2000, 60 * DAY_MS + 2000);
  await server.deployment.sweep();
  await expectGone(scene(), thread);
  server.expectNoErrors();
}, TEST_MS);

test('what the reaper cannot do at all is given up after sixty attempts more, for people to see to', async () => {
  const { client, saboteur, server } = scene();
  const thread = await makeLargeThread(scene());
  const given = server.deployment.queues.find(({ id }) => id.startsWith('ReaperFeedGivenUp'))?.name ?? '';
  server.expectError('feed_failed');
  const { invocations } = server.deployment.fn('ThreadReaper');
  saboteur.kill(({ operation }, point) => (point.startsWith('ThreadReaper') && operation === 'Query' ? { refuse: { status: 400, type: 'com.amazonaws.dynamodb.v20120810#ValidationException' } } : undefined));
  await remove(thread);
  await client.eventually('it is given up', async () => {
    await client.pass(1000);
    return (await messagesIn(server.deployment, given)).length > 0 ? true : undefined;
  });
  saboteur.watch();
  expect(server.deployment.fn('ThreadReaper').invocations - invocations).toBe(61);
  const [document = '', ...others] = await messagesIn(server.deployment, given);
  expect(others).toEqual([]);
  expect(JSON.parse(document)).toMatchObject({ requestContext: { condition: 'RetryAttemptsExhausted', approximateInvokeCount: 61 }, DDBStreamBatchInfo: { batchSize: 1 } });
  server.expectNoErrors();
}, TEST_MS);
