/** What DynamoDB does in its own time and the engine never: removes items whose time to live is over. */
import { type AttributeValue, DeleteItemCommand, type DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import type { DeclaredTable } from './declared-data.ts';

/** Resolves to how many items it has removed. */
export async function sweep(db: DynamoDBClient, { name, create, timeToLive }: DeclaredTable, nowMs: number): Promise<number> {
  const keys = (create.KeySchema ?? []).map(({ AttributeName = '' }) => AttributeName);
  let removed = 0;
  let start: Record<string, AttributeValue> | undefined;
  do {
    const { Items = [], LastEvaluatedKey } = await db.send(
      new ScanCommand({
        TableName: name,
        FilterExpression: '#ttl <= :now',
        ExpressionAttributeNames: { '#ttl': timeToLive },
        ExpressionAttributeValues: { ':now': { N: String(Math.floor(nowMs / 1000)) } },
        ExclusiveStartKey: start,
      }),
    );
    for (const item of Items) {
      const Key = Object.fromEntries(Object.entries(item).filter(([attribute]) => keys.includes(attribute)));
      await db.send(new DeleteItemCommand({ TableName: name, Key }));
      removed++;
    }
    start = LastEvaluatedKey;
  } while (start);
  return removed;
}
