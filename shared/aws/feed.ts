import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type { FeedEvent } from '../ports/feed.ts';
import { parseBody, placeOfItem, text } from './items.ts';
import { isThreadPlace } from './schema.ts';

/** The parts of a DynamoDB stream's record that tell of a removal; the event source's own record fits. */
export interface StreamRecord {
  eventName?: string | undefined;
  dynamodb?: { OldImage?: Record<string, StreamValue> | undefined } | undefined;
}
interface StreamValue {
  S?: string | undefined;
  N?: string | undefined;
}

/** The event that a stream's record tells: the removal of a thread, by an action or by the time to live. Undefined for all else. */
export function eventOf({ eventName, dynamodb }: StreamRecord): FeedEvent | undefined {
  if (eventName !== 'REMOVE' || !dynamodb?.OldImage) return undefined;
  const item = dynamodb.OldImage as Record<string, AttributeValue>;
  if (!isThreadPlace(placeOfItem(item))) return undefined;
  return { type: 'removed', kind: 'thread', record: parseBody('thread', text(item, 'body') ?? '') };
}
