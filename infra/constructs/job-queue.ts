/** Runs waiting for a driver, and what becomes of those that nobody could drive. */
import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { MAX_ATTEMPTS } from '../../shared/ports/queue.ts';
import { explain } from './explain.ts';
import { type Monitoring, PERIOD } from './monitoring.ts';

/** Attempts beyond those after which the worker itself ends the run, for workers that die before they can. */
const FURTHER_ATTEMPTS = 3;

/** A job of a run whose window has closed is worth nothing, but a backlog must outlive a long outage. */
const KEEP_JOBS = Duration.days(1);
const KEEP_DEAD = Duration.days(14);

const NO_DESTINATION = { 'Serverless-LambdaEventSourceMappingDestination': 'Mappings of SQS know no such destination: what fails stays in the queue, whose redrive policy sees to it.' };

export interface JobQueueProps {
  monitoring: Monitoring;
  /** Of the worker. Lambda asks that a message stay hidden for at least as long. */
  workerTimeout: Duration;
  deadLettersTimeout: Duration;
}

export class JobQueue extends Construct {
  readonly #monitoring: Monitoring;
  readonly jobs: Queue;
  readonly dead: Queue;

  constructor(scope: Construct, id: string, { monitoring, workerTimeout, deadLettersTimeout }: JobQueueProps) {
    super(scope, id);
    this.#monitoring = monitoring;
    // Messages carry ids alone, so SQS's own encryption is enough and every request to a KMS key is saved.
    const usual = { encryption: QueueEncryption.SQS_MANAGED, enforceSSL: true, removalPolicy: RemovalPolicy.DESTROY };
    this.dead = new Queue(this, 'Dead', { ...usual, retentionPeriod: KEEP_DEAD, visibilityTimeout: deadLettersTimeout.plus(Duration.minutes(1)) });
    this.jobs = new Queue(this, 'Jobs', {
      ...usual,
      retentionPeriod: KEEP_JOBS,
      // AWS advises six times the worker's timeout, for workers that are throttled. A run lasts no longer than its worker, so a job
      // that comes back later than this comes back for nothing: better early, and counted among the attempts.
      visibilityTimeout: workerTimeout.plus(Duration.minutes(1)),
      deadLetterQueue: { queue: this.dead, maxReceiveCount: MAX_ATTEMPTS + FURTHER_ATTEMPTS },
    });
    explain(this.dead, { 'Serverless-SQSRedrivePolicy': 'It is the dead-letter queue; what cannot be cleared away stays in it, and an alarm tells.' });

    monitoring.alarm(this, 'OldestJob', {
      metric: this.jobs.metricApproximateAgeOfOldestMessage({ period: PERIOD, statistic: 'Maximum' }),
      threshold: 120,
      errorImpact: 'Runs wait minutes for a driver: every application that does not stream sees its runs stay queued, and expire after their window. Look at run-worker: is it throttled or failing?',
    });
    monitoring.alarm(this, 'OldestDeadLetter', {
      metric: this.dead.metricApproximateAgeOfOldestMessage({ period: PERIOD, statistic: 'Maximum' }),
      threshold: 900,
      errorImpact: 'Jobs that died are not being cleared away: their runs stay queued or in progress until their windows close, and their threads are locked as long. Look at dead-letters.',
    });
  }

  /** Several jobs to one invocation, as they are there: nobody's run waits for others to come. */
  deliverTo(worker: IFunction): void {
    explain(worker, NO_DESTINATION);
    worker.addEventSource(new SqsEventSource(this.jobs, { batchSize: 10, reportBatchItemFailures: true }));
  }

  buryWith(deadLetters: IFunction): void {
    explain(deadLetters, NO_DESTINATION);
    deadLetters.addEventSource(new SqsEventSource(this.dead, { batchSize: 10, reportBatchItemFailures: true }));
    this.#monitoring.alarm(this, 'DeadLetters', {
      metric: deadLetters.metricInvocations({ period: PERIOD }),
      threshold: 1,
      errorImpact: `Runs have failed after ${MAX_ATTEMPTS + FURTHER_ATTEMPTS} attempts without a word from their drivers: their users got an error. Look at run-worker for what they died of.`,
    });
  }
}
