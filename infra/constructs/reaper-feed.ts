/** The table's stream as the thread reaper gets it: removals of threads' own records, by deletion and by the time to live alike. */
import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import { FilterCriteria, type IFunction, StartingPosition } from 'aws-cdk-lib/aws-lambda';
import { DynamoEventSource, SqsDlq } from 'aws-cdk-lib/aws-lambda-event-sources';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { explain } from './explain.ts';
import { type Monitoring, PERIOD } from './monitoring.ts';

/** A thread's own record is the only one of its partition with this sort key (shared/aws/schema.ts). */
const THREADS_OWN = { pk: { S: [{ prefix: 'T#' }] }, sk: { S: ['#'] } };

/** In place of the reason that functions usually have. */
export const STREAMS_AND_TRACES = {
  'AwsSolutions-IAM5[Resource::*]': 'dynamodb:ListStreams, xray:PutTraceSegments and xray:PutTelemetryRecords know no resources: they can only be allowed for all.',
};

export class ReaperFeed extends Construct {
  constructor(scope: Construct, id: string, { monitoring, table, reaper }: { monitoring: Monitoring; table: ITable; reaper: IFunction }) {
    super(scope, id);
    const given = new Queue(this, 'GivenUp', { encryption: QueueEncryption.SQS_MANAGED, enforceSSL: true, retentionPeriod: Duration.days(14), removalPolicy: RemovalPolicy.DESTROY });
    const peopleOnly = 'It is the failure destination of the stream, and read by people alone.';
    explain(given, { 'AwsSolutions-SQS3': peopleOnly, 'Serverless-SQSRedrivePolicy': peopleOnly });
    reaper.addEventSource(
      new DynamoEventSource(table, {
        // From the beginning: a stack put up anew finds what was removed while there was none.
        startingPosition: StartingPosition.TRIM_HORIZON,
        filters: [FilterCriteria.filter({ eventName: ['REMOVE'], dynamodb: { Keys: THREADS_OWN } })],
        batchSize: 10,
        // Threads are independent of each other, and of one thread there is one removal.
        parallelizationFactor: 10,
        reportBatchItemFailures: true,
        bisectBatchOnError: true,
        retryAttempts: 20,
        maxRecordAge: Duration.hours(23),
        onFailure: new SqsDlq(given),
      }),
    );
    monitoring.alarm(this, 'Late', {
      metric: reaper.metric('IteratorAge', { period: PERIOD, statistic: 'Maximum' }),
      threshold: Duration.hours(1).toMilliseconds(),
      errorImpact: 'What hung under deleted threads is deleted more than an hour late. Nobody can read it, but after 24 hours the stream forgets it. Look at thread-reaper.',
    });
    monitoring.alarm(this, 'GivenUpThreads', {
      metric: given.metricApproximateNumberOfMessagesVisible({ period: PERIOD, statistic: 'Maximum' }),
      threshold: 1,
      errorImpact: 'Messages of deleted threads were not deleted after 20 attempts. Nobody can read them, but their authors are owed it: the queue’s messages say where in the stream they are, for 24 hours.',
    });
  }
}
