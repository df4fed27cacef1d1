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
    CREATE TABLE outbox (seq INTEGER PRIMARY KEY AUTOINCREMENT, body TEXT NOT NULL);`,
];

/** Brings the file up to date and tells whether it was new; each version is one transaction, so a crash leaves the former one. */
export function migrate(db: DatabaseSync): boolean {
  const at = db.prepare('PRAGMA user_version').get() as { user_version: number };
  if (at.user_version > VERSIONS.length) throw new Error('the data folder was written by a newer Threadkeep');
  VERSIONS.slice(at.user_version).forEach((statements, i) => {
    db.exec(`BEGIN IMMEDIATE; ${statements}; PRAGMA user_version = ${at.user_version + i + 1}; COMMIT;`);
  });
  return at.user_version === 0;
}
