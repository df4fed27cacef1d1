/** Jobs and timers of a change, over SQS and Step Functions: durable before its records, and taken back as far as that goes. */
import { describe, expect, it } from '@jest/globals';
import { executionName } from '../../shared/aws/timer.ts';
import { create } from '../../shared/ports/commit.ts';
import { keyOf } from '../../shared/ports/store.ts';
import { aThread } from '../support/records.ts';
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
