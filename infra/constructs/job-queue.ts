/** Jobs waiting for somebody to do them, and what becomes of those that nobody could. */
import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { MAX_ATTEMPTS } from '../../shared/ports/queue.ts';
import { explain } from './explain.ts';
import { type Monitoring, PERIOD } from './monitoring.ts';

/** Attempts beyond those after which the worker itself gives the job up, for workers that die before they can. */
const FURTHER_ATTEMPTS = 3;
export const MOST_DELIVERIES = MAX_ATTEMPTS + FURTHER_ATTEMPTS;

const KEEP_DEAD = Duration.days(14);

const NO_DESTINATION = { 'Serverless-LambdaEventSourceMappingDestination': 'Mappings of SQS know no such destination: what fails stays in the queue, whose redrive policy sees to it.' };

// Messages carry ids alone, so SQS's own encryption is enough and every request to a KMS key is saved.
const usual = { encryption: QueueEncryption.SQS_MANAGED, enforceSSL: true, removalPolicy: RemovalPolicy.DESTROY };

export interface Delivery {
  /** Of invocations at once, for work that must not use up what the account has. */
  maxConcurrency?: number;
  /** Of jobs in an invocation, ten unless given. */
  batchSize?: number;
}

/** Several jobs to one invocation, as they are there: nothing waits for others to come. */
function deliver(queue: Queue, fn: IFunction, { batchSize = 10, maxConcurrency }: Delivery = {}): void {
  explain(fn, NO_DESTINATION);
  fn.addEventSource(new SqsEventSource(queue, { batchSize, reportBatchItemFailures: true, ...(maxConcurrency !== undefined && { maxConcurrency }) }));
}

export interface JobQueueProps {
  monitoring: Monitoring;
  /** Of the worker. Lambda asks that a message stay hidden for at least as long. */
  workerTimeout: Duration;
  /** Where jobs go that were delivered too often. */
  dead: DeadLetterQueue;
  /** How long a backlog can be without losing anything. */
  keep: Duration;
  /** When somebody should know that a job waits, and who is hurt by it. */
  late: { after: Duration; errorImpact: string };
}

export class JobQueue extends Construct {
  readonly jobs: Queue;

  constructor(scope: Construct, id: string, { monitoring, workerTimeout, dead, keep, late }: JobQueueProps) {
    super(scope, id);
    this.jobs = new Queue(this, 'Jobs', {
      ...usual,
      retentionPeriod: keep,
      // AWS advises six times the worker's timeout, for workers that are throttled. A run lasts no longer than its worker, so a job
      // that comes back later than this comes back for nothing: better early, and counted among the attempts.
      visibilityTimeout: workerTimeout.plus(Duration.minutes(1)),
      deadLetterQueue: { queue: dead.queue, maxReceiveCount: MOST_DELIVERIES },
    });
    monitoring.alarm(this, 'OldestJob', {
      metric: this.jobs.metricApproximateAgeOfOldestMessage({ period: PERIOD, statistic: 'Maximum' }),
      threshold: late.after.toSeconds(),
      errorImpact: late.errorImpact,
    });
  }

  deliverTo(worker: IFunction, delivery?: Delivery): void {
    deliver(this.jobs, worker, delivery);
  }
}

/** One for all job queues: each that Lambda asks for messages costs something, also while there are none. */
export class DeadLetterQueue extends Construct {
  readonly #monitoring: Monitoring;
  readonly queue: Queue;

  constructor(scope: Construct, id: string, { monitoring, timeout }: { monitoring: Monitoring; timeout: Duration }) {
    super(scope, id);
    this.#monitoring = monitoring;
    this.queue = new Queue(this, 'Queue', { ...usual, retentionPeriod: KEEP_DEAD, visibilityTimeout: timeout.plus(Duration.minutes(1)) });
    explain(this.queue, { 'Serverless-SQSRedrivePolicy': 'It is the dead-letter queue; what cannot be cleared away stays in it, and an alarm tells.' });
    monitoring.alarm(this, 'Oldest', {
      metric: this.queue.metricApproximateAgeOfOldestMessage({ period: PERIOD, statistic: 'Maximum' }),
      threshold: 900,
      errorImpact:
        'Jobs that died are not being cleared away: their runs stay queued or in progress until their windows close, and their threads are locked as long; events that are to be delivered wait, and so do files of vector stores. Look at dead-letters.',
    });
  }

  buryWith(deadLetters: IFunction): void {
    deliver(this.queue, deadLetters);
    this.#monitoring.alarm(this, 'Arrivals', {
      metric: deadLetters.metricInvocations({ period: PERIOD }),
      threshold: 1,
      errorImpact: `Jobs died after ${MOST_DELIVERIES} deliveries without a word from those who did them. Runs have failed so, and their users got an error; events are delivered late. Files of vector stores have failed so too. Look at run-worker, webhook-sender and file-indexer for what they died of.`,
    });
  }
}
