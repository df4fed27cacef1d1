import type { Clock } from '../domain/clock.ts';
import { FED_KINDS, type Feed, type FeedEvent } from '../ports/feed.ts';
import type { Log } from '../ports/log.ts';
import type { Kind } from '../ports/store.ts';
import { deleteRecord } from './commit.ts';
import type { Database } from './database.ts';
import { parseRow } from './store.ts';

const FIRST_PAUSE_MS = 5000;
const LONGEST_PAUSE_MS = 600_000;
const SWEEP_EVERY_MS = 30_000;
const SWEEP_AT_ONCE = 500;
const SWEPT_KINDS: readonly Kind[] = ['thread', 'idempotency'];

type Handle = (event: FeedEvent) => Promise<void>;

/** The outbox, told one event after the other, and the sweeper that stands in for DynamoDB's TTL. */
export function makeFeed(db: Database, clock: Clock, log: Log): Feed {
  return {
    consume(handle) {
      const stops = [startTelling(db, clock, log, handle), startSweeping(db, clock, log)];
      return { stop: () => stops.forEach((stop) => stop()) };
    },
  };
}

/** The oldest event that is due; one that failed waits, and those of the same record behind it, but no others. */
const NEXT_EVENT = `
  SELECT seq, key, attempts, body FROM outbox AS event WHERE due_ms <= ?
  AND NOT EXISTS (SELECT 1 FROM outbox AS earlier WHERE earlier.key = event.key AND earlier.seq < event.seq)
  ORDER BY seq LIMIT 1`;

function startTelling(db: Database, clock: Clock, log: Log, handle: Handle): () => void {
  let isRunning = true;
  let isTelling = false;
  let cancelAlarm = () => undefined as void;

  const tellAll = async () => {
    if (isTelling) return;
    isTelling = true;
    try {
      while (isRunning && (await tellNext(db, clock, log, handle))) continue;
      if (isRunning) setAlarm();
    } catch (error) {
      log.error('feed_failed', { error });
    }
    isTelling = false;
  };
  const setAlarm = () => {
    cancelAlarm();
    const next = db.sql('SELECT min(due_ms) AS due FROM outbox WHERE due_ms > ?').get(clock.nowMs())?.['due'];
    if (typeof next === 'number') cancelAlarm = clock.after(next - clock.nowMs(), () => void tellAll());
  };

  db.onCommit(() => void tellAll());
  void tellAll();
  return () => {
    isRunning = false;
    cancelAlarm();
  };
}

/** False when nothing is due. */
async function tellNext(db: Database, clock: Clock, log: Log, handle: Handle): Promise<boolean> {
  const row = db.sql(NEXT_EVENT).get(clock.nowMs());
  if (row === undefined) return false;
  const seq = Number(row['seq']);
  try {
    await handle(parseEvent(String(row['key']), row['body']));
    await db.write(() => db.sql('DELETE FROM outbox WHERE seq = ?').run(seq));
  } catch (error) {
    log.error('feed_failed', { seq, error });
    const attempts = Number(row['attempts']);
    const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** attempts, LONGEST_PAUSE_MS);
    await db.write(() => db.sql('UPDATE outbox SET due_ms = ?, attempts = ? WHERE seq = ?').run(clock.nowMs() + pauseMs, attempts + 1, seq));
  }
  return true;
}

function parseEvent(key: string, body: unknown): FeedEvent {
  const kind = FED_KINDS.find((fed) => key.startsWith(`${fed}:`));
  if (kind === undefined) throw new Error(`the outbox holds an event of no known kind: ${key}`);
  return { type: 'removed', kind, record: parseRow(kind, body) } as FeedEvent;
}

function startSweeping(db: Database, clock: Clock, log: Log): () => void {
  let cancel = () => undefined as void;
  const sweep = () => {
    try {
      for (const kind of SWEPT_KINDS) removeExpired(db, clock.nowMs(), kind, log);
    } catch (error) {
      log.error('feed_failed', { error });
    }
    cancel = clock.after(SWEEP_EVERY_MS, sweep);
  };
  sweep();
  return () => cancel();
}

/** Each in a write of its own, so that one that cannot be removed keeps no other. */
function removeExpired(db: Database, nowMs: number, kind: Kind, log: Log): void {
  const rows = db.sql(`SELECT scope, id FROM ${kind} WHERE remove_after <= ? LIMIT ?`).all(nowMs, SWEEP_AT_ONCE);
  for (const { scope, id } of rows) {
    const removing = db.write(() => {
      // A new record may have taken the place of the expired one meanwhile.
      const isStill = db.sql(`SELECT 1 FROM ${kind} WHERE scope = ? AND id = ? AND remove_after <= ?`).get(String(scope), String(id), nowMs);
      if (isStill) deleteRecord(db, kind, String(scope), String(id));
    });
    removing.catch((error: unknown) => log.error('feed_failed', { kind, id, error }));
  }
}
