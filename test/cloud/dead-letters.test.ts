/** Jobs that nobody can do: their runs end with a reason, and nothing goes round for ever. */
import { describe, expect, test } from '@jest/globals';
import { rest } from '../crash/conversation.ts';
import { deliveryThat, logOf } from '../e2e/webhook-calls.ts';
import { text } from '../support/scripted-model.ts';
import { WebhookReceiver } from '../support/webhook-receiver.ts';
import { ASKED, ask, begin, endOf } from './crash/asking.ts';
import { jobsOf, messagesIn, readCloudLedger } from './crash/cloud-ledger.ts';
import { TEST_MS, useScene } from './crash/outlives.ts';

const scene = useScene();

/** As often as it is tried: the worker has said that it has the message, and dies. */
const diesAtOnce = (_: unknown, point: string) => (point.startsWith('RunWorker ChangeMessageVisibility') ? ('after' as const) : undefined);
const INTERNAL = { refuse: { status: 500, type: 'com.amazonaws.dynamodb.v20120810#InternalServerError' } };

async function expectEmptyQueues(): Promise<void> {
  const { deployment } = scene().server;
  for (const { name } of deployment.queues) expect(await messagesIn(deployment, name)).toEqual([]);
}

describe('a worker that dies at every delivery', () => {
  test('fails a run that is polled', async () => {
    begin(scene());
    scene().saboteur.kill(diesAtOnce);
    const asked = await ask(scene(), false);
    expect((await rest(scene().client, asked.threadId, asked.runId)).last_error).toMatchObject({ code: 'server_error' });
    // As often as the redrive policy has it delivered: one of the two jobs that there are, or part of both.
    expect(scene().saboteur.deaths.length).toBeGreaterThanOrEqual(8);
    begin(scene());
    expect(await endOf(scene(), asked)).toEqual({ status: 'failed', transcript: [ASKED], steps: [] });
    await expectEmptyQueues();
    scene().server.expectNoErrors();
  }, TEST_MS);

  test('fails a run whose stream broke off', async () => {
    begin(scene());
    // The run is there when its driver dies.
    scene().saboteur.kill((call, point) => (point === 'Api TransactWriteItems #3' ? 'after' : diesAtOnce(call, point)));
    const asked = await ask(scene(), true);
    await rest(scene().client, asked.threadId, asked.runId);
    expect(scene().saboteur.deaths.length).toBeGreaterThanOrEqual(9);
    begin(scene());
    expect(await endOf(scene(), asked)).toEqual({ status: 'failed', transcript: [ASKED], steps: [] });
    await expectEmptyQueues();
    scene().server.expectNoErrors();
  }, TEST_MS);

  test('leaves a run cancelled that was to be', async () => {
    begin(scene());
    scene().saboteur.kill(diesAtOnce);
    const asked = await ask(scene(), false);
    await scene().client.client.beta.threads.runs.cancel(asked.runId, { thread_id: asked.threadId });
    expect((await rest(scene().client, asked.threadId, asked.runId)).status).toBe('cancelled');
    begin(scene());
    expect(await endOf(scene(), asked)).toEqual({ status: 'cancelled', transcript: [ASKED], steps: [] });
    await expectEmptyQueues();
    scene().server.expectNoErrors();
  }, TEST_MS);

  test('cannot make a run fail that everybody has seen expire', async () => {
    begin(scene());
    // Before it has said that it has the message: that stays hidden for longer than the run's window.
    scene().saboteur.kill((_, point) => (point.startsWith('RunWorker') ? 'before' : undefined));
    const asked = await ask(scene(), false);
    const { client, server } = scene();
    await client.pass(620_000, 620_000);
    expect((await rest(client, asked.threadId, asked.runId)).status).toBe('expired');
    // Long steps only while nothing is at work: an invocation would take too long in one.
    for (let times = 0; times < 9; times++) {
      await client.pass(940_000, 940_000);
      await client.pass(40_000, 20_000);
    }
    expect(scene().saboteur.deaths.length).toBeGreaterThanOrEqual(8);
    expect(await jobsOf(server.deployment, asked.threadId)).toEqual([]);
    expect((await readCloudLedger(server.deployment, asked.threadId)).runs.map(({ status }) => status)).toEqual(['expired']);
  }, TEST_MS);
});

