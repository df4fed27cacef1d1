/** What table and queues of a deployment hold of one thread, read beside its functions. */
import { type AttributeValue, ScanCommand } from '@aws-sdk/client-dynamodb';
import { GetQueueUrlCommand, PurgeQueueCommand } from '@aws-sdk/client-sqs';
import * as z from 'zod';
import { type Ledger, rulesBrokenIn } from '../../crash/ledger.ts';
import { Message } from '../../../shared/domain/message.ts';
import { RunStep } from '../../../shared/domain/run-step.ts';
import { Run } from '../../../shared/domain/run.ts';
import { Thread } from '../../../shared/domain/thread.ts';
import { Job } from '../../../shared/ports/queue.ts';
import type { Deployment } from '../harness/deployment.ts';
import type { CloudSurvivor } from './cloud-survivor.ts';

type Item = Record<string, AttributeValue>;

/** Timers are not among the jobs: the state machine keeps them. */
export async function readCloudLedger(deployment: Deployment, threadId: string): Promise<Ledger> {
  const items = await itemsOf(deployment, threadId);
  const bodies = (kind: string): unknown[] => items.filter((item) => item['kind']?.S === kind).map((item) => JSON.parse(item['body']?.S ?? '') as unknown);
  const byId = (a: { id: string }, b: { id: string }) => (a.id < b.id ? -1 : 1);
  return {
    threads: bodies('thread').map((body) => Thread.parse(body)),
    messages: bodies('message').map((body) => Message.parse(body)).sort(byId),
    runs: bodies('run').map((body) => Run.parse(body)).sort(byId),
    steps: bodies('step').map((body) => RunStep.parse(body)).sort(byId),
    jobs: await jobsOf(deployment, threadId),
    untold: deployment.mappings.streams.filter(({ busy }) => busy).length,
  };
}

/** All that is in the thread's partition, however old, and the thread's own record. */
export async function itemsOf({ engines, tables }: Deployment, threadId: string): Promise<Item[]> {
  const found: Item[] = [];
  for (const { name } of tables) {
    let start: Item | undefined;
    do {
      const { Items = [], LastEvaluatedKey } = await engines.hands.db.send(
        new ScanCommand({ TableName: name, FilterExpression: 'contains(pk, :thread)', ExpressionAttributeValues: { ':thread': { S: threadId } }, ExclusiveStartKey: start }),
      );
      found.push(...Items);
      start = LastEvaluatedKey;
    } while (start);
  }
  return found;
}

const Kept = z.object({ body: z.string() });
const Inspected = z.object({ messages: z.object({ ready: z.array(Kept), delayed: z.array(Kept), inflight: z.array(z.object({ message: Kept })) }) });
const Sent = z.object({ job: Job, dueMs: z.number() });

/** Bodies of the messages in a queue, being delivered or not. */
export async function messagesIn({ engines }: Deployment, queue: string): Promise<string[]> {
  const response = await fetch(`${engines.fauxqs.endpoint}/_fauxqs/queues/${queue}`);
  const { ready, delayed, inflight } = Inspected.parse(await response.json()).messages;
  return [...ready, ...delayed, ...inflight.map(({ message }) => message)].map(({ body }) => body);
}

/** In whichever queue, the one for dead letters included. */
export async function jobsOf(deployment: Deployment, threadId: string): Promise<Ledger['jobs']> {
  const bodies = (await Promise.all(deployment.queues.map(({ name }) => messagesIn(deployment, name)))).flat();
  return bodies
    .map((body) => Sent.safeParse(JSON.parse(body)).data)
    .filter((sent) => sent !== undefined)
    .filter(({ job }) => 'threadId' in job && job.threadId === threadId)
    .map(({ job, dueMs }) => ({ name: `${job.type} of ${'runId' in job ? job.runId : threadId}`, dueMs, job }));
}

/** Of all queues, those that are being delivered included. */
export async function clearQueues({ engines, queues }: Deployment): Promise<void> {
  const { sqs } = engines.hands;
  for (const { name } of queues) {
    const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: name }));
    await sqs.send(new PurgeQueueCommand({ QueueUrl }));
  }
}

/** Longer than a lease, and then a look for a run that does not exist; and than a message is hidden whose worker has said nothing. */
const USUALLY_MS = 160_000;
const AT_REST_WITHIN_MS = 1_200_000;

/** Lets time go by until no job is left, then names every rule that is broken: nothing, if all is well. */
export async function brokenRules(server: CloudSurvivor, threadId: string): Promise<string[]> {
  const { deployment } = server.server;
  for (let passedMs = 0; passedMs < AT_REST_WITHIN_MS; ) {
    if ((await jobsOf(deployment, threadId)).length === 0) break;
    const stepMs = passedMs < USUALLY_MS ? 4000 : 20_000;
    await server.pass(stepMs, stepMs);
    passedMs += stepMs;
  }
  return rulesBrokenIn(await readCloudLedger(deployment, threadId), deployment.clock.nowMs());
}
