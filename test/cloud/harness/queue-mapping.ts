/** The event source mapping of an SQS queue: receives, invokes, deletes what went well and leaves the rest to come again. */
import { ChangeMessageVisibilityCommand, DeleteMessageBatchCommand, GetQueueAttributesCommand, type Message, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { SQSEvent, SQSRecord } from 'aws-lambda';
import { setTimeout as delay } from 'node:timers/promises';
import { type Failures, failuresOf } from './batch-result.ts';
import type { Invocable } from './lambda-function.ts';
import { Underway } from './underway.ts';

export interface QueueMappingSpec {
  queueUrl: string;
  queueArn: string;
  batchSize: number;
  reportBatchItemFailures: boolean;
}

/** How a mapping gets at AWS: by the function's role. */
export interface MappingAccess {
  endpoint: string;
  /** `<function>.mapping`. */
  principal: string;
}

export interface QueueMappingOptions extends MappingAccess {
  target: Invocable;
  /** Invocations at once. */
  mostAtOnce?: number;
  /** Between looks at an empty queue, in real time. */
  lookEveryMs?: number;
  /** Each batch is delivered twice, to two invocations at once, as SQS may do. */
  duplicate?: boolean;
}

/** Larger batches need a batching window, which this does not know. */
const MOST_IN_BATCH = 10;

export class QueueMapping {
  /** What went wrong between the mapping and AWS. The service would try again in silence, and so does this. */
  readonly problems: unknown[] = [];
  /** Whether batches are delivered twice from now on. */
  duplicate: boolean;
  readonly #spec: QueueMappingSpec;
  readonly #target: Invocable;
  readonly #sqs: SQSClient;
  readonly #mostAtOnce: number;
  readonly #lookEveryMs: number;
  readonly #deliveries = new Underway();
  readonly #loop: Promise<void>;
  #running = true;
  #looks = 0;
  #wake = new AbortController();

  constructor(spec: QueueMappingSpec, { endpoint, principal, target, mostAtOnce = 10, lookEveryMs = 10, duplicate = false }: QueueMappingOptions) {
    if (spec.batchSize < 1 || spec.batchSize > MOST_IN_BATCH) throw new Error(`a batch size of ${spec.batchSize} is not understood`);
    this.#spec = spec;
    this.#target = target;
    this.#sqs = new SQSClient({ region: 'us-east-1', endpoint, credentials: { accessKeyId: principal, secretAccessKey: 'mapping' }, maxAttempts: 1 });
    this.#mostAtOnce = mostAtOnce;
    this.#lookEveryMs = lookEveryMs;
    this.duplicate = duplicate;
    this.#loop = this.#run();
  }

  /** True while a batch is being delivered or acknowledged. */
  get busy(): boolean {
    return this.#deliveries.size > 0;
  }

  /** Makes it look at the queue at once. */
  wake(): void {
    this.#wake.abort();
  }

  /** Resolves when it has looked at the queue and found nothing, with nothing under way. */
  async idle(): Promise<void> {
    for (;;) {
      await this.#deliveries.done();
      const looks = this.#looks;
      this.wake();
      while (this.#running && !this.busy && this.#looks < looks + 2) await delay(1);
      if (!this.busy) return;
    }
  }

  /** No message is received any more; one that was received and not begun goes back. Invocations go on. */
  async stop(): Promise<void> {
    this.#running = false;
    this.wake();
    await this.#loop;
  }

  /** After `stop`: resolves when all that was begun has ended. */
  async rest(): Promise<void> {
    await this.#deliveries.done();
    this.#sqs.destroy();
  }

  async #run(): Promise<void> {
    // The service asks for this when a mapping is made.
    await this.#try(() => this.#sqs.send(new GetQueueAttributesCommand({ QueueUrl: this.#spec.queueUrl, AttributeNames: ['All'] })));
    while (this.#running) {
      const messages = this.#deliveries.size < this.#mostAtOnce ? await this.#receive() : [];
      if (messages.length > 0 && this.#running) for (const copy of this.duplicate ? [messages, messages] : [messages]) void this.#deliveries.track(this.#deliver(copy));
      else if (messages.length > 0) await this.#giveBack(messages);
      else await this.#pause();
    }
  }

  async #receive(): Promise<Message[]> {
    const { queueUrl, batchSize } = this.#spec;
    const answer = await this.#try(() =>
      this.#sqs.send(new ReceiveMessageCommand({ QueueUrl: queueUrl, MaxNumberOfMessages: batchSize, MessageSystemAttributeNames: ['All'], MessageAttributeNames: ['All'] })),
    );
    this.#looks++;
    return answer?.Messages ?? [];
  }

  async #pause(): Promise<void> {
    await delay(this.#lookEveryMs, undefined, { signal: this.#wake.signal }).catch(() => undefined);
    this.#wake = new AbortController();
  }

  async #deliver(messages: Message[]): Promise<void> {
    const failures = await this.#invoke(messages);
    if (failures === 'all') return;
    const done = messages.filter(({ MessageId = '' }) => !failures.has(MessageId));
    if (done.length === 0) return;
    const Entries = done.map(({ ReceiptHandle }, at) => ({ Id: String(at), ReceiptHandle }));
    const answer = await this.#try(() => this.#sqs.send(new DeleteMessageBatchCommand({ QueueUrl: this.#spec.queueUrl, Entries })));
    this.problems.push(...(answer?.Failed ?? []));
  }

  async #invoke(messages: Message[]): Promise<Failures> {
    const event: SQSEvent = { Records: messages.map((message) => recordOf(message, this.#spec.queueArn)) };
    try {
      const result = await this.#target.invoke(event);
      return this.#spec.reportBatchItemFailures ? failuresOf(result, event.Records.map(({ messageId }) => messageId)) : new Set();
    } catch {
      return 'all';
    }
  }

  async #giveBack(messages: Message[]): Promise<void> {
    for (const { ReceiptHandle } of messages)
      await this.#try(() => this.#sqs.send(new ChangeMessageVisibilityCommand({ QueueUrl: this.#spec.queueUrl, ReceiptHandle, VisibilityTimeout: 0 })));
  }

  async #try<T>(work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      this.problems.push(error);
      return undefined;
    }
  }
}

function recordOf({ MessageId = '', ReceiptHandle = '', Body = '', MD5OfBody = '', MD5OfMessageAttributes, Attributes = {}, MessageAttributes = {} }: Message, eventSourceARN: string): SQSRecord {
  if (Object.keys(MessageAttributes).length > 0) throw new Error('message attributes are not understood');
  return {
    messageId: MessageId,
    receiptHandle: ReceiptHandle,
    body: Body,
    attributes: attributesOf(Attributes),
    messageAttributes: {},
    md5OfBody: MD5OfBody,
    ...(MD5OfMessageAttributes !== undefined && { md5OfMessageAttributes: MD5OfMessageAttributes }),
    eventSource: 'aws:sqs',
    eventSourceARN,
    awsRegion: 'us-east-1',
  };
}

function attributesOf({ ApproximateReceiveCount = '', SentTimestamp = '', SenderId = '', ApproximateFirstReceiveTimestamp = '' }: NonNullable<Message['Attributes']>): SQSRecord['attributes'] {
  return { ApproximateReceiveCount, SentTimestamp, SenderId, ApproximateFirstReceiveTimestamp };
}
