import type { Clock } from '../domain/clock.ts';
import { type Change, type Commit, ConflictError, type Scheduled, type Write } from '../ports/commit.ts';
import type { Kind, RecordOf } from '../ports/store.ts';
import type { Database } from './database.ts';
import { tellCreated, tellRemoved, tellUpdated } from './outbox.ts';
import { parseRow, scopeText } from './store.ts';

export function makeCommit(db: Database, clock: Clock): Commit {
  return (change) => db.write(() => applyChange(db, change, clock.nowMs()));
}

/** Records, jobs, timers and outbox rows in one transaction. */
function applyChange(db: Database, change: Change, nowMs: number): void {
  for (const write of change.writes) checkCondition(db, write, nowMs);
  for (const write of change.writes) applyWrite(db, write, nowMs);
  for (const name of change.cancels ?? []) db.sql('DELETE FROM job WHERE name = ?').run(name);
  for (const scheduled of [...(change.jobs ?? []), ...(change.timers ?? [])]) insertJob(db, scheduled);
}

function checkCondition(db: Database, { key, ...write }: Write, nowMs: number): void {
  const row = db
    .sql(`SELECT rev, remove_after FROM ${key.kind} WHERE scope = ? AND id = ?`)
    .get(scopeText(key.scope), key.id);
  const removeAfterMs = row?.['remove_after'];
  const isThere = row !== undefined && !(typeof removeAfterMs === 'number' && removeAfterMs <= nowMs);
  const holds = write.op === 'create' ? !isThere : isThere && row['rev'] === write.expectRev;
  if (!holds) throw new ConflictError(key, isThere ? readRecord(db, key.kind, scopeText(key.scope), key.id) : undefined);
}

function applyWrite(db: Database, write: Write, nowMs: number): void {
  const { kind, id } = write.key;
  const scope = scopeText(write.key.scope);
  switch (write.op) {
    case 'create': {
      const columns = columnsOf(write.record);
      tellCreated(db, write.key, columns[2], nowMs);
      // Replaces a record that is past its time and not yet swept.
      db.sql(`INSERT OR REPLACE INTO ${kind} (rev, remove_after, body, scope, id) VALUES (?, ?, ?, ?, ?)`).run(...columns, scope, id);
      return;
    }
    case 'update': {
      const columns = columnsOf(write.record);
      if ('status' in write.record) tellUpdated(db, write.key, columns[2], write.record.status, nowMs);
      // In place: replacing would delete the row and enter it in every index anew.
      db.sql(`UPDATE ${kind} SET rev = ?, remove_after = ?, body = ? WHERE scope = ? AND id = ?`).run(...columns, scope, id);
      return;
    }
    case 'delete':
      return deleteRecord(db, kind, scope, id, nowMs);
    case 'check':
      return;
  }
}

const columnsOf = (record: RecordOf<Kind>): [rev: number, removeAfterMs: number | null, body: string] => [
  record.rev,
  'removeAfterMs' in record ? (record.removeAfterMs ?? null) : null,
  JSON.stringify(record),
];

/** Deletes a record and, in the same transaction, tells the feed. */
export function deleteRecord(db: Database, kind: Kind, scope: string, id: string, nowMs: number): void {
  tellRemoved(db, kind, scope, id, nowMs);
  db.sql(`DELETE FROM ${kind} WHERE scope = ? AND id = ?`).run(scope, id);
}

function readRecord(db: Database, kind: Kind, scope: string, id: string): RecordOf<Kind> {
  return parseRow(kind, db.sql(`SELECT body FROM ${kind} WHERE scope = ? AND id = ?`).get(scope, id)?.['body']);
}

/** A new row, so a new `seq`: acknowledging the delivery that a row of the same name is having cannot delete this one. */
function insertJob(db: Database, { name, job, dueMs }: Scheduled): void {
  db.sql('INSERT OR REPLACE INTO job (name, due_ms, attempts, body) VALUES (?, ?, 0, ?)').run(name, dueMs, JSON.stringify(job));
}
