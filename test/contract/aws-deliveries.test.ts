/** What SQS and Step Functions do that a job table does not: deliver twice, early, late, and before the change that sent it. */
import { describe, expect, it } from '@jest/globals';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { createRun } from '../../shared/actions/create-run.ts';
import { createThread } from '../../shared/actions/create-thread.ts';
import { driveJob } from '../../shared/actions/run-jobs.ts';
import { JobFailedError } from '../../shared/aws/queue.ts';
import type { Run } from '../../shared/domain/run.ts';
import { handleJob } from '../../shared/engine/handle-job.ts';
import { RunSignals } from '../../shared/engine/run-signals.ts';
import { create } from '../../shared/ports/commit.ts';
import type { Delivery, Outcome } from '../../shared/ports/queue.ts';
import { keys } from '../../shared/ports/store.ts';
import { anAssistant, PROJECT, text } from '../support/records.ts';
import { useEngines, useTroubled } from './aws-stage.ts';
import { DONE, job, jobOf, MINUTE, SECOND } from './suites/deliveries.ts';
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
  const startRun = async (): Promise<Run> => {
    const { world } = troubled.stage;
    const assistant = anAssistant();
    await world.commit({ name: 'put', writes: [create('assistant', assistant)] });
    const message = { role: 'user' as const, content: [text('Hello')], attachments: [], metadata: {} };
    const thread = await createThread(world, PROJECT, { metadata: {}, toolResources: {}, messages: [message] });
    const overrides = { metadata: {}, truncationStrategy: { type: 'auto' as const }, toolChoice: 'auto' as const, parallelToolCalls: true };
    return (await createRun(world, thread.id, [], { projectId: PROJECT, assistantId: assistant.id, overrides })).run;
  };
  const stateOf = async ({ threadId, id }: Run) => {
    const run = await troubled.stage.store.get(keys.run(PROJECT, threadId, id));
    const { items } = await troubled.stage.store.page('message', [PROJECT, threadId], { order: 'asc', limit: 100 });
    return { status: run?.status, roles: items.map(({ role }) => role) };
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

  it('that was never written costs its message a minute of looks', async () => {
    const attempts: number[] = [];
    const handle = handled();
    const consumer = troubled.stage.queue.consume((delivery) => (attempts.push(delivery.attempt), handle(delivery)));
    await send({ name: 'drive:run_lost', job: jobOf('run_lost', 'drive-run'), dueMs: now() });
    await troubled.stage.pass(2 * MINUTE);
    const looks = attempts.length;
    await troubled.stage.pass(60 * MINUTE);
    consumer.stop();
    expect(attempts).toEqual(Array.from({ length: looks }, (_, n) => n + 1));
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
    const consumer = troubled.stage.queue.consume(async ({ job: { runId } }) => {
      seen.push(runId);
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
