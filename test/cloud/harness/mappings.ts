/** The event source mappings that a stack declares, running. */
import type { KnownTable } from './aws-asking.ts';
import type { CloudClock } from './cloud-clock.ts';
import { type DeclaredMapping, type DeclaredQueue, mappingsOf } from './declared-service.ts';
import type { LambdaFunction } from './lambda-function.ts';
import { QueueMapping } from './queue-mapping.ts';
import type { Stack } from './stack.ts';
import { StreamMapping } from './stream-mapping.ts';

interface Around {
  functions: ReadonlyMap<string, LambdaFunction>;
  queues: DeclaredQueue[];
  tables: KnownTable[];
  endpoint: string;
  clock: CloudClock;
}

export class Mappings {
  readonly queues: readonly QueueMapping[];
  readonly streams: readonly StreamMapping[];

  private constructor(queues: QueueMapping[], streams: StreamMapping[]) {
    this.queues = queues;
    this.streams = streams;
  }

  static make(stack: Stack, around: Around): Mappings {
    const declared = mappingsOf(stack);
    const isOfQueue = ({ EventSourceArn }: DeclaredMapping) => around.queues.some(({ arn }) => arn === EventSourceArn);
    return new Mappings(
      declared.filter(isOfQueue).map((mapping) => queueMapping(mapping, around)),
      declared.filter((mapping) => !isOfQueue(mapping)).map((mapping) => streamMapping(mapping, around)),
    );
  }

  get problems(): unknown[] {
    return [...this.queues, ...this.streams].flatMap(({ problems }) => problems);
  }

  get busy(): boolean {
    return [...this.queues, ...this.streams].some((mapping) => mapping.busy);
  }

  /** From now on every batch is delivered twice. */
  duplicate(): void {
    for (const queue of this.queues) queue.duplicate = true;
    for (const stream of this.streams) stream.redeliver = true;
  }

  async stop(): Promise<void> {
    await Promise.all([...this.queues, ...this.streams].map((mapping) => mapping.stop()));
  }
}

/** A function is named by its name or its ARN. */
function targetOf({ FunctionName }: DeclaredMapping, { functions }: Around): LambdaFunction {
  const target = [...functions.values()].find(({ spec }) => spec.name === FunctionName || spec.arn === FunctionName);
  if (!target) throw new Error(`a mapping to ${FunctionName}, which does not exist`);
  return target;
}

const access = (target: LambdaFunction, { endpoint }: Around) => ({ endpoint, principal: `${target.spec.id}.mapping`, target });

function queueMapping(mapping: DeclaredMapping, around: Around): QueueMapping {
  const { EventSourceArn, BatchSize, BisectBatchOnFunctionError, DestinationConfig, FilterCriteria, MaximumRetryAttempts } = mapping;
  if (BisectBatchOnFunctionError || DestinationConfig || FilterCriteria || MaximumRetryAttempts !== undefined) throw new Error(`settings of a queue's mapping that are not understood: ${mapping.id}`);
  const queue = around.queues.find(({ arn }) => arn === EventSourceArn);
  if (!queue) throw new Error(`a mapping from ${EventSourceArn}, which does not exist`);
  return new QueueMapping({ queueUrl: queue.url, queueArn: queue.arn, batchSize: BatchSize, reportBatchItemFailures: true }, access(targetOf(mapping, around), around));
}

function streamMapping(mapping: DeclaredMapping, around: Around): StreamMapping {
  const { EventSourceArn, BatchSize, DestinationConfig, FilterCriteria, MaximumRecordAgeInSeconds, MaximumRetryAttempts, ParallelizationFactor, StartingPosition } = mapping;
  if (!around.tables.some(({ streamArn }) => streamArn === EventSourceArn)) throw new Error(`a mapping from ${EventSourceArn}, which does not exist`);
  if (MaximumRetryAttempts === undefined || MaximumRecordAgeInSeconds === undefined || StartingPosition === undefined) throw new Error(`a stream's mapping that leaves things to Lambda: ${mapping.id}`);
  const target = targetOf(mapping, around);
  const destination = DestinationConfig?.OnFailure.Destination;
  const onFailure = around.queues.find(({ arn }) => arn === destination);
  if (destination !== undefined && !onFailure) throw new Error(`a destination that does not exist: ${destination}`);
  return new StreamMapping(
    {
      streamArn: EventSourceArn,
      functionArn: target.spec.arn,
      startingPosition: StartingPosition,
      batchSize: BatchSize,
      filters: (FilterCriteria?.Filters ?? []).map(({ Pattern }) => Pattern),
      bisectBatchOnFunctionError: mapping.BisectBatchOnFunctionError,
      maximumRetryAttempts: MaximumRetryAttempts,
      maximumRecordAgeInSeconds: MaximumRecordAgeInSeconds,
      reportBatchItemFailures: true,
      ...(onFailure && { onFailureQueueUrl: onFailure.url }),
      parallelizationFactor: ParallelizationFactor ?? 1,
    },
    { ...access(target, around), clock: around.clock },
  );
}