describe('a worker that cannot read', () => {
  test('drives the run when it can again', async () => {
    begin(scene(), text('Well.'));
    scene().server.expectError('job_failed');
    let left = 10;
    scene().saboteur.kill(({ operation }, point) => (point.startsWith('RunWorker') && operation === 'GetItem' && left-- > 0 ? INTERNAL : undefined));
    const asked = await ask(scene(), false);
    await scene().client.pass(20_000);
    expect(await endOf(scene(), asked)).toEqual({ status: 'completed', transcript: [ASKED, 'assistant: Well.'], steps: ['message_creation completed'] });
    expect(left).toBeLessThan(0);
    scene().server.expectNoErrors();
  }, TEST_MS);

  test('leaves it to the dead letters when it never can', async () => {
    begin(scene());
    scene().server.expectError('job_failed');
    scene().saboteur.kill(({ operation }, point) => (point.startsWith('RunWorker') && operation === 'GetItem' ? INTERNAL : undefined));
    const asked = await ask(scene(), false);
    await scene().client.pass(300_000);
    expect((await rest(scene().client, asked.threadId, asked.runId)).status).toBe('failed');
    begin(scene());
    expect(await endOf(scene(), asked)).toEqual({ status: 'failed', transcript: [ASKED], steps: [] });
    await expectEmptyQueues();
    scene().server.expectNoErrors();
  }, TEST_MS);
});

test('a job whose thread was deleted before it was due is gone soon after', async () => {
  begin(scene(), text('Well.'));
  const { client, server } = scene();
  const asked = await ask(scene(), true);
  await asked.asking;
  expect(await jobsOf(server.deployment, asked.threadId)).toHaveLength(1);
  await client.client.beta.threads.delete(asked.threadId);
  await client.pass(120_000);
  expect(await jobsOf(server.deployment, asked.threadId)).toEqual([]);
  const { invocations } = server.deployment.fn('DeadLetters');
  await client.pass(60_000, 20_000);
  expect(server.deployment.fn('DeadLetters').invocations).toBe(invocations);
}, TEST_MS);

test('an event whose sender dies at every delivery counts as tried, and is delivered later', async () => {
  begin(scene());
  const { client, server, saboteur } = scene();
  await using receiver = await WebhookReceiver.start(server.wayOut);
  const endpoint = await client.client.webhooks.create({ name: 'mine', url: receiver.url, event_types: ['thread.created'] as never });
  const hooked = { client: client.client, endpoint };
  saboteur.kill((_, point) => (point.startsWith('WebhookSender ChangeMessageVisibility') ? 'after' : undefined));
  await client.client.beta.threads.create();
  // Nobody lives long enough for steps of less than a message is hidden for to matter.
  for (let rounds = 0; rounds < 20 && ((await logOf(hooked))[0]?.attempt_count ?? 0) === 0; rounds++) await client.pass(46_000, 46_000);
  const [tried, ...others] = await logOf(hooked);
  expect(others).toEqual([]);
  // What comes next is seconds later, so it may have come already.
  expect(tried?.attempts[0]).toMatchObject({ status_code: null, error: 'This server failed before it could tell how it went.' });
  expect(saboteur.deaths.length).toBeGreaterThanOrEqual(4);

  saboteur.watch();
  await client.pass(60_000);
  expect(await deliveryThat(hooked, 'it is delivered', ({ status }) => status === 'delivered')).toMatchObject({ attempts: expect.arrayContaining([expect.objectContaining({ status_code: 200 })]) });
  expect(new Set(receiver.received.map(({ event }) => event.id)).size).toBe(1);
  await expectEmptyQueues();
  server.expectNoErrors();
}, TEST_MS);
