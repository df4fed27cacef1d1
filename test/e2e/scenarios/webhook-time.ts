/** What becomes of events that an endpoint does not take, and what is told of threads that end: in days, which the tests let pass. */
import { describe, expect, test } from '@jest/globals';
import { WebhookReceiver } from '../../support/webhook-receiver.ts';
import { type Stage, eventually } from '../stage.ts';
import { type Hooked, type WireDelivery, deliveryThat, logOf, newEndpoint, replay, told } from '../webhook-calls.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const DAY_S = 86_400;
/** Longer than any endpoint is waited for. */
const PATIENCE_MS = 20_000;

/** Looks at the log for so long before more time passes. */
const LOOKS = 20;

/**
 * Lets the time of the next try come, and waits for what comes of it. The log tells of a try a moment before its job is put off: a job
 * that is put off after the time has passed has a whole pause before it once more.
 */
async function tryAgain({ server }: Stage, hooked: Hooked, { attempt_count, next_attempt_at }: WireDelivery): Promise<WireDelivery> {
  const pauseMs = Math.max((next_attempt_at ?? 0) * 1000 - (await server.skip(0)), 0) + 1000;
  let looks = 0;
  return eventually(`tried more than ${attempt_count} times`, async () => {
    if (looks++ % LOOKS === 0) await server.jump(pauseMs);
    return (await logOf(hooked)).find((delivery) => delivery.attempt_count > attempt_count);
  });
}

const firstTry = (hooked: Hooked): Promise<WireDelivery> => deliveryThat(hooked, 'tried', ({ attempt_count }) => attempt_count > 0);

