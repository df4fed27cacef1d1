/** The table's stream as a function gets it: only the records that it is about, each again and again until it is done with or given up. */
import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import { FilterCriteria, type IFunction, StartingPosition } from 'aws-cdk-lib/aws-lambda';
import { DynamoEventSource, SqsDlq } from 'aws-cdk-lib/aws-lambda-event-sources';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { explain } from './explain.ts';
import { type Monitoring, PERIOD } from './monitoring.ts';

/** The own records of what others hang under are the only ones of their partitions with this sort key (shared/aws/schema.ts). */
const own = (...letters: string[]) => ({ pk: { S: letters.map((letter) => ({ prefix: `${letter}#` })) }, sk: { S: ['#'] } });
const THREADS_OWN = own('T');
const hung = (letter: string) => ({ pk: { S: [{ prefix: 'T#' }] }, sk: { S: [{ prefix: `${letter}#` }] } });
const EXPORTS = own('E');

export type Pattern = Parameters<typeof FilterCriteria.filter>[0];

/** Threads, files and uploads: shared/ports/feed.ts. */
export const REMOVED: Pattern[] = [{ eventName: ['REMOVE'], dynamodb: { Keys: own('T', 'B', 'U') } }];

/**
 * All that shared/aws/feed.ts makes an event of which webhooks are told, and as little else as a filter can say: not every use of a thread,
 * nor what clients write. Lambda takes five patterns.
 */
export const TOLD: Pattern[] = [
  { eventName: ['REMOVE'], dynamodb: { Keys: THREADS_OWN } },
  // What is at its first revision is new, also where it takes the place of something that had expired.
  { eventName: ['INSERT', 'MODIFY'], dynamodb: { Keys: THREADS_OWN, NewImage: { rev: { N: ['0'] } } } },
  { eventName: ['INSERT', 'MODIFY'], dynamodb: { Keys: hung('R') } },
  { eventName: ['INSERT', 'MODIFY'], dynamodb: { Keys: hung('M'), NewImage: { rev: { N: ['0'] }, runId: { S: [{ exists: true }] } } } },
  { eventName: ['MODIFY'], dynamodb: { Keys: EXPORTS } },
];

/** In place of the reason that functions usually have. */
export const STREAMS_AND_TRACES = {
  'AwsSolutions-IAM5[Resource::*]': 'dynamodb:ListStreams, xray:PutTraceSegments and xray:PutTelemetryRecords know no resources: they can only be allowed for all.',
};

/** The stream forgets after 24 hours. */
const LONGEST_RECORD_AGE = Duration.hours(23);

export interface StreamFeedProps {
  monitoring: Monitoring;
  table: ITable;
  target: IFunction;
  filters: Pattern[];
  batchSize: number;
  retryAttempts: number;
  /** When somebody should know that records wait, and who is hurt by it. */
  late: { after: Duration; errorImpact: string };
  givenUpImpact: string;
}

export class StreamFeed extends Construct {
  constructor(scope: Construct, id: string, { monitoring, table, target, filters, batchSize, retryAttempts, late, givenUpImpact }: StreamFeedProps) {
    super(scope, id);
    const given = new Queue(this, 'GivenUp', { encryption: QueueEncryption.SQS_MANAGED, enforceSSL: true, retentionPeriod: Duration.days(14), removalPolicy: RemovalPolicy.DESTROY });
    const peopleOnly = 'It is the failure destination of the stream, and read by people alone.';
    explain(given, { 'AwsSolutions-SQS3': peopleOnly, 'Serverless-SQSRedrivePolicy': peopleOnly });
    target.addEventSource(
      new DynamoEventSource(table, {
        // From the beginning: a stack put up anew finds what happened while there was none.
        startingPosition: StartingPosition.TRIM_HORIZON,
        filters: filters.map((pattern) => FilterCriteria.filter(pattern)),
        batchSize,
        // Lambda keeps the records of one partition, so of one thread, in their order.
        parallelizationFactor: 10,
        reportBatchItemFailures: true,
        bisectBatchOnError: true,
        retryAttempts,
        maxRecordAge: LONGEST_RECORD_AGE,
        onFailure: new SqsDlq(given),
      }),
    );
    monitoring.alarm(this, 'Late', {
      metric: target.metric('IteratorAge', { period: PERIOD, statistic: 'Maximum' }),
      threshold: late.after.toMilliseconds(),
      errorImpact: late.errorImpact,
    });
    monitoring.alarm(this, 'GaveUp', {
      metric: given.metricApproximateNumberOfMessagesVisible({ period: PERIOD, statistic: 'Maximum' }),
      threshold: 1,
      errorImpact: givenUpImpact,
    });
  }
}
