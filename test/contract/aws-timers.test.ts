/** Jobs and timers of a change, over SQS and Step Functions: durable before its records, and taken back as far as that goes. */
import { describe, expect, it } from '@jest/globals';
import { tellWebhooks } from '../../shared/actions/tell-webhooks.ts';
import { executionName } from '../../shared/aws/timer.ts';
import { create } from '../../shared/ports/commit.ts';
import { keyOf } from '../../shared/ports/store.ts';
import { PROJECT, aProject, aThread, aWebhookEndpoint } from '../support/records.ts';
import { useEngines, useTroubled } from './aws-stage.ts';
import { DONE, job, MINUTE } from './suites/deliveries.ts';
import { failureOf } from './suites/stage.ts';

const troubled = useTroubled(useEngines());
const now = () => troubled.stage.clock.nowMs();
const refused = (type: string) => ({ refuse: { status: 400, type } });

describe('jobs and timers of a change', () => {
  const thread = aThread();
  const change = () => ({ name: 'test', writes: [create('thread', thread)], jobs: [job('a', now())], timers: [job('expire:run_1:1', now() + MINUTE)] });

  it('are durable before its records', async () => {
    await troubled.stage.commit(change());
    expect(troubled.operations.slice(0, 2).sort()).toEqual(['SendMessage', 'StartExecution']);
    expect(troubled.operations.slice(2)).toEqual(['PutItem']);
  });

  it.each([
    ['the queue', 'sqs', 'SendMessage'],
    ['the timers', 'sfn', 'StartExecution'],
  ] as const)('keep it from being written when %s cannot take them', async (_, service, operation) => {
    troubled.relays[service].plan(operation, refused('AccessDeniedException'));
    await failureOf(troubled.stage.commit(change()));
    expect(await troubled.stage.store.get(keyOf('thread', thread))).toBeUndefined();
  });

  it('are sent again when the answer was lost', async () => {
    troubled.relays.sqs.plan('SendMessage', { lose: true });
    troubled.relays.sfn.plan('StartExecution', { lose: true });
    let count = 0;
    const consumer = troubled.stage.queue.consume(() => Promise.resolve((count++, DONE)));
    await troubled.stage.commit(change());
    await troubled.stage.pass(2 * MINUTE);
    consumer.stop();
    // The job twice, as SQS may at any time; the timer once, since its name says which it is.
    expect(count).toBe(3);
  });
});

describe('when there are as many timers as there can be', () => {
  const full = refused('ExecutionLimitExceeded');

  it('a run expires all the same, by a message', async () => {
    troubled.relays.sfn.plan('StartExecution', full, 100);
    const thread = aThread();
    const job = { type: 'expire-run' as const, projectId: thread.projectId, threadId: thread.id, runId: 'run_1' };
    await troubled.stage.commit({ name: 'test', writes: [create('thread', thread)], timers: [{ name: 'expire:run_1:1', job, dueMs: now() + 10 * MINUTE }] });
    expect(await troubled.stage.store.get(keyOf('thread', thread))).toEqual(thread);
    const sent = troubled.relays.sqs.passed.filter(({ operation }) => operation === 'SendMessage').map(({ body }) => JSON.parse(body) as { DelaySeconds: number; MessageBody: string });
    expect(sent).toMatchObject([{ DelaySeconds: 600 }]);
    expect(JSON.parse(sent[0]?.MessageBody ?? '')).toMatchObject({ job });
  });

  it('a thread that is to be warned of its end is told of, and goes unwarned', async () => {
    const { world } = troubled.stage;
    const thread = aThread({ retention: { days: 60 }, removeAfterMs: now() + 60 * 24 * 60 * MINUTE });
    const endpoint = aWebhookEndpoint({ eventTypes: ['thread.created'] });
    await troubled.stage.commit({ name: 'test', writes: [create('project', aProject({ id: PROJECT, expiringDays: 7 })), create('webhook_endpoint', endpoint), create('thread', thread)] });
    troubled.relays.sfn.plan('StartExecution', full, 100);
    const logged: string[] = [];
    await tellWebhooks({ ...world, log: { info: () => undefined, error: (code) => logged.push(code) } }, { type: 'created', kind: 'thread', record: thread, atMs: now() });
    expect(logged).toEqual(['warning_not_set']);
    expect((await world.store.page('delivery', [PROJECT, endpoint.id], { order: 'asc', limit: 10 })).items).toMatchObject([{ event: { type: 'thread.created' } }]);
  });
});

describe('a timer', () => {
  it('is named by run and round', () => {
    expect(executionName('expire:run_0UabcXYZ:2')).toBe('run_0UabcXYZ-2');
    for (const odd of ['expire:run/with slash:1', `expire:${'x'.repeat(100)}:1`, '']) expect(executionName(odd)).toMatch(/^[0-9a-f]{64}$/);
  });

  it('is stopped by its name, and what cannot be stopped any more does no harm', async () => {
    let count = 0;
    const consumer = troubled.stage.queue.consume(() => Promise.resolve((count++, DONE)));
    await troubled.stage.commit({ name: 'set', writes: [], timers: [job('expire:run_1:1', now() + MINUTE), job('expire:run_2:1', now() + MINUTE)] });
    await troubled.stage.commit({ name: 'cancel', writes: [], cancels: ['expire:run_1:1', 'expire:never:1', 'drive:run_1'] });
    await troubled.stage.world.drained();
    expect(troubled.relays.sfn.count('StopExecution')).toBe(2);
    await troubled.stage.pass(10 * MINUTE);
    consumer.stop();
    expect(count).toBe(1);
  });

  it('whose failure cannot even be sent on is tried again by the state machine', async () => {
    const attempts: number[] = [];
    const consumer = troubled.stage.queue.consume(({ attempt }) => {
      attempts.push(attempt);
      return attempts.length === 1 ? Promise.reject(new Error('once')) : Promise.resolve(DONE);
    });
    await troubled.stage.commit({ name: 'set', writes: [], timers: [job('expire:run_1:1', now() + MINUTE)] });
    troubled.relays.sqs.plan('SendMessage', refused('AccessDeniedException'));
    await troubled.stage.pass(2 * MINUTE);
    consumer.stop();
    expect(attempts).toEqual([1, 1]);
  });
});
