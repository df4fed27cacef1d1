/** What the event source mapping of an SQS queue does: receives, invokes, deletes what went well and leaves the rest. */
import { ChangeMessageVisibilityCommand, DeleteMessageCommand, type Message, ReceiveMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { setTimeout as delay } from 'node:timers/promises';
import type { QueueRecord } from '../../../shared/aws/queue.ts';

/** Between looks at an empty queue, in real time. */
const LOOK_EVERY_MS = 5;

export class QueueSource {
  readonly #sqs: SQSClient;
  readonly #queueUrl: string;
  readonly #onRecord: (record: QueueRecord) => Promise<void>;
  readonly #underWay = new Set<Promise<unknown>>();
  #running = true;
  #wake: AbortController = new AbortController();

  constructor(sqs: SQSClient, queueUrl: string, onRecord: (record: QueueRecord) => Promise<void>) {
    this.#sqs = sqs;
    this.#queueUrl = queueUrl;
    this.#onRecord = onRecord;
    void this.#loop();
  }

  get running(): boolean {
    return this.#running;
  }

  /** True while it speaks with the queue. */
  get busy(): boolean {
    return this.#underWay.size > 0;
  }

  /** What is not acknowledged comes again. */
  stop(): void {
    this.#running = false;
    this.#wake.abort();
  }

  /** Makes it look at the queue at once. */
  wake(): void {
    this.#wake.abort();
  }

  /** After `stop`: resolves when it has said its last word to the queue. */
  async rest(): Promise<void> {
    while (this.busy) await Promise.all(this.#underWay);
  }

  async #loop(): Promise<void> {
    while (this.#running) {
      const messages = await this.#tracked(this.#receive());
      if (messages.length > 0) continue;
      this.#wake = new AbortController();
      await delay(LOOK_EVERY_MS, undefined, { signal: this.#wake.signal }).catch(() => undefined);
    }
  }

  async #receive(): Promise<Message[]> {
    const { Messages = [] } = await this.#sqs.send(new ReceiveMessageCommand({ QueueUrl: this.#queueUrl, MaxNumberOfMessages: 10, MessageSystemAttributeNames: ['All'] }));
    if (this.#running) for (const message of Messages) void this.#deliver(message);
    // A mapping that ends hands back what it has not begun.
    else await Promise.all(Messages.map(({ ReceiptHandle }) => this.#sqs.send(new ChangeMessageVisibilityCommand({ QueueUrl: this.#queueUrl, ReceiptHandle, VisibilityTimeout: 0 }))));
    return Messages;
  }

  async #deliver({ Body = '', ReceiptHandle = '', Attributes }: Message): Promise<void> {
    try {
      await this.#onRecord({ body: Body, receiptHandle: ReceiptHandle, attributes: { ApproximateReceiveCount: Attributes?.ApproximateReceiveCount ?? '1' } });
    } catch {
      return;
    }
    if (this.#running) await this.#tracked(this.#sqs.send(new DeleteMessageCommand({ QueueUrl: this.#queueUrl, ReceiptHandle })));
  }

  async #tracked<T>(work: Promise<T>): Promise<T> {
    this.#underWay.add(work);
    try {
      return await work;
    } finally {
      this.#underWay.delete(work);
    }
  }
}
