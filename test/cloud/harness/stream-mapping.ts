/** The event source mapping of a DynamoDB stream: tells records in their order, the same ones again until they go well or are given up. */
import { SQSClient, SendMessageCommand } from '@aws-sdk/client-sqs';
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '../../../shared/domain/clock.ts';
import type { Invocable } from './lambda-function.ts';
import type { MappingAccess } from './queue-mapping.ts';
import { type GivenUp, type RetrySettings, type Seen, deliverBatch } from './stream-batch.ts';
import { makeFilter } from './stream-filter.ts';
import { StreamReader } from './stream-reader.ts';

export interface StreamMappingSpec extends RetrySettings {
  streamArn: string;
  functionArn: string;
  startingPosition: string;
  batchSize: number;
  /** JSON patterns, of which one must match. None lets everything through. */
  filters: string[];
  /** Where batches go that were given up. */
  onFailureQueueUrl?: string;
  /** Understood and not done: batches go one after another, which a factor above 1 allows as well. */
  parallelizationFactor: number;
}

export interface StreamMappingOptions extends MappingAccess {
  target: Invocable;
  /** For the pauses between attempts and the age of records. */
  clock: Clock;
  /** Between looks at a stream with nothing new, in real time. */
  lookEveryMs?: number;
  /** Each batch is told once more after it went well, as the service may do. */
  redeliver?: boolean;
}

export class StreamMapping {
  /** What went wrong between the mapping and AWS. The service would try again in silence, and so does this. */
  readonly problems: unknown[] = [];
  /** Records that its filters have let through. */
  passed = 0;
  redeliver: boolean;
  readonly #spec: StreamMappingSpec;
  readonly #options: StreamMappingOptions;
  readonly #passes: (record: unknown) => boolean;
  readonly #reader: StreamReader;
  readonly #sqs: SQSClient;
  readonly #stopped = new AbortController();
  readonly #loop: Promise<void>;
  #busy = false;
  #emptyLooks = 0;
  #wake = new AbortController();

  constructor(spec: StreamMappingSpec, options: StreamMappingOptions) {
    if (spec.startingPosition !== 'TRIM_HORIZON') throw new Error(`a starting position of ${spec.startingPosition} is not understood`);
    this.#spec = spec;
    this.#options = options;
    this.redeliver = options.redeliver ?? false;
    this.#passes = makeFilter(spec.filters);
    this.#reader = new StreamReader(spec.streamArn, options);
    this.#sqs = new SQSClient({ region: 'us-east-1', endpoint: options.endpoint, credentials: { accessKeyId: options.principal, secretAccessKey: 'mapping' }, maxAttempts: 1 });
    this.#loop = this.#run();
  }

  get functionArn(): string {
    return this.#spec.functionArn;
  }

  /** True while records that were read are not yet told or given up, pauses between attempts included. */
  get busy(): boolean {
    return this.#busy;
  }

  /** Makes it look at the stream at once. */
  wake(): void {
    this.#wake.abort();
  }

  /** Resolves when it has looked at the stream and found nothing, with nothing under way. */
  async idle(): Promise<void> {
    const looks = this.#emptyLooks;
    // The first of two looks may have begun before this was asked.
    while (!this.#stopped.signal.aborted && this.#emptyLooks < looks + 2) {
      this.wake();
      await delay(1);
    }
  }

  /** What is being told goes on to its end; nothing is tried again. Resolves when that is over. */
  async stop(): Promise<void> {
    this.#stopped.abort(new Error('the mapping is stopped'));
    this.wake();
    await this.#loop;
    this.#sqs.destroy();
  }

  async #run(): Promise<void> {
    while (!this.#stopped.signal.aborted) {
      const seen = await this.#look();
      if (seen.length === 0) {
        this.#emptyLooks++;
        await this.#pause();
        continue;
      }
      this.#busy = true;
      await this.#tell(seen);
      this.#busy = false;
    }
  }

  async #look(): Promise<Seen[]> {
    const records = (await this.#try(() => this.#reader.next())) ?? [];
    const passed = records.filter(this.#passes).map((record) => ({ record, seenMs: this.#options.clock.nowMs() }));
    this.passed += passed.length;
    return passed;
  }

  async #try<T>(work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      if (!this.#stopped.signal.aborted) this.problems.push(error);
      return undefined;
    }
  }

  async #pause(): Promise<void> {
    await delay(this.#options.lookEveryMs ?? 10, undefined, { signal: this.#wake.signal }).catch(() => undefined);
    this.#wake = new AbortController();
  }

  async #tell(seen: Seen[]): Promise<void> {
    const { target, clock } = this.#options;
    const { batchSize, ...settings } = this.#spec;
    const giveUp = (batch: GivenUp) => this.#giveUp(batch);
    for (let at = 0; at < seen.length; at += batchSize) {
      const batch = seen.slice(at, at + batchSize);
      for (let times = this.redeliver ? 2 : 1; times > 0; times--) {
        if (this.#stopped.signal.aborted) return;
        await this.#try(() => deliverBatch({ settings, target, clock, giveUp, signal: this.#stopped.signal }, batch));
      }
    }
  }

  async #giveUp({ records, condition, invocations }: GivenUp): Promise<void> {
    const { onFailureQueueUrl, functionArn, streamArn } = this.#spec;
    if (onFailureQueueUrl === undefined) return;
    const [first, last] = [records[0]?.dynamodb, records.at(-1)?.dynamodb];
    const timeOf = (seconds = 0) => new Date(seconds * 1000).toISOString();
    const document = {
      requestContext: { requestId: randomUUID(), functionArn, condition, approximateInvokeCount: invocations },
      responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
      version: '1.0',
      timestamp: new Date(this.#options.clock.nowMs()).toISOString(),
      DDBStreamBatchInfo: {
        shardId: this.#reader.shardId,
        startSequenceNumber: first?.SequenceNumber,
        endSequenceNumber: last?.SequenceNumber,
        approximateArrivalOfFirstRecord: timeOf(first?.ApproximateCreationDateTime),
        approximateArrivalOfLastRecord: timeOf(last?.ApproximateCreationDateTime),
        batchSize: records.length,
        streamArn,
      },
    };
    await this.#try(() => this.#sqs.send(new SendMessageCommand({ QueueUrl: onFailureQueueUrl, MessageBody: JSON.stringify(document) })));
  }
}
