import type { Clock } from '../domain/clock.ts';
import { FED_KINDS, type Feed, type FeedEvent } from '../ports/feed.ts';
import type { Log } from '../ports/log.ts';
import type { Kind } from '../ports/store.ts';
import { deleteRecord } from './commit.ts';
import type { Database } from './database.ts';
import { parseRow } from './store.ts';

const PAUSE_AFTER_FAILURE_MS = 5000;
const SWEEP_EVERY_MS = 30_000;
const SWEEP_AT_ONCE = 500;
const SWEPT_KINDS: readonly Kind[] = ['thread', 'idempotency'];

/** The outbox, told one event after the other, and the sweeper that stands in for DynamoDB's TTL. */
export function makeFeed(db: Database, clock: Clock, log: Log): Feed {
  return {
    consume(handle) {
      let running = true;
      let telling = false;

      const tell = async () => {
        if (telling) return;
        telling = true;
        while (running) {
          const row = db.sql('SELECT seq, body FROM outbox ORDER BY seq LIMIT 1').get();
          if (row === undefined) break;
          try {
            await handle(parseEvent(String(row['body'])));
            await db.write(() => db.sql('DELETE FROM outbox WHERE seq = ?').run(Number(row['seq'])));
          } catch (error) {
            log.error('feed_failed', { error });
            clock.after(PAUSE_AFTER_FAILURE_MS, () => void tell());
            break;
          }
        }
        telling = false;
      };

      let cancelSweep: () => void = () => undefined;
      const sweep = () => {
        if (!running) return;
        if (hasExpired(db, clock.nowMs())) void db.write(() => removeExpired(db, clock.nowMs()));
        cancelSweep = clock.after(SWEEP_EVERY_MS, sweep);
      };

      db.onCommit(() => void tell());
      sweep();
      void tell();
      return {
        stop() {
          running = false;
          cancelSweep();
        },
      };
    },
  };
}

function parseEvent(body: string): FeedEvent {
  const { kind, record } = JSON.parse(body) as { kind: Kind; record: unknown };
  if (!FED_KINDS.includes(kind)) throw new Error(`the outbox holds an event of unknown kind ${kind}`);
  return { type: 'removed', kind, record: parseRow(kind, JSON.stringify(record)) } as FeedEvent;
}

const hasExpired = (db: Database, nowMs: number): boolean =>
  SWEPT_KINDS.some((kind) => db.sql(`SELECT 1 FROM ${kind} WHERE remove_after <= ? LIMIT 1`).get(nowMs) !== undefined);

function removeExpired(db: Database, nowMs: number): void {
  for (const kind of SWEPT_KINDS) {
    const rows = db.sql(`SELECT scope, id FROM ${kind} WHERE remove_after <= ? LIMIT ?`).all(nowMs, SWEEP_AT_ONCE);
    for (const { scope, id } of rows) deleteRecord(db, kind, String(scope), String(id));
  }
}
