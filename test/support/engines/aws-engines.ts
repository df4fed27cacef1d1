/** The engines that stand in for AWS: started once for a test file, each test with a table, a queue and a state machine of its own. */
import type { StateMachineDefinition } from 'aws-local-stepfunctions';
import { CreateTableCommand, DeleteTableCommand, UpdateTimeToLiveCommand } from '@aws-sdk/client-dynamodb';
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { CreateQueueCommand, DeleteQueueCommand } from '@aws-sdk/client-sqs';
import { randomUUID } from 'node:crypto';
import { type Clients, type Elsewhere, makeClients } from '../../../shared/aws/clients.ts';
import { TABLE } from '../../../shared/aws/schema.ts';
import { Dynoxide } from './dynoxide.ts';
import { Fauxqs } from './fauxqs.ts';
import { type OnTask, StateMachines } from './state-machines.ts';

/** What one world has for itself. `queue` is its name, `machine` likewise. */
export interface AwsResources {
  table: string;
  bucket: string;
  queue: string;
  queueUrl: string;
  webhookQueue: string;
  webhookQueueUrl: string;
  machine: string;
  stateMachineArn: string;
}

/** As long as a queue's must be whose messages the longest Lambda handles. */
const VISIBILITY_S = 5400;

/** The shape that the stack's state machine has: wait until the time, hand the timer over, try again when that fails. */
export const TIMER_MACHINE: StateMachineDefinition = {
  StartAt: 'Wait',
  States: {
    Wait: { Type: 'Wait', TimestampPath: '$.dueAt', Next: 'GoOff' },
    GoOff: {
      Type: 'Task',
      Resource: 'arn:aws:lambda:us-east-1:000000000000:function:run-timer',
      TimeoutSeconds: 1_000_000,
      Retry: [{ ErrorEquals: ['States.ALL'], IntervalSeconds: 2, MaxAttempts: 6, BackoffRate: 2 }],
      End: true,
    },
  },
};

export class AwsEngines {
  readonly dynoxide: Dynoxide;
  readonly fauxqs: Fauxqs;
  readonly machines: StateMachines;
  /** For the test's own hands on the engines, beside what it tests. */
  readonly hands: Clients;

  private constructor(dynoxide: Dynoxide, fauxqs: Fauxqs, machines: StateMachines) {
    this.dynoxide = dynoxide;
    this.fauxqs = fauxqs;
    this.machines = machines;
    this.hands = this.clients();
  }

  static async start(): Promise<AwsEngines> {
    return new AwsEngines(...(await Promise.all([Dynoxide.start(), Fauxqs.start(), StateMachines.start()])));
  }

  /** Where clients find them; `instead` puts something in between. */
  elsewhere(instead: Elsewhere['endpoints'] = {}): Elsewhere {
    const endpoints = { db: this.dynoxide.endpoint, sqs: this.fauxqs.endpoint, s3: this.fauxqs.endpoint, sfn: this.machines.endpoint, ...instead };
    return { region: 'us-east-1', credentials: { accessKeyId: 'test', secretAccessKey: 'test' }, endpoints };
  }

  clients(instead?: Elsewhere['endpoints']): Clients {
    return makeClients(this.elsewhere(instead));
  }

  async makeResources(onTask: OnTask): Promise<AwsResources> {
    const name = `threadkeep-${randomUUID()}`;
    const webhookQueue = `${name}-webhooks`;
    const [queueUrl, webhookQueueUrl, stateMachineArn] = await Promise.all([this.#makeQueue(name), this.#makeQueue(webhookQueue), this.machines.create(name, TIMER_MACHINE, onTask), this.#makeTable(name), this.#makeBucket(name)]);
    return { table: name, bucket: name, queue: name, queueUrl, webhookQueue, webhookQueueUrl, machine: name, stateMachineArn };
  }

  async removeResources({ table, queueUrl, webhookQueueUrl, machine }: AwsResources): Promise<void> {
    const { db, sqs } = this.hands;
    await Promise.all([db.send(new DeleteTableCommand({ TableName: table })), ...[queueUrl, webhookQueueUrl].map((QueueUrl) => sqs.send(new DeleteQueueCommand({ QueueUrl }))), this.machines.remove(machine)]);
  }

  async stop(): Promise<void> {
    for (const client of Object.values(this.hands)) (client as { destroy(): void }).destroy();
    await Promise.all([this.dynoxide.stop(), this.fauxqs.stop(), this.machines.stop()]);
  }

  async #makeTable(TableName: string): Promise<void> {
    const { partitionKey, sortKey, index } = TABLE;
    const keySchema = (hash: string, range: string) => [
      { AttributeName: hash, KeyType: 'HASH' as const },
      { AttributeName: range, KeyType: 'RANGE' as const },
    ];
    await this.hands.db.send(
      new CreateTableCommand({
        TableName,
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: [partitionKey, sortKey, index.partitionKey, index.sortKey].map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
        KeySchema: keySchema(partitionKey, sortKey),
        GlobalSecondaryIndexes: [{ IndexName: index.name, KeySchema: keySchema(index.partitionKey, index.sortKey), Projection: { ProjectionType: 'KEYS_ONLY' } }],
        StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' },
      }),
    );
    await this.hands.db.send(new UpdateTimeToLiveCommand({ TableName, TimeToLiveSpecification: { AttributeName: TABLE.timeToLive, Enabled: true } }));
  }

  async #makeQueue(QueueName: string): Promise<string> {
    const { QueueUrl = '' } = await this.hands.sqs.send(new CreateQueueCommand({ QueueName, Attributes: { VisibilityTimeout: String(VISIBILITY_S) } }));
    return QueueUrl;
  }

  async #makeBucket(Bucket: string): Promise<void> {
    await this.hands.s3.send(new CreateBucketCommand({ Bucket }));
  }
}
