/** What requests to DynamoDB and its streams ask for. */
import { asking, type KnownTable, member, text, unknown, usingKey } from './aws-asking.ts';
import type { Asked } from './iam.ts';

type Input = Record<string, unknown>;
type Item = Record<string, Record<string, string>>;

/** Items of one table (or index) that one action reaches, by the values of their partition key. */
interface Reach {
  action: string;
  table: KnownTable;
  index?: string;
  leadingKeys: string[];
}

/** Each data operation, and how its items are found. */
const DATA = new Map<string, (input: Input, tables: KnownTable[]) => Reach[]>([
  ['GetItem', one('GetItem', 'Key')],
  ['PutItem', one('PutItem', 'Item')],
  ['DeleteItem', one('DeleteItem', 'Key')],
  ['UpdateItem', one('UpdateItem', 'Key')],
  ['Query', (input, tables) => [queried(input, tables)]],
  ['BatchGetItem', batch],
  ['TransactWriteItems', transaction],
]);

export const isRead = (operation: string): boolean => /^(GetItem|Query|BatchGetItem)$/.test(operation);

export function askedOfDynamodb(operation: string, input: Input, tables: KnownTable[]): Asked[] {
  const reaches = member(DATA, operation)(input, tables);
  const keys = new Set(reaches.flatMap(({ table: { kmsKeyArn } }) => kmsKeyArn ?? []));
  return [...reaches.map(reaching), ...[...keys].map((key) => usingKey('kms:Decrypt', key, 'dynamodb'))];
}

function reaching({ action, table, index, leadingKeys }: Reach): Asked {
  if (leadingKeys.length === 0) throw unknown(`dynamodb:${action} on no item`);
  const resource = index === undefined ? table.arn : `${table.arn}/index/${index}`;
  return asking(`dynamodb:${action}`, resource, { 'dynamodb:LeadingKeys': [...new Set(leadingKeys)] });
}

function one(action: string, field: string): (input: Input, tables: KnownTable[]) => Reach[] {
  return (input, tables) => {
    const table = tableOf(text(input, 'TableName'), tables);
    return [{ action, table, leadingKeys: [keyOf(input[field] as Item | undefined, table)] }];
  };
}

function batch({ RequestItems = {} }: Input, tables: KnownTable[]): Reach[] {
  return Object.entries(RequestItems as Record<string, { Keys: Item[] }>).map(([name, { Keys }]) => {
    const table = tableOf(name, tables);
    return { action: 'BatchGetItem', table, leadingKeys: Keys.map((key) => keyOf(key, table)) };
  });
}

const IN_TRANSACTION = new Map([
  ['Put', one('PutItem', 'Item')],
  ['Delete', one('DeleteItem', 'Key')],
  ['Update', one('UpdateItem', 'Key')],
  ['ConditionCheck', one('ConditionCheckItem', 'Key')],
]);

function transaction({ TransactItems = [] }: Input, tables: KnownTable[]): Reach[] {
  return (TransactItems as Record<string, Input>[]).flatMap((item) => Object.entries(item).flatMap(([kind, input]) => member(IN_TRANSACTION, kind)(input, tables)));
}

/** A query names one partition: `name = :value`, alone or before what it asks of the sort key. */
function queried(input: Input, tables: KnownTable[]): Reach {
  const table = tableOf(text(input, 'TableName'), tables);
  const index = input['IndexName'] === undefined ? undefined : text(input, 'IndexName');
  const hashKey = index === undefined ? table.hashKey : table.indexes[index];
  const names = (input['ExpressionAttributeNames'] ?? {}) as Record<string, string>;
  const values = (input['ExpressionAttributeValues'] ?? {}) as Item;
  const equalities = [...text(input, 'KeyConditionExpression').matchAll(/([#\w.-]+)\s*=\s*(:\w+)/g)];
  const found = equalities.filter(([, name = '']) => hashKey !== undefined && (name.startsWith('#') ? names[name] : name) === hashKey);
  const [, , value = ''] = found[0] ?? [];
  if (hashKey === undefined || found.length !== 1) throw unknown(`the partition of the query ${JSON.stringify(input)}`);
  return { action: 'Query', table, index, leadingKeys: [valueOf(values[value])] };
}

function keyOf(item: Item | undefined, table: KnownTable): string {
  return valueOf(item?.[table.hashKey]);
}

function valueOf(value: Record<string, string> | undefined): string {
  const plain = value?.['S'] ?? value?.['N'];
  if (plain === undefined) throw unknown(`the partition key ${JSON.stringify(value)}`);
  return plain;
}

function tableOf(name: string, tables: KnownTable[]): KnownTable {
  const table = tables.find((other) => other.name === name || other.arn === name);
  if (!table) throw unknown(`the table ${name}`);
  return table;
}

/** Streams are kept under their table's key. */
export function askedOfStreams(operation: string, input: Input, tables: KnownTable[]): Asked[] {
  switch (operation) {
    case 'ListStreams':
      return [asking('dynamodb:ListStreams', '*')];
    case 'DescribeStream':
    case 'GetShardIterator':
      return [asking(`dynamodb:${operation}`, text(input, 'StreamArn'))];
    case 'GetRecords': {
      const { streamArn, kmsKeyArn } = tableOf(tableOfIterator(text(input, 'ShardIterator')), tables);
      if (streamArn === undefined) throw unknown('the stream of a shard iterator');
      return [asking('dynamodb:GetRecords', streamArn), ...(kmsKeyArn === undefined ? [] : [usingKey('kms:Decrypt', kmsKeyArn, 'dynamodb')])];
    }
    default:
      throw unknown(`the operation ${operation} of streams`);
  }
}

/** An iterator of this engine's is JSON. */
function tableOfIterator(iterator: string): string {
  const { table_name: name } = JSON.parse(Buffer.from(iterator, 'base64').toString()) as { table_name?: unknown };
  return String(name);
}
