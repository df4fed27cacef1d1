/** What SQS and Step Functions do that a job table does not: deliver twice, early, late, and before the change that sent it. */
import { describe, expect, it } from '@jest/globals';
import { CreateQueueCommand, GetQueueAttributesCommand, SendMessageCommand, SetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { setImmediate as turn } from 'node:timers/promises';
import { createRun } from '../../shared/actions/create-run.ts';
import { createThread } from '../../shared/actions/create-thread.ts';
import { driveJob } from '../../shared/actions/run-jobs.ts';
import { JobFailedError } from '../../shared/aws/queue.ts';
import type { Run } from '../../shared/domain/run.ts';
import { handleJob } from '../../shared/engine/handle-job.ts';
import { RunSignals } from '../../shared/engine/run-signals.ts';
import { type Change, create } from '../../shared/ports/commit.ts';
import type { Model } from '../../shared/ports/model.ts';
import { type Delivery, MAX_ATTEMPTS, type Outcome } from '../../shared/ports/queue.ts';
import { keys } from '../../shared/ports/store.ts';
import type { World } from '../../shared/ports/world.ts';
import { anAssistant, PROJECT, text } from '../support/records.ts';
import { useEngines, useTroubled } from './aws-stage.ts';
import { DONE, job, jobOf, MINUTE, nameOf, SECOND } from './suites/deliveries.ts';
import { failureOf, until } from './suites/stage.ts';

const engines = useEngines();
const troubled = useTroubled(engines);
const now = () => troubled.stage.clock.nowMs();
const send = (...jobs: ReturnType<typeof job>[]) => troubled.stage.commit({ name: 'send', writes: [], jobs });
const refused = (type: string) => ({ refuse: { status: 400, type } });

/** A record as the event source gives it, for a message that was not received from the queue. */
const recordOf = (body: unknown, receiveCount = 1) => ({ body: JSON.stringify(body), receiptHandle: 'none', attributes: { ApproximateReceiveCount: String(receiveCount) } });

describe('a run', () => {
  /** A thread with a message and a run on it, as a client leaves them. */
  const startRun = async (world: World = troubled.stage.world): Promise<Run> => {
    const assistant = anAssistant();
    await troubled.stage.commit({ name: 'put', writes: [create('assistant', assistant)] });
    const message = { role: 'user' as const, content: [text('Hello')], attachments: [], metadata: {} };
    const thread = await createThread(troubled.stage.world, PROJECT, { metadata: {}, toolResources: {}, messages: [message] });
    const overrides = { metadata: {}, truncationStrategy: { type: 'auto' as const }, toolChoice: 'auto' as const, parallelToolCalls: true };
    return (await createRun(world, thread.id, [], { projectId: PROJECT, assistantId: assistant.id, overrides })).run;
  };
  const stateOf = async ({ threadId, id }: Run) => {
    const run = await troubled.stage.store.get(keys.run(PROJECT, threadId, id));
    const { items } = await troubled.stage.store.page('message', [PROJECT, threadId], { order: 'asc', limit: 100 });
    return { status: run?.status, roles: items.map(({ role }) => role) };
  };
  /** A model takes turns of the event loop, but no time. */
  const stateWhenAnswered = async (run: Run) => {
    for (let looks = 0; looks < 1000 && (await stateOf(run)).status !== 'completed'; looks++) await turn();
    return stateOf(run);
  };
  const handled = (world = troubled.stage.world) => {
    const signals = new RunSignals();
    return (delivery: Delivery) => handleJob(world, signals, delivery);
  };
  const ANSWERED = { status: 'completed', roles: ['user', 'assistant'] };

  it('whose message is delivered many times at once is driven once', async () => {
    const run = await startRun();
    const message = { job: driveJob(run, now()).job, dueMs: now() };
    const deliveries = Array.from({ length: 10 }, (_, n) => {
      const world = troubled.stage.world.forInvocation(`request-${n}`);
      return world.handleRecord(recordOf(message), handled(world));
    });
    expect((await Promise.allSettled(deliveries)).every(({ status }) => status === 'fulfilled')).toBe(true);
    expect(await stateOf(run)).toEqual(ANSWERED);
  });

  it('whose message is delivered again long after its end is left as it is', async () => {
    const run = await startRun();
    const message = { job: driveJob(run, now()).job, dueMs: now() };
    await troubled.stage.world.handleRecord(recordOf(message), handled());
    const ended = await stateOf(run);
    await troubled.stage.pass(24 * 60 * MINUTE);
    for (let count = 1; count <= 3; count++) await troubled.stage.world.handleRecord(recordOf(message, count), handled());
    expect([ended, await stateOf(run)]).toEqual([ANSWERED, ANSWERED]);
  });

  it('whose message overtakes its own record is driven when that is there', async () => {
    const consumer = troubled.stage.queue.consume(handled());
    const hasLooked = () => troubled.db.passed.some(({ operation, body }) => operation === 'GetItem' && body.includes('"R#run_'));
    // First the thread, then the run: the run's transaction begins only when the worker has looked for it in vain.
    troubled.db.plan('TransactWriteItems', { before: () => Promise.resolve() });
    troubled.db.plan('TransactWriteItems', { before: () => until(hasLooked, 'the worker has looked for the run') });
    const run = await startRun();
    expect(hasLooked()).toBe(true);
    await troubled.stage.pass(5 * SECOND);
    consumer.stop();
    expect(await stateOf(run)).toEqual(ANSWERED);
  });

  it.each([2, 20, 50])('whose record comes %i seconds after its message is driven then, and nothing lands in the dead letters', async (late) => {
    const { sqs } = (await engines()).hands;
    const { queueUrl: QueueUrl, queue } = troubled.stage.resources;
    const { QueueUrl: deadUrl } = await sqs.send(new CreateQueueCommand({ QueueName: `${queue}-dead` }));
    const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: `arn:aws:sqs:us-east-1:000000000000:${queue}-dead`, maxReceiveCount: MAX_ATTEMPTS });
    await sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { RedrivePolicy } }));
    const { world } = troubled.stage;
    // What the commit would have written is kept back, and its message has been sent.
    const kept: Change[] = [];
    const run = await startRun({ ...world, commit: async ({ jobs = [], ...rest }) => (kept.push(rest), world.commit({ name: 'send', writes: [], jobs })) });
    const consumer = troubled.stage.queue.consume(handled());
    await troubled.stage.pass(late * SECOND);
    for (const change of kept) await world.commit(change);
    await troubled.stage.pass(late * SECOND);
    expect(await stateWhenAnswered(run)).toEqual(ANSWERED);
    consumer.stop();
    const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl: deadUrl, AttributeNames: ['All'] }));
    expect(Attributes).toMatchObject({ ApproximateNumberOfMessages: '0', ApproximateNumberOfMessagesNotVisible: '0' });
  });

  it.each([
    ['the worker', (delivery: Delivery) => delivery],
    ['the dead letters', (delivery: Delivery) => ({ ...delivery, attempt: MAX_ATTEMPTS + 1 })],
  ])('that was never written costs its message a minute of a few looks by %s', async (_, deliver) => {
    const looks: number[] = [];
    const startMs = now();
    const handle = handled();
    const consumer = troubled.stage.queue.consume((delivery) => (looks.push(now() - startMs), handle(deliver(delivery))));
    await send({ name: 'drive:run_lost', job: jobOf('run_lost', 'drive-run', startMs), dueMs: startMs });
    await troubled.stage.pass(60 * MINUTE);
    consumer.stop();
    expect(looks.length).toBeLessThanOrEqual(15);
    expect(looks.at(-1)).toBeGreaterThanOrEqual(60 * SECOND);
    expect(looks.at(-1)).toBeLessThanOrEqual(65 * SECOND);
    expect(troubled.relays.sqs.count('DeleteMessage')).toBe(looks.length);
  });

  it('that its worker gives back is finished by the next one at once', async () => {
    const run = await startRun();
    const { world } = troubled.stage;
    const time = new AbortController();
    // It is told that its time is up when the model has been asked, and hears nothing of the answer.
    const model: Model = { ...world.model, stream: (request, signal) => (time.abort(), signal.throwIfAborted(), world.model.stream(request, signal)) };
    const attempts: number[] = [];
    const startMs = now();
    const consumer = troubled.stage.queue.consume((delivery) => {
      attempts.push(delivery.attempt);
      const mine = world.forInvocation(`request-${attempts.length}`);
      return attempts.length === 1 ? handleJob({ ...mine, model }, new RunSignals(), delivery, time.signal) : handled(mine)(delivery);
    });
    expect([await stateWhenAnswered(run), attempts, now() - startMs]).toEqual([ANSWERED, [1, 1], 0]);
    consumer.stop();
  });

  it('whose worker dies is taken over within a minute', async () => {
    const run = await startRun();
    const dead = troubled.stage.queue.consume(() => new Promise<Outcome>(() => undefined));
    await troubled.stage.pass(SECOND);
    dead.stop();
    const alive = await troubled.reopen();
    const consumer = alive.queue.consume(handled());
    await alive.pass(60 * SECOND);
    consumer.stop();
    expect(await stateOf(run)).toEqual(ANSWERED);
  });
});

