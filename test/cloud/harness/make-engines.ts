/** Makes in the engines what the templates declare. */
import { CreateTableCommand, DescribeTableCommand, UpdateTimeToLiveCommand } from '@aws-sdk/client-dynamodb';
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { CreateQueueCommand } from '@aws-sdk/client-sqs';
import type { StateMachineDefinition } from 'aws-local-stepfunctions';
import type { AwsEngines } from '../../support/engines/aws-engines.ts';
import type { OnTask } from '../../support/engines/state-machines.ts';
import type { KnownQueue } from './aws-asking.ts';
import type { DeclaredBucket, DeclaredTable } from './declared-data.ts';
import type { DeclaredMachine, DeclaredQueue } from './declared-service.ts';

/** Resolves to the ARN of the table's stream. */
export async function makeTable({ hands: { db } }: AwsEngines, { name, create, timeToLive }: DeclaredTable): Promise<string> {
  await db.send(new CreateTableCommand(create));
  await db.send(new UpdateTimeToLiveCommand({ TableName: name, TimeToLiveSpecification: { AttributeName: timeToLive, Enabled: true } }));
  const { Table } = await db.send(new DescribeTableCommand({ TableName: name }));
  if (Table?.LatestStreamArn === undefined) throw new Error(`${name} has no stream`);
  return Table.LatestStreamArn;
}

export async function makeBucket({ hands: { s3 } }: AwsEngines, { name }: DeclaredBucket): Promise<void> {
  await s3.send(new CreateBucketCommand({ Bucket: name }));
}

/** Resolves to the queues as the engine knows them. Those that others send their dead letters to come first. */
export async function makeQueues({ hands: { sqs } }: AwsEngines, queues: DeclaredQueue[]): Promise<KnownQueue[]> {
  const inOrder = [...queues.filter(({ deadLetters }) => !deadLetters), ...queues.filter(({ deadLetters }) => deadLetters)];
  const known: KnownQueue[] = [];
  for (const { name, arn, attributes } of inOrder) {
    const { QueueUrl: url = '' } = await sqs.send(new CreateQueueCommand({ QueueName: name, Attributes: attributes }));
    known.push({ name, arn, url });
  }
  return known;
}

/** The very definition that was synthesized; what its task states call is `onTask`'s. */
export async function makeMachine({ machines }: AwsEngines, { name, arn, definition }: DeclaredMachine, onTask: OnTask): Promise<void> {
  const made = await machines.create(name, definition as StateMachineDefinition, onTask);
  if (made !== arn) throw new Error(`the engine calls ${arn} ${made}`);
}
