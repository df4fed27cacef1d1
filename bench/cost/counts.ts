/** What a piece of work has caused, in what AWS bills for. Only one table is there, so its units are not told apart. */
import type { LedgerEntry } from '../../test/cloud/harness/aws-ledger.ts';
import type { Service } from '../../test/cloud/harness/aws-request.ts';
import type { Priced } from './prices.ts';

/** `execution`: started in the state machine; transitions.ts makes what is billed of them. */
export type Counted = Exclude<Priced, 'stateTransition' | 'lambdaRequest' | 'lambdaGbSecond' | 'kmsRequest' | 'logGb'> | 'execution';

export interface Counts {
  billed: Partial<Record<Counted, number>>;
  /** Read units of queries: what a thread's history, its steps and lists cost. */
  queryUnits: number;
  /** Requests by service and operation, the free ones too. */
  requests: Record<string, number>;
  /** By the function's name. */
  invocations: Record<string, number>;
  /** Records of the table's stream that wake the event-teller. Nothing else here is its: how many of them it gets at a time is chance. */
  told: number;
}

export const NOTHING: Counts = { billed: {}, queryUnits: 0, requests: {}, invocations: {}, told: 0 };

/** Tells webhooks of what has happened; its work is not part of a run's. */
export const TELLER = 'EventTeller';

/** What one request of each service is billed as; undefined where requests are free. Throws on a service that has no price here. */
export function billedAs({ service, operation }: Pick<LedgerEntry, 'service' | 'operation'>): Exclude<Counted, 'apiRequest'>[] {
  switch (service) {
    case 'dynamodb':
      return ['readUnit', 'writeUnit'];
    case 'sqs':
      return ['sqsRequest'];
    case 's3':
      return operation.startsWith('Delete') || operation.startsWith('Abort') ? [] : /^(Get|Head)/.test(operation) ? ['s3Get'] : ['s3Put'];
    case 'states':
      return operation === 'StartExecution' ? ['execution'] : [];
    case 'secretsmanager':
      return ['secretRequest'];
    case 'dynamodbstreams':
    case 'lambda':
      // Lambda's own reads of a stream; and invocations, which are counted by function.
      return [];
    case 'agentcore':
      // Billed by what its sessions take of processors and memory, not by requests; no run that is counted here executes code.
      return [];
    default:
      throw new Error(`a service without a price: ${String(service satisfies never)}`);
  }
}

export function countsOf(entries: readonly LedgerEntry[]): Omit<Counts, 'invocations' | 'told'> {
  const billed: Counts['billed'] = {};
  const requests: Counts['requests'] = {};
  let queryUnits = 0;
  for (const entry of entries) {
    const name = nameOf(entry);
    // Free when Lambda does it, and how many records it finds at a time is chance.
    if (entry.service === 'dynamodbstreams' || entry.functionId.startsWith(TELLER)) continue;
    // The engine tells no units of these, though DynamoDB bills for them.
    if (entry.service === 'dynamodb' && entry.status !== 200) throw new Error(`${entry.principal}: ${name} was answered with ${entry.status}`);
    requests[name] = (requests[name] ?? 0) + 1;
    if (entry.operation === 'Query') queryUnits += entry.readUnits;
    for (const what of billedAs(entry)) billed[what] = (billed[what] ?? 0) + amountOf(what, entry);
  }
  return { billed, queryUnits, requests };
}

const nameOf = ({ service, operation }: { service: Service; operation: string }): string => `${service}:${operation}`;

const amountOf = (what: Counted, { readUnits, writeUnits }: LedgerEntry): number => (what === 'readUnit' ? readUnits : what === 'writeUnit' ? writeUnits : 1);

export const sum = (all: readonly Counts[]): Counts => all.reduce(add, NOTHING);

const add = (a: Counts, b: Counts): Counts => ({
  billed: merge(a.billed, b.billed),
  queryUnits: a.queryUnits + b.queryUnits,
  requests: merge(a.requests, b.requests),
  invocations: merge(a.invocations, b.invocations),
  told: a.told + b.told,
});

/** Names in order, so that equal counts are equal texts. */
function merge<T extends Partial<Record<string, number>>>(a: T, b: T): T {
  const names = [...new Set([...Object.keys(a), ...Object.keys(b)])].sort();
  return Object.fromEntries(names.map((name) => [name, (a[name] ?? 0) + (b[name] ?? 0)])) as T;
}
