import { type Clock, sleep } from '../domain/clock.ts';
import type { Feed, FeedEvent } from '../ports/feed.ts';
import type { Log } from '../ports/log.ts';
import type { Kind } from '../ports/store.ts';
import { deleteRecord } from './commit.ts';
import type { Database } from './database.ts';
import { parseEvent } from './outbox.ts';

const FIRST_PAUSE_MS = 5000;
const LONGEST_PAUSE_MS = 600_000;
const SWEEP_EVERY_MS = 30_000;
const SWEEP_AT_ONCE = 500;
const SWEPT_KINDS: readonly Kind[] = ['thread', 'idempotency', 'delivery', 'file', 'upload'];

type Handle = (event: FeedEvent) => Promise<void>;

/** The outbox, told, and the sweeper that stands in for DynamoDB's TTL. */
export function makeFeed(db: Database, clock: Clock, log: Log): Feed {
  return {
    consume(handle) {
      const stops = [startTelling(db, clock, log, handle), startSweeping(db, clock, log)];
      return { stop: () => stops.forEach((stop) => stop()) };
    },
  };
}

/** Events under way at once: a thread that takes long to reap must not hold up all others. */
const MOST_AT_ONCE = 16;

/** The oldest events that are due, one of each turn; one that failed waits, and those of the same turn behind it, but no others. */
const NEXT_EVENTS = `
  SELECT seq, attempts FROM outbox AS event WHERE due_ms <= ?
  AND NOT EXISTS (SELECT 1 FROM outbox AS earlier WHERE earlier.key = event.key AND earlier.seq < event.seq)
  ORDER BY seq LIMIT ${MOST_AT_ONCE}`;

function startTelling(db: Database, clock: Clock, log: Log, handle: Handle): () => void {
  const underWay = new Set<number>();
  let isRunning = true;
  let cancelAlarm = () => undefined as void;

  const pump = () => {
    if (!isRunning) return;
    try {
      for (const { seq, attempts } of db.sql(NEXT_EVENTS).all(clock.nowMs())) {
        if (!underWay.has(Number(seq))) void tell(Number(seq), Number(attempts));
      }
      setAlarm();
    } catch (error) {
      log.error('feed_failed', { error });
    }
  };
  const setAlarm = () => {
    cancelAlarm();
    const next = db.sql('SELECT min(due_ms) AS due FROM outbox WHERE due_ms > 0 AND due_ms > ?').get(clock.nowMs())?.['due'];
    if (typeof next === 'number') cancelAlarm = clock.after(next - clock.nowMs(), pump);
  };
  const tell = async (seq: number, attempts: number) => {
    underWay.add(seq);
    try {
      await tellOne(db, clock, log, handle, { seq, attempts });
    } catch (error) {
      // The outcome could not be written, as on a full disk: at once it could not be either.
      log.error('feed_failed', { error });
      await sleep(clock, LONGEST_PAUSE_MS);
    }
    underWay.delete(seq);
    pump();
  };

  db.onCommit(pump);
  pump();
  return () => {
    isRunning = false;
    cancelAlarm();
  };
}

async function tellOne(db: Database, clock: Clock, log: Log, handle: Handle, { seq, attempts }: { seq: number; attempts: number }): Promise<void> {
  try {
    await handle(parseEvent(db.sql('SELECT type, kind, at_ms, body, before FROM outbox WHERE seq = ?').get(seq) ?? {}));
    await db.write(() => db.sql('DELETE FROM outbox WHERE seq = ?').run(seq));
  } catch (error) {
    log.error('feed_failed', { seq, error });
    const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** attempts, LONGEST_PAUSE_MS);
    await db.write(() => db.sql('UPDATE outbox SET due_ms = ?, attempts = ? WHERE seq = ?').run(clock.nowMs() + pauseMs, attempts + 1, seq));
  }
}

function startSweeping(db: Database, clock: Clock, log: Log): () => void {
  let cancel = () => undefined as void;
  const sweep = () => {
    try {
      for (const kind of SWEPT_KINDS) removeExpired(db, clock, kind, log);
    } catch (error) {
      log.error('feed_failed', { error });
    }
    cancel = clock.after(SWEEP_EVERY_MS, sweep);
  };
  sweep();
  return () => cancel();
}

/** Each in a write of its own, so that one that cannot be removed keeps no other. */
function removeExpired(db: Database, clock: Clock, kind: Kind, log: Log): void {
  const nowMs = clock.nowMs();
  const rows = db.sql(`SELECT scope, id FROM ${kind} WHERE remove_after <= ? LIMIT ?`).all(nowMs, SWEEP_AT_ONCE);
  for (const { scope, id } of rows) {
    const removing = db.write(() => {
      // A new record may have taken the place of the expired one meanwhile.
      const isStill = db.sql(`SELECT 1 FROM ${kind} WHERE scope = ? AND id = ? AND remove_after <= ?`).get(String(scope), String(id), nowMs);
      if (isStill) deleteRecord(db, kind, String(scope), String(id), clock.nowMs());
    });
    removing.catch((error: unknown) => log.error('feed_failed', { kind, id, error }));
  }
}
