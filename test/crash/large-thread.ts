/** A thread too long to be talked into being: what a conversation has left in the data folder, many times over. */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

export interface Size {
  messages: number;
  runs: number;
}

const open = (dataDir: string, readOnly: boolean): DatabaseSync => new DatabaseSync(join(dataDir, 'threadkeep.db'), { readOnly, timeout: 10_000 });

/** `$n` counts from 1; ids of this make sort before those that servers make. */
const NUMBERS = 'WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < ?)';
const idOf = (prefix: string): string => `'${prefix}' || printf('%024d', n)`;

/** Copies the thread's one run, its step and its first message beside a server that is at rest. Every hundredth message has a foreign id. */
export function enlarge(dataDir: string, threadId: string, { messages, runs }: Size): void {
  const db = open(dataDir, false);
  try {
    const scope = `proj_default/${threadId}`;
    db.exec('BEGIN IMMEDIATE');
    const message = `json_set(body, '$.id', ${idOf('msg_')}, '$.createdAtMs', json_extract(body, '$.createdAtMs') - 1)`;
    db.prepare(
      `${NUMBERS} INSERT INTO message (scope, id, rev, body) SELECT scope, ${idOf('msg_')}, rev, CASE WHEN n % 100 = 0 THEN json_set(${message}, '$.importedId', 'msg_hosted' || n) ELSE ${message} END
      FROM number, (SELECT scope, rev, body FROM message WHERE scope = ? ORDER BY id LIMIT 1)`,
    ).run(messages, scope);
    db.prepare(
      `${NUMBERS} INSERT INTO alias (scope, id, rev, body) SELECT ?, 'msg_hosted' || n, 0, json_object('id', 'msg_hosted' || n, 'projectId', 'proj_default', 'threadId', ?, 'rev', 0, 'sortId', ${idOf('msg_')})
      FROM number WHERE n % 100 = 0`,
    ).run(messages, scope, threadId);
    const [run] = db.prepare('SELECT id FROM run WHERE scope = ?').all(scope);
    db.prepare(`${NUMBERS} INSERT INTO run (scope, id, rev, body) SELECT scope, ${idOf('run_')}, rev, json_set(body, '$.id', ${idOf('run_')}) FROM number, (SELECT scope, rev, body FROM run WHERE scope = ?)`).run(runs, scope);
    db.prepare(
      `${NUMBERS} INSERT INTO step (scope, id, rev, body) SELECT ? || '/' || ${idOf('run_')}, ${idOf('step_')}, rev, json_set(body, '$.id', ${idOf('step_')}, '$.runId', ${idOf('run_')})
      FROM number, (SELECT rev, body FROM step WHERE scope = ? ORDER BY id LIMIT 1)`,
    ).run(runs, scope, `${scope}/${String(run?.['id'])}`);
    db.prepare(`UPDATE thread SET body = json_set(body, '$.hasImportedIds', json('true')) WHERE id = ?`).run(threadId);
    db.exec('COMMIT');
  } finally {
    db.close();
  }
}

/** How many rows of each table, jobs and events included, say this thread's id. Tables without any are left out. */
export function rowsOf(dataDir: string, threadId: string): Record<string, number> {
  const db = open(dataDir, true);
  try {
    db.exec('BEGIN');
    const tables = db.prepare(`SELECT name, (SELECT group_concat(name) FROM pragma_table_info(m.name)) AS columns FROM sqlite_master AS m WHERE type = 'table' AND name NOT LIKE 'sqlite_%'`).all();
    const counts = tables.map(({ name, columns }): [string, number] => {
      const said = String(columns).split(',').filter((column) => ['scope', 'id', 'key', 'name', 'body'].includes(column));
      const where = said.map((column) => `instr(${column}, ?) > 0`).join(' OR ');
      return [String(name), Number(db.prepare(`SELECT count(*) AS n FROM ${String(name)} WHERE ${where}`).get(...said.map(() => threadId))?.['n'])];
    });
    return Object.fromEntries(counts.filter(([, count]) => count > 0));
  } finally {
    db.close();
  }
}
