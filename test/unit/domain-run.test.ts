import { describe, expect, it } from '@jest/globals';
import { IllegalTransitionError } from '../../shared/domain/errors.ts';
import {
  type ActiveRun,
  asSeenAt, awaitCalls, callsAnswered,
  claimRun,
  endRun,
  isActive,
  isPastWindow,
  newRun,
  releaseTo,
  requestCancel,
  requireAction,
  resumeRun,
  Run,
  type RunEnd,
  type RunOf,
  type RunStatus,
  RUN_TRANSITIONS,
} from '../../shared/domain/run.ts';
import { NO_USAGE } from '../../shared/domain/usage.ts';
import { START_MS } from '../support/manual-clock.ts';
import { aRun, RUN_STATUSES, USAGE } from '../support/records.ts';

const NOW = START_MS + 5000;
const LEASE = { owner: 'process-2', untilMs: NOW + 30_000 };
const MORE = { promptTokens: 90, completionTokens: 8, cachedTokens: 7, reasoningTokens: 6 };
const ERROR = { code: 'rate_limit_exceeded' as const, message: 'Too many requests.' };

const ENDS: { [S in RunEnd['status']]: Extract<RunEnd, { status: S }> } = {
  completed: { status: 'completed' },
  incomplete: { status: 'incomplete', reason: 'max_prompt_tokens' },
  failed: { status: 'failed', error: ERROR },
  cancelled: { status: 'cancelled' },
  expired: { status: 'expired' },
};

/** The one way to each status. What the types refuse is asked for all the same: a run read from the store may be anything. */
function move(run: Run, to: RunStatus): Run {
  switch (to) {
    case 'queued':
      return resumeRun(run as RunOf<'requires_action'>, true);
    case 'in_progress':
      return claimRun(run as RunOf<'queued'>, LEASE, NOW);
    case 'requires_action':
      return requireAction(run as RunOf<'in_progress'>, 'step_new', MORE);
    case 'cancelling':
      return requestCancel(run as RunOf<'queued'>);
    case 'completed':
    case 'incomplete':
    case 'failed':
    case 'cancelled':
    case 'expired':
      return endRun(run as ActiveRun, ENDS[to], MORE, NOW);
  }
}

/** The contract's own list (§4), written out a second time so that a slip in the table shows. */
const CONTRACT = [
  'queued > in_progress cancelling expired failed',
  'in_progress > completed requires_action failed incomplete expired cancelling',
  'requires_action > queued cancelling expired',
  'cancelling > cancelled completed failed expired',
];
const isLegal = (from: RunStatus, to: RunStatus): boolean => CONTRACT.some((line) => line.startsWith(`${from} >`) && line.split(' ').slice(2).includes(to));

const pairs = RUN_STATUSES.flatMap((from) => RUN_STATUSES.map((to) => ({ from, to })));

describe('moves', () => {
  it('are in the table exactly when they are in the contract', () => {
    const table = pairs.filter(({ from, to }) => RUN_TRANSITIONS[from].includes(to));
    expect(table).toEqual(pairs.filter(({ from, to }) => isLegal(from, to)));
    expect(Object.keys(RUN_TRANSITIONS).toSorted()).toEqual(RUN_STATUSES.toSorted());
  });

  it.each(pairs.filter(({ from, to }) => isLegal(from, to)))('$from → $to gives a record that can be stored, and leaves the one before alone', ({ from, to }) => {
    const before = aRun(from);
    const copy = structuredClone(before);
    const after = move(before, to);
    expect(after.status).toBe(to);
    expect(Run.parse(after)).toStrictEqual(after);
    expect(before).toStrictEqual(copy);
    expect({ id: after.id, threadId: after.threadId, createdAtMs: after.createdAtMs, expiresAtMs: after.expiresAtMs, rev: after.rev }).toEqual({
      id: before.id,
      threadId: before.threadId,
      createdAtMs: before.createdAtMs,
      expiresAtMs: before.expiresAtMs,
      rev: before.rev,
    });
  });

  it.each(pairs.filter(({ from, to }) => !isLegal(from, to)))('$from → $to is refused', ({ from, to }) => {
    const run = aRun(from);
    const attempt = () => move(run, to);
    expect(attempt).toThrow(IllegalTransitionError);
    expect(attempt).toThrow(`${run.id} cannot go from ${from} to ${to}`);
  });
});

