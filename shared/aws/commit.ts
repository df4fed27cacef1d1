import { randomBytes } from 'node:crypto';
import { type Change, type Commit, ConflictError, type Scheduled, TimersFullError, type Write } from '../ports/commit.ts';
import { isFed } from '../ports/feed.ts';
import type { Background } from './background.ts';
import { type Bodies, bodyKey } from './bodies.ts';
import { draftOf } from './items.ts';
import { inParallel } from './parallel.ts';
import type { Sender } from './queue.ts';
import { type Planned, type Refusal, undo, writeOne, writeTogether } from './requests.ts';
import { wasRefused } from './retry.ts';
import { placeOf } from './schema.ts';
import type { StoreParts } from './store.ts';
import type { Timers } from './timer.ts';

export interface CommitParts extends Omit<StoreParts, 'runWindowMs'> {
  bodies: Bodies;
  sender: Sender;
  timers: Timers;
  background: Background;
}

/** DynamoDB's limit on a transaction. */
const MOST_WRITES = 100;
/** An item may have 400 KB, a transaction 4 MB; the rest is for keys and whatever else items carry. */
const MOST_IN_ITEM = 300_000;
const MOST_TOGETHER = 3_500_000;
const AT_ONCE = 16;
/** Longer than most runs take. */
const SECOND_AFTER_MS = 60_000;

/**
 * Jobs and timers first, then the records in one transaction: a crash in between leaves a message whose run does not exist,
 * never a run that nobody knows of.
 */
export function makeCommit(parts: CommitParts): Commit {
  return async (change) => {
    const commitId = randomBytes(12).toString('base64url');
    const nowMs = parts.clock.nowMs();
    const all = change.writes.map(plan);
    const { early, last } = split(all);
    const drafts = [...early, last].flatMap((batch) => spill(batch, commitId));
    const context = { db: parts.db, table: parts.table, commitId, nowMs };
    let begun = false;
    try {
      await Promise.all([parts.bodies.put(drafts), schedule(parts, change)]);
      begun = true;
      const refusal = await write(context, early, last);
      if (refusal) throw await conflictOf(parts, refusal);
    } catch (error) {
      // When nobody knows whether it was carried out, its bodies may be in use.
      if (drafts.length > 0 && (!begun || isCertain(error))) parts.background.add('remove bodies of a lost race', parts.bodies.remove(drafts.map(({ blob }) => blob)));
      throw error;
    }
    tidy(parts, all);
    for (const name of change.cancels ?? []) parts.background.add('stop a timer', parts.timers.stop(name));
  };
}

function plan(write: Write): Planned {
  const place = placeOf(write.key);
  if (!place) throw new Error(`no ${write.key.kind} can have such a key`);
  return write.op === 'create' || write.op === 'update' ? { write, place, draft: draftOf(place, write.key, write.record) } : { write, place };
}

/**
 * What a transaction can hold goes last and together; new messages beyond that go before it. A new thread is not there until its
 * own record is, so nobody sees them too early; in a thread that exists they may be seen a moment before the rest.
 */
function split(all: Planned[]): { early: Planned[][]; last: Planned[] } {
  const isMovable = ({ write }: Planned) => write.op === 'create' && write.key.kind === 'message';
  const excess = all.length - MOST_WRITES;
  if (excess <= 0) return { early: [], last: all };
  const moved = new Set(all.filter(isMovable).slice(0, excess));
  if (moved.size < excess) throw new Error(`${all.length} writes are too many for one change`);
  for (const { draft } of moved) if (draft) draft.isEarly = true;
  return { early: batches([...moved]), last: all.filter((planned) => !moved.has(planned)) };
}

function batches(all: Planned[]): Planned[][] {
  const made: Planned[][] = [];
  let size = Infinity;
  for (const planned of all) {
    const own = Math.min(planned.draft?.size ?? 0, MOST_IN_ITEM);
    if (size + own > MOST_TOGETHER || made.at(-1)?.length === MOST_WRITES) {
      made.push([]);
      size = 0;
    }
    made.at(-1)?.push(planned);
    size += own;
  }
  return made;
}

