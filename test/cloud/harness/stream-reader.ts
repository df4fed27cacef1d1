/** Reads a table's stream from its beginning, for an event source mapping. */
import type { DynamoDBRecord } from 'aws-lambda';
import type { Clock } from '../../../shared/domain/clock.ts';
import type { MappingAccess } from './queue-mapping.ts';

/** As the Streams API tells it; the event has `userIdentity` in another spelling. */
interface ReadRecord extends Omit<DynamoDBRecord, 'userIdentity' | 'eventSourceARN'> {
  userIdentity?: { PrincipalId?: string; Type?: string };
}

const AT_ONCE = 1000;

export class StreamReader {
  readonly streamArn: string;
  /** Known once something was read. */
  shardId = '';
  readonly #access: MappingAccess & { clock: Clock };
  #iterator: string | undefined;

  /** `clock`: the deployment's, by which records are dated. */
  constructor(streamArn: string, access: MappingAccess & { clock: Clock }) {
    this.streamArn = streamArn;
    this.#access = access;
  }

  /** What came after that which was read before, as it stands in events. */
  async next(): Promise<DynamoDBRecord[]> {
    this.#iterator ??= await this.#begin();
    const { Records, NextShardIterator } = await this.#call<{ Records: ReadRecord[]; NextShardIterator?: string }>('GetRecords', { ShardIterator: this.#iterator, Limit: AT_ONCE });
    if (NextShardIterator === undefined) throw new Error('the shard is closed, and this knows only one');
    this.#iterator = NextShardIterator;
    return Records.map((record) => this.#eventRecordOf(record));
  }

  async #begin(): Promise<string> {
    const table = this.streamArn.split('/')[1] ?? '';
    // The service asks for this when a mapping is made.
    const { Streams } = await this.#call<{ Streams: { StreamArn: string }[] }>('ListStreams', { TableName: table });
    if (!Streams.some(({ StreamArn }) => StreamArn === this.streamArn)) throw new Error(`there is no stream ${this.streamArn}`);
    const { StreamDescription } = await this.#call<{ StreamDescription: { Shards: { ShardId: string }[] } }>('DescribeStream', { StreamArn: this.streamArn });
    const [shard, ...others] = StreamDescription.Shards;
    if (!shard || others.length > 0) throw new Error(`${this.streamArn} has ${StreamDescription.Shards.length} shards, and this knows only one`);
    this.shardId = shard.ShardId;
    const { ShardIterator } = await this.#call<{ ShardIterator: string }>('GetShardIterator', { StreamArn: this.streamArn, ShardId: this.shardId, ShardIteratorType: 'TRIM_HORIZON' });
    return ShardIterator;
  }

  /** The engine's own time is real, whatever the deployment's clock says. The service's is as coarse: whole seconds, rounded down. */
  #eventRecordOf({ userIdentity, dynamodb, ...record }: ReadRecord): DynamoDBRecord {
    const dated = { ...dynamodb, ApproximateCreationDateTime: Math.floor(this.#access.clock.nowMs() / 1000) };
    return { ...record, dynamodb: dated, ...(userIdentity && { userIdentity: { principalId: userIdentity.PrincipalId, type: userIdentity.Type } }), eventSourceARN: this.streamArn };
  }

  /** By hand: the client for streams is a package that nothing else needs. */
  async #call<Answer>(action: string, body: object): Promise<Answer> {
    const { endpoint, principal } = this.#access;
    const headers = {
      'x-amz-target': `DynamoDBStreams_20120810.${action}`,
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-date': '20260101T000000Z',
      authorization: `AWS4-HMAC-SHA256 Credential=${principal}/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0`,
    };
    const response = await fetch(endpoint, { method: 'POST', headers, body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`${action}: ${await response.text()}`);
    return (await response.json()) as Answer;
  }
}