describe('what a state has, and only it', () => {
  it('a claimed run has a lease and started now, also when it started before', () => {
    expect(claimRun(aRun('queued', { startedAtMs: START_MS }), LEASE, NOW)).toStrictEqual({ ...aRun('queued'), id: expect.any(String), status: 'in_progress', startedAtMs: NOW, lease: LEASE });
  });

  it('a run that waits for outputs names its step, counts its rounds, and holds no lease', () => {
    const waiting = requireAction(aRun('in_progress', { round: 2 }), 'step_new', MORE);
    expect(waiting).toMatchObject({ stepId: 'step_new', round: 3, usage: MORE, startedAtMs: START_MS });
    expect(waiting).not.toHaveProperty('lease');
    expect(resumeRun(waiting, true)).toStrictEqual(aRun('queued', { id: waiting.id, round: 3, usage: MORE, startedAtMs: START_MS }));
  });

  it('a run being cancelled keeps what must be wound up: the driver of the one, the step of the other', () => {
    expect(requestCancel(aRun('queued'))).not.toHaveProperty('lease');
    const [driven, waiting] = [aRun('in_progress'), aRun('requires_action')];
    expect(requestCancel(driven)).toStrictEqual({ ...driven, status: 'cancelling' });
    expect(requestCancel(waiting)).toStrictEqual({ ...waiting, status: 'cancelling' });
  });

  it('a step whose calls endpoints still answer goes along until they have, into every state that waits for them', () => {
    const driven = awaitCalls(aRun('in_progress'), 'step_open', MORE);
    expect(driven).toStrictEqual({ ...aRun('in_progress'), id: driven.id, stepId: 'step_open', usage: MORE });
    const resumed = resumeRun(aRun('requires_action', { stepId: 'step_open' }), false);
    expect([resumed.status, resumed.stepId]).toEqual(['queued', 'step_open']);
    const claimed = claimRun(resumed, LEASE, NOW);
    expect(claimed.stepId).toBe('step_open');
    expect(releaseTo(claimed, { ...LEASE, owner: 'another' }).stepId).toBe('step_open');
    for (const run of [driven, resumed, claimed]) {
      expect(requestCancel(run)).toMatchObject({ status: 'cancelling', stepId: 'step_open' });
      expect(callsAnswered<RunOf<'queued' | 'in_progress'>>(run)).not.toHaveProperty('stepId');
      expect(endRun(run, ENDS.failed, MORE, NOW)).not.toHaveProperty('stepId');
    }
  });

  it.each<[RunEnd['status'], object]>([
    ['completed', { completedAtMs: NOW }],
    ['incomplete', { completedAtMs: NOW, incompleteReason: 'max_prompt_tokens' }],
    ['failed', { failedAtMs: NOW, lastError: ERROR }],
    ['expired', {}],
  ])('a run that ended %s says so, with its usage, and holds nothing any more', (status, said) => {
    const run = aRun('in_progress');
    const { lease: _, ...rest } = run;
    expect(endRun(run, ENDS[status], MORE, NOW)).toStrictEqual({ ...rest, status, usage: MORE, ...said });
  });

  it('a cancelled run says when', () => {
    const run = aRun('cancelling');
    const { lease: _, stepId: __, ...rest } = run;
    expect(endRun(run, ENDS.cancelled, MORE, NOW)).toStrictEqual({ ...rest, status: 'cancelled', usage: MORE, cancelledAtMs: NOW });
  });

  it('a lease passes on without any other change', () => {
    const run = aRun('in_progress');
    expect(releaseTo(run, LEASE)).toStrictEqual({ ...run, lease: LEASE });
  });
});

describe('the window', () => {
  const { rev: _, expiresAtMs: __, usage: ___, round: ____, status: _____, ...fields } = aRun('queued');

  it.each([0, 1, 500, 999])('of a run made %i ms into a second ends on a whole second', (ms) => {
    const run = newRun({ ...fields, createdAtMs: START_MS + ms }, 600);
    expect(run).toStrictEqual({ ...fields, createdAtMs: START_MS + ms, rev: 0, status: 'queued', expiresAtMs: START_MS + 600_000, usage: NO_USAGE, round: 0 });
    expect(Run.parse(run)).toStrictEqual(run);
  });

  it('is as long as the server is told', () => {
    expect(newRun({ ...fields, createdAtMs: START_MS }, 2).expiresAtMs).toBe(START_MS + 2000);
  });

  const active = RUN_STATUSES.filter((status) => isActive(aRun(status)));
  it('is open for the four states that can still move', () => {
    expect(active).toEqual(['queued', 'in_progress', 'requires_action', 'cancelling']);
  });

  it.each(active)('closes for a run that is %s at the very millisecond of its expires_at', (status) => {
    const run = aRun(status);
    expect([isPastWindow(run, run.expiresAtMs - 1), isPastWindow(run, run.expiresAtMs), isPastWindow(run, run.expiresAtMs + 86_400_000)]).toEqual([false, true, true]);
    expect(asSeenAt(run, run.expiresAtMs - 1)).toBe(run);
    const seen = asSeenAt(run, run.expiresAtMs);
    expect(seen).toMatchObject({ status: 'expired', usage: USAGE, id: run.id });
    expect(Run.parse(seen)).toStrictEqual(seen);
    expect(seen).not.toHaveProperty('lease');
    expect(seen).not.toHaveProperty('stepId');
  });

  it.each(RUN_STATUSES.filter((status) => !active.includes(status)))('means nothing for a run that is %s', (status) => {
    const run = aRun(status);
    expect(isPastWindow(run, run.expiresAtMs * 2)).toBe(false);
    expect(asSeenAt(run, run.expiresAtMs * 2)).toBe(run);
  });
});
