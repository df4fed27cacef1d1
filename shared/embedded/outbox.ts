/** Events, written in the transaction of what they tell. */
import { type FeedEvent, isFed } from '../ports/feed.ts';
import type { Key, Kind } from '../ports/store.ts';
import type { Database } from './database.ts';
import { parseRow, scopeText } from './store.ts';

/** What is kept in order: a thread and all that hangs under it, or a record that hangs under none. `scope` is as in tables. */
const turnOf = (kind: Kind, scope: string, id: string): string =>
  kind === 'message' || kind === 'run' ? `thread:${scope}` : `${kind}:${scope}/${scopeText([id])}`;

/** Projects that nobody tells of do not pay for it. */
const IS_WATCHED = 'EXISTS (SELECT 1 FROM webhook_endpoint WHERE scope = ?)';

export function tellCreated(db: Database, { kind, scope: [projectId = '', ...rest], id }: Key, body: string, nowMs: number): void {
  if (!isFed('created', kind)) return;
  const turn = turnOf(kind, scopeText([projectId, ...rest]), id);
  db.sql(`INSERT INTO outbox (key, due_ms, attempts, type, kind, at_ms, body) SELECT ?, 0, 0, 'created', ?, ?, ? WHERE ${IS_WATCHED}`).run(turn, kind, nowMs, body, scopeText([projectId]));
}

/** To be called while the former record is still there. */
export function tellUpdated(db: Database, { kind, scope, id }: Key, body: string, status: string, nowMs: number): void {
  if (!isFed('updated', kind)) return;
  const place = scopeText(scope);
  db.sql(
    `INSERT INTO outbox (key, due_ms, attempts, type, kind, at_ms, body, before) SELECT ?, 0, 0, 'updated', ?, ?, ?, body FROM ${kind}
    WHERE scope = ? AND id = ? AND CASE WHEN ${IS_WATCHED} THEN json_extract(body, '$.status') IS NOT ? ELSE 0 END`,
  ).run(turnOf(kind, place, id), kind, nowMs, body, place, id, scopeText(scope.slice(0, 1)), status);
}

/** Likewise. `scope` is as in tables: the record is told as it stands there, unread, for one that fits no schema must not be impossible to remove. */
export function tellRemoved(db: Database, kind: Kind, scope: string, id: string, nowMs: number): void {
  if (!isFed('removed', kind)) return;
  db.sql(`INSERT INTO outbox (key, due_ms, attempts, type, kind, at_ms, body) SELECT ?, 0, 0, 'removed', ?, ?, body FROM ${kind} WHERE scope = ? AND id = ?`).run(turnOf(kind, scope, id), kind, nowMs, scope, id);
}

/** A row of the outbox as an event; one that fits no schema is an error, never a cast. */
export function parseEvent({ type, kind, at_ms: atMs, body, before }: Record<string, unknown>): FeedEvent {
  const { type: told, kind: of } = { type, kind } as Pick<FeedEvent, 'type' | 'kind'>;
  if (!isFed(told, of)) throw new Error(`the outbox holds an event of no known kind: ${told} ${of}`);
  return { type, kind, atMs, record: parseRow(of, body), ...(type === 'updated' && { before: parseRow(of, before) }) } as FeedEvent;
}