describe('a message', () => {
  it('of a job due in an hour is sent on until it is due, since SQS delays no longer than 15 minutes', async () => {
    const times: number[] = [];
    const startMs = now();
    const consumer = troubled.stage.queue.consume((delivery) => {
      times.push(now() - startMs);
      expect(delivery.attempt).toBe(1);
      return Promise.resolve(DONE);
    });
    await send(job('a', now() + 60 * MINUTE));
    await troubled.stage.pass(2 * 60 * MINUTE);
    consumer.stop();
    expect(times).toEqual([60 * MINUTE]);
    expect(troubled.relays.sqs.count('SendMessage')).toBe(4);
  });

  it('is held while its handler works, however long, and comes once', async () => {
    const gate = Promise.withResolvers<void>();
    let count = 0;
    const consumer = troubled.stage.queue.consume(async () => {
      count++;
      await gate.promise;
      return DONE;
    });
    await send(job('a', now()));
    await troubled.stage.pass(14 * MINUTE);
    gate.resolve();
    await troubled.stage.pass(2 * 60 * MINUTE);
    consumer.stop();
    expect(count).toBe(1);
  });

  it('that is done with does not come again while others of its batch take their time', async () => {
    const seen: string[] = [];
    const consumer = troubled.stage.queue.consume(async (delivery) => {
      seen.push(nameOf(delivery.job));
      return DONE;
    });
    await send(job('a', now()));
    await troubled.stage.pass(10 * MINUTE);
    consumer.stop();
    expect([seen, troubled.relays.sqs.count('DeleteMessage')]).toEqual([['a'], 1]);
  });

  it('that must come again comes also when it cannot be sent anew', async () => {
    let count = 0;
    const consumer = troubled.stage.queue.consume(() => Promise.resolve(++count === 1 ? { done: false, againInMs: SECOND } : DONE));
    await send(job('a', now()));
    troubled.relays.sqs.plan('SendMessage', refused('AccessDeniedException'));
    await troubled.stage.pass(10 * MINUTE);
    consumer.stop();
    expect(count).toBe(2);
  });

  it('is handled also when the queue does not let it be held', async () => {
    troubled.relays.sqs.plan('ChangeMessageVisibility', refused('com.amazonaws.sqs#ReceiptHandleIsInvalid'), 3);
    let count = 0;
    const consumer = troubled.stage.queue.consume(() => Promise.resolve((count++, DONE)));
    await send(job('a', now()));
    await troubled.stage.pass(10 * SECOND);
    consumer.stop();
    expect(count).toBe(1);
  });

  it.each(['', 'not JSON', '{}', '{"job":{"type":"unknown"},"dueMs":0}', '{"job":{"type":"drive-run","projectId":"p","threadId":"t","runId":"r"},"dueMs":"soon"}'])('that says nothing we know rejects, for the dead letters: %j', async (body) => {
    let count = 0;
    await failureOf(troubled.stage.world.handleRecord({ ...recordOf({}), body }, () => Promise.resolve((count++, DONE))));
    expect(count).toBe(0);
  });

  it('sent by hand is understood without its failures', async () => {
    const { sqs } = (await engines()).hands;
    const seen: Delivery[] = [];
    const consumer = troubled.stage.queue.consume((delivery) => Promise.resolve((seen.push(delivery), DONE)));
    await sqs.send(new SendMessageCommand({ QueueUrl: troubled.stage.resources.queueUrl, MessageBody: JSON.stringify({ job: jobOf('a'), dueMs: 0 }) }));
    await troubled.stage.pass(SECOND);
    consumer.stop();
    expect(seen).toEqual([{ job: jobOf('a'), attempt: 1 }]);
  });

  it('of a failed job rejects in a way that names the cause', async () => {
    const cause = new Error('the cause');
    const error = await failureOf(troubled.stage.world.handleRecord(recordOf({ job: jobOf('a'), dueMs: 0 }), () => Promise.reject(cause)));
    expect(error).toBeInstanceOf(JobFailedError);
    expect((error as JobFailedError).cause).toBe(cause);
  });
});
