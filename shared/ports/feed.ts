/** What happened to records, told after it was committed and never for what was not: an outbox, or a DynamoDB stream. */
import type { Kind, RecordOf } from './store.ts';

/** Which changes of which kinds are told. Changes are those of status alone. */
export const FED = {
  created: ['thread', 'run', 'message'],
  updated: ['run', 'export'],
  removed: ['thread', 'file', 'upload'],
} as const satisfies Record<string, readonly Kind[]>;

/** `atMs`: when it was committed, in Unix milliseconds; the same whenever the event is told again. */
type Told<T extends keyof typeof FED, More extends Kind = never> = {
  [K in (typeof FED)[T][number]]: { type: T; kind: K; record: RecordOf<K>; atMs: number } & (K extends More ? { before: RecordOf<K> } : unknown);
}[(typeof FED)[T][number]];

/**
 * `before` is the record that was replaced. Where an engine keeps large records apart, those of them that have changed again by
 * the time they are told come without what makes them large: texts, tools, content.
 */
export type FeedEvent = Told<'created'> | Told<'updated', Kind> | Told<'removed'>;
export type FeedEventOf<T extends FeedEvent['type']> = Extract<FeedEvent, { type: T }>;

/** True for a thread whose time had come; one that was deleted before that is false. */
export const isExpired = ({ record, atMs }: FeedEventOf<'removed'>): boolean => record.removeAfterMs !== undefined && record.removeAfterMs <= atMs;

export interface Feed {
  /**
   * At least once, those of one thread in order of commit. An event whose handler throws comes again, and what follows it waits.
   * Of a project without webhook endpoints perhaps nothing but removals.
   */
  consume(handle: (event: FeedEvent) => Promise<void>): { stop(): void };
}

export const isFed = (type: FeedEvent['type'], kind: Kind): boolean => (FED[type] as readonly Kind[]).includes(kind);