/** Sends bodies to S3, the largest first, until every item and all of them together are small enough. */
function spill(batch: Planned[], commitId: string): { blob: string; body: string }[] {
  const drafts = batch.flatMap(({ draft }) => draft ?? []).sort((a, b) => b.size - a.size);
  let together = drafts.reduce((sum, { size }) => sum + size, 0);
  const spilled: { blob: string; body: string }[] = [];
  for (const draft of drafts) {
    if (draft.size <= MOST_IN_ITEM && together <= MOST_TOGETHER) break;
    // The feed tells these when they are gone, and their bodies would be gone too. They are small.
    if (isFed('removed', draft.key.kind)) continue;
    draft.blob = bodyKey(draft.place, draft.record.rev, commitId);
    spilled.push({ blob: draft.blob, body: draft.body });
    together -= draft.size;
  }
  return spilled;
}

async function schedule({ sender, timers, clock }: CommitParts, change: Change): Promise<void> {
  await Promise.all([
    inParallel(AT_ONCE, (change.jobs ?? []).flatMap((scheduled) => withSecond(scheduled, clock.nowMs())), (scheduled) => sender.send(scheduled)),
    inParallel(AT_ONCE, change.timers ?? [], (scheduled) => startTimer({ sender, timers }, scheduled)),
  ]);
}

/** Neither the end of a run's window nor that of a vector store's time, which SQS can hold back too, must depend on how many threads have timers. */
const MUST_GO_OFF = new Set<Scheduled['job']['type']>(['expire-run', 'expire-store']);

async function startTimer({ sender, timers }: Pick<CommitParts, 'sender' | 'timers'>, scheduled: Scheduled): Promise<void> {
  try {
    await timers.start(scheduled);
  } catch (error) {
    if (!(error instanceof TimersFullError) || !MUST_GO_OFF.has(scheduled.job.type)) throw error;
    await sender.send(scheduled);
  }
}

/**
 * A worker that dies before its first word to the queue leaves its message hidden for longer than a Lambda, and so a run, may
 * last. Nobody would drive the run in its window; so a second message follows. It finds the run ended, or its calls answered, in most other
 * cases, and is otherwise sent on until that is so.
 */
function withSecond(scheduled: Scheduled, nowMs: number): Scheduled[] {
  const { job } = scheduled;
  const isForNow = ('rev' in job || job.type === 'call-tools') && scheduled.dueMs <= nowMs;
  return isForNow ? [scheduled, { ...scheduled, dueMs: nowMs + SECOND_AFTER_MS }] : [scheduled];
}

type Context = Parameters<typeof writeOne>[0];

async function write(context: Context, early: Planned[][], last: Planned[]): Promise<Refusal | undefined> {
  const done: Planned[] = [];
  const undone = () => inParallel(AT_ONCE, done, (planned) => undo(context, planned));
  try {
    for (const [at, batch] of early.entries()) {
      const refusal = await writeTogether(context, batch, `${context.commitId}-${at}`);
      if (refusal) return (await undone(), refusal);
      done.push(...batch);
    }
    const refusal = await writeLast(context, last);
    if (refusal) await undone();
    return refusal;
  } catch (error) {
    if (isCertain(error)) await undone();
    throw error;
  }
}

async function writeLast(context: Context, last: Planned[]): Promise<Refusal | undefined> {
  const [only, ...others] = last;
  if (!only) return undefined;
  return others.length === 0 && only.write.op !== 'check' ? writeOne(context, only) : writeTogether(context, last, context.commitId);
}

const isCertain = (error: unknown): boolean => error instanceof ConflictError || wasRefused(error);

async function conflictOf({ reader }: CommitParts, { planned, item }: Refusal): Promise<ConflictError> {
  const { key } = planned.write;
  return new ConflictError(key, item && (await reader.record(key.kind, item)));
}

/** Bodies in S3 that no item names any more. Those that another process has read last stay behind: they cost little and harm nobody. */
function tidy({ reader, bodies, background }: CommitParts, all: Planned[]): void {
  const orphans = all.flatMap(({ write, place }) => (write.op === 'update' || write.op === 'delete' ? (reader.forget(place, write.expectRev) ?? []) : []));
  for (const { place, draft } of all) if (draft?.blob !== undefined) reader.know(place, draft.record.rev, draft.blob);
  if (orphans.length > 0) background.add('remove replaced bodies', bodies.remove(orphans));
}
