import type { SQLInputValue } from 'node:sqlite';
import type { Clock } from '../domain/clock.ts';
import { type Kind, type PageQuery, type RecordOf, SCHEMAS, type Scope, type Store } from '../ports/store.ts';
import type { Database } from './database.ts';

/** Ids come from URLs and may hold anything: unescaped, ['a/b', 'c'] and ['a', 'b/c'] would be one place. */
export const scopeText = (scope: Scope): string => scope.map(escaped).join('/');

const escaped = (part: string): string => (/[%/]/.test(part) ? part.replaceAll('%', '%25').replaceAll('/', '%2F') : part);

/** A stored row as a record; a row that no longer fits its schema is an error, never a cast. */
export function parseRow<K extends Kind>(kind: K, body: unknown): RecordOf<K> {
  const parsed = SCHEMAS[kind].safeParse(JSON.parse(String(body)));
  if (!parsed.success) {
    const where = parsed.error.issues.map((issue) => issue.path.join('.')).join(', ');
    throw new Error(`a stored ${kind} does not fit its schema at: ${where}`);
  }
  return parsed.data as RecordOf<K>;
}

export function makeStore(db: Database, clock: Clock): Store {
  return {
    async get(key) {
      const row = db
        .sql(`SELECT body FROM ${key.kind} WHERE scope = ? AND id = ? AND (remove_after IS NULL OR remove_after > ?)`)
        .get(scopeText(key.scope), key.id, clock.nowMs());
      return row && parseRow(key.kind, row['body']);
    },
    async page(kind, scope, query) {
      const { text, values, reversed } = pageStatement(kind, scope, query, clock.nowMs());
      const rows = db.sql(text).all(...values);
      const hasMore = rows.length > query.limit;
      const items = rows.slice(0, query.limit).map((row) => parseRow(kind, row['body']));
      return { items: reversed ? items.reverse() : items, hasMore };
    },
  };
}

function pageStatement(kind: Kind, scope: Scope, query: PageQuery, nowMs: number) {
  const conditions = ['scope = ?', '(remove_after IS NULL OR remove_after > ?)'];
  const values: SQLInputValue[] = [scopeText(scope), nowMs];
  const add = (condition: string, ...more: SQLInputValue[]) => {
    conditions.push(condition);
    values.push(...more);
  };
  const descending = query.order === 'desc';
  if (query.after !== undefined) add(`id ${descending ? '<' : '>'} ?`, query.after);
  if (query.before !== undefined) add(`id ${descending ? '>' : '<'} ?`, query.before);
  if (query.where?.runId !== undefined) add(`json_extract(body, '$.runId') = ?`, query.where.runId);
  for (const name of ['status', 'purpose', 'batchId'] as const) {
    const value = query.where?.[name];
    if (value !== undefined) add(`json_extract(body, '$.${name}') = ?`, value);
  }
  for (const [name, value] of Object.entries(query.where?.metadata ?? {})) {
    add(`EXISTS (SELECT 1 FROM json_each(body, '$.metadata') WHERE key = ? AND value = ?)`, name, value);
  }
  // With `before` alone the page ends at the cursor, so it is read backwards from there.
  const reversed = query.before !== undefined && query.after === undefined;
  const direction = descending !== reversed ? 'DESC' : 'ASC';
  // One more than asked for tells whether there are more.
  const text = `SELECT body FROM ${kind} WHERE ${conditions.join(' AND ')} ORDER BY id ${direction} LIMIT ?`;
  return { text, values: [...values, query.limit + 1], reversed };
}
