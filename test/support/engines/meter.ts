/** Counts the units that DynamoDB bills for, as the engine tells them. */
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';

export interface Units {
  read: number;
  write: number;
}

interface Consumed {
  CapacityUnits?: number;
}

const READS = new Set(['GetItemCommand', 'QueryCommand', 'BatchGetItemCommand']);
const WRITES = new Set(['PutItemCommand', 'DeleteItemCommand', 'TransactWriteItemsCommand']);

/** Returns what was consumed since the last call. */
export function meterUnits(db: DynamoDBClient): () => Units {
  let units: Units = { read: 0, write: 0 };
  db.middlewareStack.add(
    (next, context) => async (args) => {
      const name = String(context.commandName);
      const isRead = READS.has(name);
      if (!isRead && !WRITES.has(name)) return next(args);
      const result = await next({ ...args, input: { ...args.input, ReturnConsumedCapacity: 'TOTAL' } });
      const { ConsumedCapacity: consumed } = result.output as { ConsumedCapacity?: Consumed | Consumed[] };
      const sum = [consumed ?? []].flat().reduce((total, { CapacityUnits = 0 }) => total + CapacityUnits, 0);
      units[isRead ? 'read' : 'write'] += sum;
      return result;
    },
    { step: 'initialize', name: 'meterUnits' },
  );
  return () => {
    const taken = units;
    units = { read: 0, write: 0 };
    return taken;
  };
}
