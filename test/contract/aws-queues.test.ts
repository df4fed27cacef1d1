/** Which queue a job goes through: deliveries of webhooks have one of their own, so that nothing else waits behind them. */
import { ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { openAwsWorld, type Resources } from '../../shared/aws/index.ts';
import type { Job } from '../../shared/ports/queue.ts';
import { useEngines } from './aws-stage.ts';
import { type AwsStage, makeAwsWorld } from './aws-world.ts';
import { jobOf } from './suites/deliveries.ts';

const engines = useEngines();
const DELIVERY: Job = { type: 'send-delivery', projectId: 'proj_1', endpointId: 'whe_1', deliveryId: 'whd_1' };
const OTHERS: Job[] = [
  jobOf('run_1', 'drive-run'),
  jobOf('run_1', 'settle-run'),
  jobOf('run_1'),
  { type: 'run-export', projectId: 'proj_1', exportId: 'exp_1' },
  { type: 'call-tools', projectId: 'proj_1', threadId: 'thread_1', runId: 'run_1', round: 1, dueMs: 1 },
  { type: 'warn-expiry', projectId: 'proj_1', threadId: 'thread_1' },
  { type: 'arm-warnings', projectId: 'proj_1' },
];

let stage: AwsStage;
beforeEach(async () => {
  stage = await makeAwsWorld(await engines());
});
afterEach(() => stage.close());

const send = (job: Job, world = stage.world) => world.commit({ name: 'send', writes: [], jobs: [{ name: 'x', job, dueMs: 0 }] });

async function waitingIn(QueueUrl: string): Promise<string[]> {
  const { sqs } = (await engines()).hands;
  const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, VisibilityTimeout: 0 }));
  return Messages.map(({ Body = '' }) => (JSON.parse(Body) as { job: Job }).job.type);
}

/** The same world as a function sees it that was given less. */
async function lacking(resources: Partial<Resources>) {
  const { config, clock, log } = stage.world;
  return openAwsWorld({ resources: { ...stage.resources, ...resources }, model: { provider: 'demo' }, config, clock, log, clients: (await engines()).clients() });
}

describe('a job', () => {
  it('that delivers a webhook goes through the queue for those, every other through the other', async () => {
    await send(DELIVERY);
    for (const job of OTHERS) await send(job);
    expect(await waitingIn(stage.resources.webhookQueueUrl)).toEqual(['send-delivery']);
    expect((await waitingIn(stage.resources.queueUrl)).toSorted()).toEqual(OTHERS.map(({ type }) => type).toSorted());
  });

  it('cannot be sent without its queue, and the other one is not needed', async () => {
    const [noWebhooks, webhooksAlone] = [await lacking({ webhookQueueUrl: undefined }), await lacking({ queueUrl: undefined })];
    await expect(send(DELIVERY, noWebhooks)).rejects.toThrow('not given the queue of webhooks');
    await expect(send(jobOf('run_1'), webhooksAlone)).rejects.toThrow('not given the queue');
    await send(DELIVERY, webhooksAlone);
    await send(jobOf('run_1'), noWebhooks);
  });

  it('that is due much later is sent on through the queue that it came from', async () => {
    await stage.world.commit({ name: 'send', writes: [], jobs: [{ name: 'x', job: DELIVERY, dueMs: stage.clock.nowMs() + 3_600_000 }] });
    const seen: Job[] = [];
    const consumer = stage.queue.consume(async ({ job }) => (seen.push(job), { done: true }));
    await stage.pass(3_599_000);
    expect(seen).toEqual([]);
    await stage.pass(2000);
    expect(seen).toEqual([DELIVERY]);
    consumer.stop();
    expect(await waitingIn(stage.resources.queueUrl)).toEqual([]);
  });
});
