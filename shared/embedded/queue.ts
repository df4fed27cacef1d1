import { type Clock, sleep } from '../domain/clock.ts';
import type { Log } from '../ports/log.ts';
import { type Handle, Job, type Outcome, type Queue } from '../ports/queue.ts';
import type { Database } from './database.ts';

/** Deliveries of each lane under way at once. Those that drive runs mostly wait for the model, so there may be many. */
const MOST_AT_ONCE = 256;
/** Runs take minutes; what only writes something down must not wait behind them. */
const LANES = [`name >= 'drive:' AND name < 'drive;'`, `NOT (name >= 'drive:' AND name < 'drive;')`] as const;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 60_000;

/** Work queue and timers in one: the `job` table. Only one process serves a folder, so what is under way is known in memory. */
export function makeQueue(db: Database, clock: Clock, log: Log): Queue {
  return {
    consume(handle) {
      const lanes = LANES.map((condition) => ({ condition, underWay: new Set<number>() }));
      let isRunning = true;
      let cancelAlarm: (() => void) | undefined;

      const pump = () => {
        if (!isRunning) return;
        try {
          deliverDue(clock.nowMs());
        } catch (error) {
          log.error('job_failed', { error });
        }
      };

      const deliverDue = (nowMs: number) => {
        for (const { condition, underWay } of lanes) {
          const due = db.sql(`SELECT seq FROM job WHERE due_ms <= ? AND ${condition} ORDER BY due_ms, seq LIMIT ?`).all(nowMs, MOST_AT_ONCE);
          for (const { seq } of due) {
            if (underWay.size >= MOST_AT_ONCE) break;
            if (!underWay.has(Number(seq))) void deliver(Number(seq), underWay);
          }
        }
        setAlarm(nowMs);
      };

      const setAlarm = (nowMs: number) => {
        cancelAlarm?.();
        const next = db.sql('SELECT min(due_ms) AS due FROM job WHERE due_ms > ?').get(nowMs)?.['due'];
        cancelAlarm = typeof next === 'number' ? clock.after(next - nowMs, pump) : undefined;
      };

      const deliver = async (seq: number, underWay: Set<number>) => {
        underWay.add(seq);
        try {
          const row = db.sql('SELECT attempts, body FROM job WHERE seq = ?').get(seq);
          const attempt = Number(row?.['attempts']) + 1;
          const outcome = await attemptDelivery(handle, attempt, String(row?.['body']), log);
          if (isRunning) await settle(db, seq, attempt, outcome, clock.nowMs());
        } catch (error) {
          // The outcome could not be written, as on a full disk: at once it could not be either.
          log.error('job_failed', { error });
          await sleep(clock, LONGEST_PAUSE_MS);
        }
        underWay.delete(seq);
        pump();
      };

      // A restart makes everything of the last process due that was waiting only for its leases.
      db.write(() => db.sql(`UPDATE job SET due_ms = 0 WHERE name LIKE 'drive:%' OR name LIKE 'settle:%'`).run()).catch((error: unknown) => log.error('job_failed', { error }));
      db.onCommit(pump);
      return {
        stop() {
          isRunning = false;
          cancelAlarm?.();
        },
      };
    },
  };
}

async function attemptDelivery(handle: Handle, attempt: number, body: string, log: Log): Promise<Outcome> {
  try {
    return await handle({ job: Job.parse(JSON.parse(body)), attempt });
  } catch (error) {
    log.error('job_failed', { attempt, error });
    return { done: false, failed: true, againInMs: Math.min(FIRST_PAUSE_MS * 2 ** (attempt - 1), LONGEST_PAUSE_MS) };
  }
}

function settle(db: Database, seq: number, attempt: number, outcome: Outcome, nowMs: number): Promise<void> {
  return db.write(() => {
    if (outcome.done) db.sql('DELETE FROM job WHERE seq = ?').run(seq);
    else db.sql('UPDATE job SET due_ms = ?, attempts = ? WHERE seq = ?').run(nowMs + outcome.againInMs, outcome.failed ? attempt : 0, seq);
  });
}
