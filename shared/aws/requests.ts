/** A change's writes as DynamoDB takes them: each with the condition that says when it holds, and asking what stands there if it does not. */
import { ConditionalCheckFailedException, DeleteItemCommand, type DynamoDBClient, PutItemCommand, type TransactWriteItem, TransactWriteItemsCommand, TransactionCanceledException } from '@aws-sdk/client-dynamodb';
import type { Write } from '../ports/commit.ts';
import { type Draft, type Item, itemOf, keyItem, text } from './items.ts';
import { attemptsOf, whileBusy } from './retry.ts';
import type { Place } from './schema.ts';

/** A write and where it goes; `draft` is what it stores. */
export interface Planned {
  write: Write;
  place: Place;
  draft?: Draft;
}

/** The first of the writes whose condition did not hold, and the item that stands there. */
export interface Refusal {
  planned: Planned;
  item: Item | undefined;
}

interface Parts {
  db: DynamoDBClient;
  table: string;
  commitId: string;
  nowMs: number;
}

/** Nothing stands there, or what stands there is past its time and only not yet removed. */
const IS_FREE = 'attribute_not_exists(pk) OR removeAfterMs <= :now';
const IS_AT_REVISION = 'rev = :rev AND (attribute_not_exists(removeAfterMs) OR removeAfterMs > :now)';

const conditionOf = ({ write }: Planned, { table, nowMs }: Parts) => ({
  TableName: table,
  ConditionExpression: write.op === 'create' ? IS_FREE : IS_AT_REVISION,
  ExpressionAttributeValues: { ':now': { N: String(nowMs) }, ...(write.op !== 'create' && { ':rev': { N: String(write.expectRev) } }) },
  ReturnValuesOnConditionCheckFailure: 'ALL_OLD' as const,
});

/** Writes one record alone, at half the price of a transaction. Resolves to the refusal, if there is one. */
export async function writeOne(parts: Parts, planned: Planned): Promise<Refusal | undefined> {
  const condition = conditionOf(planned, parts);
  const { draft, place } = planned;
  let isRepeated = false;
  try {
    await whileBusy((again) => {
      isRepeated = again;
      if (draft) return parts.db.send(new PutItemCommand({ ...condition, Item: itemOf(draft, parts.commitId) }));
      return parts.db.send(new DeleteItemCommand({ ...condition, Key: keyItem(place) }));
    });
    return undefined;
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
    const { Item: item } = error;
    // The answer to an earlier attempt was lost: what stands in the way is this very write, or that it has been done.
    const isOwn = draft ? item !== undefined && text(item, 'w') === parts.commitId : item === undefined && (isRepeated || attemptsOf(error) > 1);
    return isOwn ? undefined : { planned, item };
  }
}

/** Writes all of these or none. DynamoDB knows the token of a transaction it has carried out, so repeating one does no harm. */
export async function writeTogether(parts: Parts, all: Planned[], token: string): Promise<Refusal | undefined> {
  const TransactItems = all.map((planned) => transactItem(planned, parts));
  try {
    await whileBusy(() => parts.db.send(new TransactWriteItemsCommand({ TransactItems, ClientRequestToken: token })));
    return undefined;
  } catch (error) {
    if (!(error instanceof TransactionCanceledException)) throw error;
    const reasons = error.CancellationReasons ?? [];
    const at = reasons.findIndex(({ Code }) => Code === 'ConditionalCheckFailed');
    const planned = all[at];
    if (!planned) throw error;
    return { planned, item: reasons[at]?.Item };
  }
}

function transactItem(planned: Planned, parts: Parts): TransactWriteItem {
  const condition = conditionOf(planned, parts);
  if (planned.draft) return { Put: { ...condition, Item: itemOf(planned.draft, parts.commitId) } };
  const Key = keyItem(planned.place);
  return planned.write.op === 'delete' ? { Delete: { ...condition, Key } } : { ConditionCheck: { ...condition, Key } };
}

/** Deletes what this very commit has created, and nothing else. */
export async function undo({ db, table, commitId }: Parts, { place }: Planned): Promise<void> {
  try {
    await db.send(new DeleteItemCommand({ TableName: table, Key: keyItem(place), ConditionExpression: 'w = :w', ExpressionAttributeValues: { ':w': { S: commitId } } }));
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
  }
}
