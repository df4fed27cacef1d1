/** What happened to records, told after it was committed and never for what was not: an outbox, or a DynamoDB stream. */
import type { Kind, RecordOf } from './store.ts';

/** A record is gone: deleted by an action, or removed because its `removeAfterMs` had come. */
export type FeedEvent = { [K in Kind]: { type: 'removed'; kind: K; record: RecordOf<K> } }[Kind];

/** Kinds whose removals are told. Widened with webhooks. */
export const FED_KINDS: readonly Kind[] = ['thread'];

export interface Feed {
  /** At least once, in order of commit for one record. An event whose handler throws comes again. */
  consume(handle: (event: FeedEvent) => Promise<void>): { stop(): void };
}
