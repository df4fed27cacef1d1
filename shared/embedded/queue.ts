import { type Clock, sleep } from '../domain/clock.ts';
import type { Log } from '../ports/log.ts';
import { type Handle, Job, type Outcome, type Queue } from '../ports/queue.ts';
import type { Database } from './database.ts';

/**
 * How many jobs of a lane are under way at once. The job's name says which lane it is in (schema.ts). What takes long has a lane of its own:
 * nothing else must wait behind it, least of all what only writes something down.
 */
const MOST_AT_ONCE = {
  /** Runs mostly wait for the model, calls of tools for whoever answers them. */
  drive: 256,
  tools: 256,
  /** Each takes the whole of the disk. */
  export: 4,
  /** Each has a process of its own that reads a document, and waits for vectors. */
  index: 4,
  rest: 256,
};
/** Of each webhook endpoint: others do not wait for one that is slow, however many of its deliveries are due. */
const MOST_OF_ENDPOINT = 8;

/** The lanes that webhook endpoints have at this moment: one look at the index for each. */
const ENDPOINTS = `
  WITH RECURSIVE found (lane) AS (
    SELECT min(lane) FROM job WHERE lane >= 'webhook:' AND lane < 'webhook;'
    UNION ALL SELECT (SELECT min(lane) FROM job WHERE lane > found.lane AND lane < 'webhook;') FROM found WHERE lane IS NOT NULL
  ) SELECT lane FROM found WHERE lane IS NOT NULL`;

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 60_000;

/** Work queue and timers in one: the `job` table. Only one process serves a folder, so what is under way is known in memory. */
export function makeQueue(db: Database, clock: Clock, log: Log): Queue {
  return {
    consume(handle) {
      const underWay = new Lanes();
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
        const endpoints = db.sql(ENDPOINTS).all().map(({ lane }) => [String(lane), MOST_OF_ENDPOINT] as const);
        for (const [lane, most] of [...Object.entries(MOST_AT_ONCE), ...endpoints]) {
          if (underWay.count(lane) >= most) continue;
          // With those under way among them there are enough to fill the lane.
          const due = db.sql('SELECT seq FROM job WHERE lane = ? AND due_ms <= ? ORDER BY due_ms, seq LIMIT ?').all(lane, nowMs, most);
          for (const { seq } of due) {
            if (underWay.count(lane) >= most) break;
            if (!underWay.has(lane, Number(seq))) void deliver(Number(seq), lane);
          }
        }
        setAlarm(nowMs);
      };

      const setAlarm = (nowMs: number) => {
        cancelAlarm?.();
        const next = db.sql('SELECT min(due_ms) AS due FROM job WHERE due_ms > ?').get(nowMs)?.['due'];
        cancelAlarm = typeof next === 'number' ? clock.after(next - nowMs, pump) : undefined;
      };

      const deliver = async (seq: number, lane: string) => {
        underWay.add(lane, seq);
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
        underWay.delete(lane, seq);
        pump();
      };

      // A restart makes everything of the last process due that was waiting only for its leases.
      db.write(() => db.sql(`UPDATE job SET due_ms = 0 WHERE name LIKE 'drive:%' OR name LIKE 'settle:%' OR name LIKE 'export:%' OR name LIKE 'tools:%' OR name LIKE 'index:%'`).run()).catch((error: unknown) => log.error('job_failed', { error }));
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

/** The jobs under way, by lane. */
class Lanes {
  readonly #lanes = new Map<string, Set<number>>();

  add(lane: string, seq: number): void {
    const jobs = this.#lanes.get(lane) ?? new Set();
    this.#lanes.set(lane, jobs.add(seq));
  }

  delete(lane: string, seq: number): void {
    const jobs = this.#lanes.get(lane);
    jobs?.delete(seq);
    if (jobs?.size === 0) this.#lanes.delete(lane);
  }

  has(lane: string, seq: number): boolean {
    return this.#lanes.get(lane)?.has(seq) ?? false;
  }

  count(lane: string): number {
    return this.#lanes.get(lane)?.size ?? 0;
  }
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
