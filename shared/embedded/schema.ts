import type { DatabaseSync } from 'node:sqlite';

/** `scope` is the scope's parts, escaped and joined by '/', so a page is one range of the primary key. */
const tableOf = (kind: string): string => `
  CREATE TABLE ${kind} (scope TEXT NOT NULL, id TEXT NOT NULL, rev INTEGER NOT NULL, remove_after INTEGER, body TEXT NOT NULL, PRIMARY KEY (scope, id));
  CREATE INDEX ${kind}_removal ON ${kind} (remove_after) WHERE remove_after IS NOT NULL;`;

/** Which jobs wait for each other: those of one endpoint, those that drive runs … (queue.ts). */
const laneOfName = (lanes: readonly string[]): string => `CASE
  WHEN name >= 'webhook:' AND name < 'webhook;' THEN substr(name, 1, 8 + max(instr(substr(name, 9), ':') - 1, 0))
  ${lanes.map((lane) => `WHEN name >= '${lane}:' AND name < '${lane};' THEN '${lane}'`).join('\n  ')}
  ELSE 'rest' END`;

/**
 * What each version adds to the one before it; none is ever changed again. One table per kind of record, all of one shape. `job`
 * is both work queue and timers; `outbox` is the feed.
 */
const VERSIONS: readonly string[] = [
  `${['assistant', 'thread', 'message', 'run', 'step', 'api_key', 'idempotency'].map(tableOf).join('')}
  CREATE INDEX message_run ON message (scope, json_extract(body, '$.runId'), id) WHERE json_extract(body, '$.runId') IS NOT NULL;
  CREATE TABLE job (seq INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, due_ms INTEGER NOT NULL, attempts INTEGER NOT NULL, body TEXT NOT NULL);
  CREATE INDEX job_due ON job (due_ms);
  CREATE TABLE outbox (seq INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL, due_ms INTEGER NOT NULL, attempts INTEGER NOT NULL, body TEXT NOT NULL);
  CREATE INDEX outbox_key ON outbox (key, seq);`,

  // The outbox told removals of threads alone; their times were not written down.
  `${['project', 'webhook_endpoint', 'delivery', 'export', 'tool_endpoint', 'alias'].map(tableOf).join('')}
  ALTER TABLE outbox ADD COLUMN type TEXT NOT NULL DEFAULT 'removed';
  ALTER TABLE outbox ADD COLUMN kind TEXT NOT NULL DEFAULT 'thread';
  ALTER TABLE outbox ADD COLUMN at_ms INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE outbox ADD COLUMN before TEXT;
  ALTER TABLE job ADD COLUMN lane TEXT AS (${laneOfName(['drive', 'tools', 'export'])}) VIRTUAL;
  CREATE INDEX job_lane ON job (lane, due_ms, seq);
  CREATE INDEX outbox_again ON outbox (due_ms) WHERE due_ms > 0;`,

  // A column that is computed cannot be changed in its place.
  `${['file', 'file_place', 'upload', 'upload_part', 'vector_store', 'vector_store_file', 'file_batch'].map(tableOf).join('')}
  DROP INDEX job_lane;
  ALTER TABLE job DROP COLUMN lane;
  ALTER TABLE job ADD COLUMN lane TEXT AS (${laneOfName(['drive', 'tools', 'export', 'index'])}) VIRTUAL;
  CREATE INDEX job_lane ON job (lane, due_ms, seq);`,

  tableOf('code_session'),
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
