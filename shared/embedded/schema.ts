import type { DatabaseSync } from 'node:sqlite';
import { SCHEMAS } from '../ports/store.ts';

/**
 * One table per kind of record, all of one shape. `scope` is the scope's parts, escaped and joined by '/', so a page is one range of
 * the primary key. `job` is both work queue and timers; `outbox` is the feed.
 */
const VERSIONS: readonly string[] = [
  Object.keys(SCHEMAS)
    .map(
      (kind) => `
      CREATE TABLE ${kind} (scope TEXT NOT NULL, id TEXT NOT NULL, rev INTEGER NOT NULL, remove_after INTEGER, body TEXT NOT NULL, PRIMARY KEY (scope, id));
      CREATE INDEX ${kind}_removal ON ${kind} (remove_after) WHERE remove_after IS NOT NULL;`,
    )
    .join('') +
    `
    CREATE INDEX message_run ON message (scope, json_extract(body, '$.runId'), id) WHERE json_extract(body, '$.runId') IS NOT NULL;
    CREATE TABLE job (seq INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, due_ms INTEGER NOT NULL, attempts INTEGER NOT NULL, body TEXT NOT NULL);
    CREATE INDEX job_due ON job (due_ms);
    CREATE TABLE outbox (seq INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL, due_ms INTEGER NOT NULL, attempts INTEGER NOT NULL, body TEXT NOT NULL);
    CREATE INDEX outbox_key ON outbox (key, seq);`,
];

/** Brings the file up to date in one transaction, so a crash leaves the former version and two processes do not both try. */
export function migrate(db: DatabaseSync): void {
  db.exec('BEGIN IMMEDIATE');
  try {
    const { user_version: version } = db.prepare('PRAGMA user_version').get() as { user_version: number };
    if (version > VERSIONS.length) throw new Error('the data folder was written by a newer Threadkeep');
    for (const statements of VERSIONS.slice(version)) db.exec(statements);
    db.exec(`PRAGMA user_version = ${VERSIONS.length}; COMMIT`);
  } catch (error) {
    db.exec('ROLLBACK');
    throw error;
  }
}

/** Set once the folder has got its first key; SQLite keeps the number for whoever owns the file ("TKep"). */
const APPLICATION_ID = 0x544b6570;

export const isInitialised = (db: DatabaseSync): boolean =>
  (db.prepare('PRAGMA application_id').get() as { application_id: number }).application_id === APPLICATION_ID;

export const markInitialised = (db: DatabaseSync): void => db.exec(`PRAGMA application_id = ${APPLICATION_ID}`);
