/** What the services did for whom, as far as they bill for it. */
import { isRead } from './aws-request-dynamodb.ts';
import type { AwsRequest, RawRequest, Service } from './aws-request.ts';
import type { Answer } from './aws-words.ts';

export interface LedgerEntry {
  principal: string;
  functionId: string;
  service: Service;
  operation: string;
  /** The engine's answer, which is not always what the caller got. */
  status: number;
  /** As the engine tells them. Of a write whose condition did not hold it tells none, though DynamoDB bills for it. */
  readUnits: number;
  writeUnits: number;
  requestBytes: number;
  responseBytes: number;
}

interface Consumed {
  ConsumedCapacity?: { CapacityUnits?: number } | { CapacityUnits?: number }[];
}

export function entryOf(caller: { principal: string; functionId: string }, { service, operation }: AwsRequest, raw: RawRequest, answer: Answer): LedgerEntry {
  const units = service === 'dynamodb' && answer.status === 200 ? unitsIn(answer.body) : 0;
  const [readUnits, writeUnits] = isRead(operation) ? [units, 0] : [0, units];
  const { principal, functionId } = caller;
  return { principal, functionId, service, operation, status: answer.status, readUnits, writeUnits, requestBytes: raw.body.length, responseBytes: answer.body.length };
}

function unitsIn(body: Buffer): number {
  const { ConsumedCapacity: consumed = [] } = JSON.parse(body.toString()) as Consumed;
  return [consumed].flat().reduce((sum, { CapacityUnits = 0 }) => sum + CapacityUnits, 0);
}

/** What an event source mapping asks over and over, to find that there is nothing. */
const POLLS = new Set(['ReceiveMessage', 'GetRecords', 'GetShardIterator', 'DescribeStream', 'ListStreams', 'GetQueueAttributes']);

export const isPoll = (principal: string, { operation }: AwsRequest): boolean => principal.endsWith('.mapping') && POLLS.has(operation);

/** Takes as long as the code does: whoever waits for it waits, as for the model. */
export const isExecution = ({ service, operation }: AwsRequest): boolean => service === 'agentcore' && operation === 'InvokeCodeInterpreter';

/** True if a poll found something. */
export function found({ status, body }: Answer): boolean {
  if (status !== 200) return false;
  const { Messages = [], Records = [] } = JSON.parse(body.toString()) as { Messages?: unknown[]; Records?: unknown[] };
  return Messages.length + Records.length > 0;
}
