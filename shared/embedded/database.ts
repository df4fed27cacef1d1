/** The SQLite file behind every embedded adapter, and its one writer. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { isInitialised, markInitialised, migrate } from './schema.ts';

export class DataFolderInUseError extends Error {}

/** Conversations are nobody's business but the owner's. */
const makeFolder = (folder: string): void => void mkdirSync(folder, { recursive: true, mode: 0o700 });

export interface Database {
  /** False until `markInitialised` has been called on the file once. */
  isInitialised: boolean;
  markInitialised(): void;
  /** A prepared statement, made once. */
  sql(text: string): StatementSync;
  /**
   * Runs `work` inside a transaction and resolves when that is on disk. Everything asked for in the same turn of the event
   * loop shares one transaction, so one fsync. When `work` throws, what it wrote is undone and its own promise alone rejects.
   */
  write(work: () => void): Promise<void>;
  /** Called after each commit. */
  onCommit(listener: () => void): void;
  close(): void;
}

const SQLITE_BUSY = 5;
/** Waiting for another process (`npm run keys`) to finish its write, in milliseconds. */
const BUSY_TIMEOUT_MS = 5000;

export function openDatabase(folder: string): Database {
  makeFolder(folder);
  const db = new DatabaseSync(join(folder, 'threadkeep.db'), { timeout: BUSY_TIMEOUT_MS });
  try {
    db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -16000;');
    migrate(db);
  } catch (error) {
    db.close();
    throw error;
  }

  const statements = new Map<string, StatementSync>();
  const sql = (text: string): StatementSync => {
    const known = statements.get(text);
    if (known) return known;
    const made = db.prepare(text);
    statements.set(text, made);
    return made;
  };

  type Pending = { work: () => void; resolve: () => void; reject: (error: unknown) => void };
  let pending: Pending[] = [];
  const listeners: (() => void)[] = [];
  let open = true;

  const flush = () => {
    const batch = pending;
    pending = [];
    if (!open || batch.length === 0) return;
    const done: Pending[] = [];
    try {
      sql('BEGIN IMMEDIATE').run();
      for (const item of batch) {
        sql('SAVEPOINT item').run();
        try {
          item.work();
          done.push(item);
        } catch (error) {
          sql('ROLLBACK TO item').run();
          item.reject(error);
        }
        sql('RELEASE item').run();
      }
      sql('COMMIT').run();
    } catch (error) {
      // The disk is full or the file is locked for good: nothing of the batch happened.
      if (db.isTransaction) db.exec('ROLLBACK');
      for (const item of batch) item.reject(error);
      return;
    }
    for (const item of done) item.resolve();
    for (const listener of listeners) listener();
  };

  return {
    isInitialised: isInitialised(db),
    markInitialised: () => markInitialised(db),
    sql,
    write: (work) =>
      new Promise((resolve, reject) => {
        if (!open) return reject(new Error('the database is closed'));
        if (pending.length === 0) setImmediate(flush);
        pending.push({ work, resolve, reject });
      }),
    onCommit: (listener) => void listeners.push(listener),
    close() {
      flush();
      open = false;
      db.close();
    },
  };
}

/**
 * Holds the folder for this process until it ends, however it ends: an open exclusive transaction on a file of its own,
 * which the operating system releases with the process. `npm run keys` does not take it.
 */
export function holdFolder(folder: string): () => void {
  makeFolder(folder);
  const lock = new DatabaseSync(join(folder, 'server.lock'), { timeout: 0 });
  try {
    lock.exec('BEGIN EXCLUSIVE');
  } catch (cause) {
    lock.close();
    if ((cause as { errcode?: number }).errcode !== SQLITE_BUSY) throw cause;
    throw new DataFolderInUseError(`${folder} is in use by another Threadkeep server`, { cause });
  }
  return () => lock.close();
}
