/** What the event source mapping of a DynamoDB stream does: tells record after record, the same one again until it goes well. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '../../../shared/domain/clock.ts';
import { sleep } from '../../../shared/domain/clock.ts';
import type { StreamRecord } from '../../../shared/aws/feed.ts';

const LOOK_EVERY_MS = 4;
export const RETRY_MS = 1000;

interface Stream {
  arn: string;
  shard: string;
}

/** How far a table's stream has been told. Outlives the processes that are told, as the mapping itself does. */
export class StreamPosition {
  readonly #clock: Clock;
  iterator: string | undefined;
  /** Records read and not yet told. */
  pending: StreamRecord[] = [];
  readonly #endpoint: string;
  readonly #table: string;

  constructor(endpoint: string, table: string, clock: Clock) {
    this.#clock = clock;
    this.#endpoint = endpoint;
    this.#table = table;
  }

  /** Reads on when all that was read has been told. */
  async fill(): Promise<void> {
    if (this.pending.length > 0) return;
    this.iterator ??= await this.#begin();
    const { Records, NextShardIterator } = await this.#call<{ Records: StreamRecord[]; NextShardIterator?: string }>('GetRecords', { ShardIterator: this.iterator, Limit: 1000 });
    // The engine's own time is real, whatever the clock of the test says.
    const ApproximateCreationDateTime = Math.floor(this.#clock.nowMs() / 1000);
    this.pending = Records.map(({ dynamodb, ...record }) => ({ ...record, dynamodb: { ...dynamodb, ApproximateCreationDateTime } }));
    this.iterator = NextShardIterator ?? this.iterator;
  }

  async #begin(): Promise<string> {
    const { arn, shard } = await this.#find();
    const { ShardIterator } = await this.#call<{ ShardIterator: string }>('GetShardIterator', { StreamArn: arn, ShardId: shard, ShardIteratorType: 'TRIM_HORIZON' });
    return ShardIterator;
  }

  async #find(): Promise<Stream> {
    const { Streams } = await this.#call<{ Streams: { StreamArn: string }[] }>('ListStreams', { TableName: this.#table });
    const arn = Streams[0]?.StreamArn ?? '';
    const { StreamDescription } = await this.#call<{ StreamDescription: { Shards: { ShardId: string }[] } }>('DescribeStream', { StreamArn: arn });
    return { arn, shard: StreamDescription.Shards[0]?.ShardId ?? '' };
  }

  /** By hand: the client for streams is a package that nothing else needs. */
  async #call<Answer>(action: string, body: object): Promise<Answer> {
    const headers = { 'x-amz-target': `DynamoDBStreams_20120810.${action}`, 'content-type': 'application/x-amz-json-1.0', 'x-amz-date': '20260101T000000Z', authorization: 'AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0' };
    const response = await fetch(this.#endpoint, { method: 'POST', headers, body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`${action}: ${await response.text()}`);
    return (await response.json()) as Answer;
  }
}

export class StreamSource {
  readonly #position: StreamPosition;
  readonly #clock: Clock;
  readonly #onRecord: (record: StreamRecord) => Promise<void>;
  readonly #stopped = new AbortController();
  #filling: Promise<void> = Promise.resolve();

  constructor(position: StreamPosition, clock: Clock, onRecord: (record: StreamRecord) => Promise<void>) {
    this.#position = position;
    this.#clock = clock;
    this.#onRecord = onRecord;
    void this.#loop();
  }

  stop(): void {
    this.#stopped.abort();
  }

  /** After `stop`: resolves when it has read its last. */
  rest(): Promise<void> {
    return this.#filling;
  }

  get #running(): boolean {
    return !this.#stopped.signal.aborted;
  }

  async #loop(): Promise<void> {
    while (this.#running) {
      this.#filling = this.#position.fill();
      await this.#filling;
      if (this.#position.pending.length === 0) await delay(LOOK_EVERY_MS);
      await this.#tell();
    }
  }

  async #tell(): Promise<void> {
    while (this.#running) {
      const [record] = this.#position.pending;
      if (!record) return;
      try {
        await this.#onRecord(record);
        if (this.#running) this.#position.pending.shift();
      } catch {
        await sleep(this.#clock, RETRY_MS, this.#stopped.signal).catch(() => undefined);
      }
    }
  }
}
