/** The one way in which anything changes. */
import type { Job } from './queue.ts';
import { type Key, type Kind, keyOf, type RecordOf } from './store.ts';

/**
 * One conditional write. `create` needs the key to be free; `update` and `delete` need the record to be still at `expectRev`;
 * `check` writes nothing and needs the same.
 */
export type Write<K extends Kind = Kind> =
  | { op: 'create'; key: Key<K>; record: RecordOf<K> }
  | { op: 'update'; key: Key<K>; record: RecordOf<K>; expectRev: number }
  | { op: 'delete'; key: Key<K>; expectRev: number }
  | { op: 'check'; key: Key<K>; expectRev: number };

/**
 * A job and when it falls due. A later job or timer of the same name replaces it where the engine can, else both are delivered. What
 * may take long says so by how its name begins, so that others need not wait behind it: `drive:`, `tools:`, `export:`, `index:`, `webhook:<endpoint>:`.
 * Names of timers begin with `expire:` or `warn:`.
 */
export interface Scheduled {
  name: string;
  job: Job;
  dueMs: number;
}

/** Everything that one action changes: all of it becomes durable, or none of it. */
export interface Change {
  /** What happens, for logs and crash tests: `create-run`, `finish-run` … */
  name: string;
  writes: Write[];
  /** Work for the queue. Delivered at least once if the change commits; perhaps delivered also if it does not. */
  jobs?: Scheduled[];
  /** Alarms minutes away. Same promise as jobs. */
  timers?: Scheduled[];
  /** Names of jobs and timers no longer needed. Best effort: they may still be delivered. */
  cancels?: string[];
}

/** Durable when it resolves. Rejects with a ConflictError, nothing written, when a condition does not hold. */
export type Commit = (change: Change) => Promise<void>;

/** A condition did not hold. `current` is the record as it is now: absent when there is none. */
export class ConflictError extends Error {
  readonly key: Key;
  readonly current: RecordOf<Kind> | undefined;
  constructor(key: Key, current: RecordOf<Kind> | undefined) {
    super(`${key.kind} ${key.id} ${current ? `is at revision ${current.rev}` : 'does not exist'}`);
    this.name = 'ConflictError';
    this.key = key;
    this.current = current;
  }
}

/** There are as many timers as there can be. Nothing was written. */
export class TimersFullError extends Error {
  constructor(cause: unknown) {
    super('no more timers can be set', { cause });
    this.name = 'TimersFullError';
  }
}

export const create = <K extends Kind>(kind: K, record: RecordOf<K>): Extract<Write<K>, { op: 'create' }> => ({
  op: 'create',
  key: keyOf(kind, record),
  record,
});

/** Replaces `before`, as it was read, by `after`. The write's `record` is what will be stored: keep that one. */
export const update = <K extends Kind, R extends RecordOf<K>>(kind: K, before: RecordOf<K>, after: R): { op: 'update'; key: Key<K>; record: R; expectRev: number } => ({
  op: 'update',
  key: keyOf(kind, after),
  record: { ...after, rev: before.rev + 1 },
  expectRev: before.rev,
});

export const remove = <K extends Kind>(kind: K, record: RecordOf<K>): Extract<Write<K>, { op: 'delete' }> => ({
  op: 'delete',
  key: keyOf(kind, record),
  expectRev: record.rev,
});

/** Redoes `attempt`, which reads, decides and commits, whenever another writer came in between. */
export async function retryOnConflict<T>(attempt: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await attempt();
    } catch (error) {
      // Each round of N rivals lets one through, so this many allow about that many writers on one thread at once.
      if (!(error instanceof ConflictError) || tries === 200) throw error;
    }
  }
}
