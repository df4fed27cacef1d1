/** What requests to AWS are about, and how they ask. */
import type { Asked } from './iam.ts';
import type { Secrets } from './secrets.ts';

export const REGION = 'us-east-1';

export interface KnownTable {
  name: string;
  arn: string;
  /** The table's own partition key, and each index's. */
  hashKey: string;
  indexes: Record<string, string>;
  streamArn?: string;
  /** The customer's key that it is kept under. */
  kmsKeyArn?: string;
}

export interface KnownBucket {
  name: string;
  arn: string;
  kmsKeyArn?: string;
}

export interface KnownQueue {
  name: string;
  arn: string;
  /** As the engine made it. Callers find the queue at `/<account>/<name>` of the front. */
  url: string;
}

export interface KnownFunction {
  arn: string;
  /** Calls it and waits: rejects as LambdaFunction.invoke does. */
  invoke(event: unknown): Promise<unknown>;
}

export interface KnownInterpreter {
  id: string;
  arn: string;
}

/** What stands behind names: only this can be asked for. */
export interface Known {
  tables: KnownTable[];
  buckets: KnownBucket[];
  /** None of them under a customer's key: that would ask for more than is asked here. */
  queues: KnownQueue[];
  secrets: Secrets;
  functions: KnownFunction[];
  interpreters: KnownInterpreter[];
}

/** The front stands where TLS ends, so every request has come by it. */
export const asking = (action: string, resource: string, context: Asked['context'] = {}): Asked => ({ action, resource, context: { 'aws:SecureTransport': ['true'], ...context } });

/** A service uses the customer's key in the caller's name. */
export const usingKey = (action: string, keyArn: string, service: string): Asked => asking(action, keyArn, { 'kms:ViaService': [`${service}.${REGION}.amazonaws.com`] });

export function text(input: Record<string, unknown>, name: string): string {
  const value = input[name];
  if (typeof value !== 'string') throw unknown(`${name} ${JSON.stringify(value)}`);
  return value;
}

export function member<T>(map: Map<string, T>, operation: string): T {
  const found = map.get(operation);
  if (found === undefined) throw unknown(`the operation ${operation}`);
  return found;
}

export function queueAt(url: string, queues: KnownQueue[]): KnownQueue {
  const { pathname } = new URL(url);
  const queue = queues.find(({ name, arn }) => pathname === `/${arn.split(':')[4]}/${name}`);
  if (!queue) throw unknown(`the queue ${url}`);
  return queue;
}

export const unknown = (what: string): Error => new Error(`aws: not understood: ${what}`);