/** On a server whose clock the tests move. */
export function webhookTime(use: () => Stage): void {
  describe('an event that is not taken', () => {
    test('is tried again ever more rarely for three days, is then given up, and can be sent again', async () => {
      const stage = use();
      stage.server.expectError('delivery_given_up');
      await using receiver = await WebhookReceiver.start(stage.server.wayOut);
      const hooked = await newEndpoint(stage, receiver, ['thread.created']);
      receiver.answer = () => 500;
      await hooked.client.beta.threads.create();
      let delivery = await firstTry(hooked);
      const created = delivery.event.created_at;
      while (delivery.status === 'pending') delivery = await tryAgain(stage, hooked, delivery);

      const tries = delivery.attempt_count;
      expect(delivery).toMatchObject({ status: 'failed', next_attempt_at: null });
      expect(tries).toBeGreaterThan(20);
      expect(delivery.attempts).toHaveLength(20);
      expect(delivery.attempts.every(({ status_code }) => status_code === 500)).toBe(true);
      expect((delivery.attempts.at(-1)?.at ?? 0) - created).toBeGreaterThanOrEqual(3 * DAY_S - 1);
      expect((delivery.attempts.at(-1)?.at ?? 0) - created).toBeLessThan(3.5 * DAY_S);
      // At least once: what is under way when hours pass may be sent again.
      expect(receiver.received.length).toBeGreaterThanOrEqual(tries);

      await stage.server.jump(DAY_MS);
      receiver.answer = () => 200;
      expect(await replay(hooked, delivery.id)).toMatchObject({ status: 'pending', attempt_count: tries });
      await stage.server.jump(1000);
      expect(await deliveryThat(hooked, 'delivered', ({ status }) => status === 'delivered')).toMatchObject({ attempt_count: tries + 1 });
      expect(new Set(receiver.received.map(({ event }) => event.id)).size).toBe(1);
    });

    test('is taken at a later try', async () => {
      const stage = use();
      await using receiver = await WebhookReceiver.start(stage.server.wayOut);
      const hooked = await newEndpoint(stage, receiver, ['thread.created']);
      const answers = [undefined, 302, 410, 204];
      receiver.answer = () => answers.shift();
      await hooked.client.beta.threads.create();
      await told(receiver, 'thread.created');
      await stage.server.jump(PATIENCE_MS);
      let delivery = await firstTry(hooked);
      while (delivery.status === 'pending') delivery = await tryAgain(stage, hooked, delivery);

      expect(delivery).toMatchObject({
        status: 'delivered',
        attempt_count: 4,
        attempts: [{ status_code: null, error: 'The endpoint took longer than 10 seconds.' }, { status_code: 302 }, { status_code: 410 }, { status_code: 204, error: null }],
      });
    });

    test('is dropped when its endpoint is deleted', async () => {
      const stage = use();
      await using receiver = await WebhookReceiver.start(stage.server.wayOut);
      const hooked = await newEndpoint(stage, receiver, ['thread.created']);
      receiver.answer = () => 500;
      await hooked.client.beta.threads.create();
      await firstTry(hooked);
      await hooked.client.webhooks.delete(hooked.endpoint.id);
      for (let hours = 0; hours < 6; hours++) await stage.server.jump(HOUR_MS);
      expect(receiver.received).toHaveLength(1);
      await expect(logOf(hooked)).rejects.toThrow('No webhook endpoint found');
    });
  });

  describe('a thread whose time is over', () => {
    /** The threads that were told of, with what. One request may take as long as minutes of a clock that is moved, and is then made again: it is known by its id. */
    const toldOf = ({ received }: WebhookReceiver) => [...new Map(received.map(({ event }) => [event.id, [event.type, event.data['id']]])).values()];
    const make = async ({ client }: Hooked, days: number, more: object = {}): Promise<string> => ((await client.post('/threads', { body: { retention: { days }, ...more } })) as { id: string }).id;
    const pass = async (stage: Stage, days: number) => {
      await stage.server.jump(days * DAY_MS);
      // The embedded world sweeps every half a minute.
      await stage.server.pass(60_000);
    };

    test('has expired, after its export where there is to be one; one that was deleted has not', async () => {
      const stage = use();
      await using receiver = await WebhookReceiver.start(stage.server.wayOut);
      const hooked = await newEndpoint(stage, receiver, ['thread.export.completed', 'thread.expired', 'thread.deleted']);
      const [plain, kept, deleted] = [await make(hooked, 1), await make(hooked, 1, { export_on_expiry: true }), await make(hooked, 1)];
      await hooked.client.beta.threads.delete(deleted);
      await told(receiver, 'thread.deleted');
      await pass(stage, 1);
      await eventually('all is told', async () => (toldOf(receiver).length >= 4 ? true : undefined), PATIENCE_MS);
      const [{ id: exportId } = { id: '' }] = ((await hooked.client.get('/exports')) as { data: { id: string }[] }).data;

      expect(toldOf(receiver)[0]).toEqual(['thread.deleted', deleted]);
      expect(toldOf(receiver).slice(1).sort()).toEqual([['thread.expired', plain], ['thread.expired', kept], ['thread.export.completed', exportId]].sort());
      expect(receiver.received.find(({ event }) => event.type === 'thread.export.completed')?.event.data).toEqual({ id: exportId, thread_id: kept });
    });

    test('is told of days before, once, and later when it was used', async () => {
      const stage = use();
      await using receiver = await WebhookReceiver.start(stage.server.wayOut);
      const hooked = await newEndpoint(stage, receiver, ['thread.expiring', 'thread.expired']);
      await hooked.client.post('/project', { body: { expiring_days: 3 } });
      const [left, used] = [await make(hooked, 10), await make(hooked, 10)];
      await pass(stage, 5);
      await hooked.client.post(`/threads/${used}/touch`);
      await pass(stage, 1);
      expect(toldOf(receiver)).toEqual([]);
      await pass(stage, 1);
      await told(receiver, 'thread.expiring');
      expect(toldOf(receiver)).toEqual([['thread.expiring', left]]);
      await pass(stage, 3);
      await told(receiver, 'thread.expired');
      await pass(stage, 2);
      await eventually('the other is told of', async () => (toldOf(receiver).length >= 3 ? true : undefined), PATIENCE_MS);
      await pass(stage, 3);
      await eventually('the other is told of', async () => (toldOf(receiver).length >= 4 ? true : undefined), PATIENCE_MS);
      expect(toldOf(receiver)).toEqual([['thread.expiring', left], ['thread.expired', left], ['thread.expiring', used], ['thread.expired', used]]);
    });
  });
}
