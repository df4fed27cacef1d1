import { expect, it } from '@jest/globals';
import { viewStep } from '../../shared/http/threads/runs/steps/view-step.ts';
import { START_MS } from '../support/manual-clock.ts';
import { aRun, aStep } from '../support/records.ts';

const WINDOW_MS = 600_000;
const waiting = aStep('in_progress');
const endsAtMs = aRun('requires_action').expiresAtMs;

it('a step that waits is seen waiting as long as its run waits', () => {
  expect(viewStep(waiting, aRun('requires_action'), START_MS).status).toBe('in_progress');
});

it.each([
  ['is past its window, which nobody has written down', aRun('requires_action'), START_MS + 2 * WINDOW_MS],
  ['was stored as expired since the step was read', aRun('expired'), START_MS],
])('is expired with a run that %s', (_what, run, nowMs) => {
  expect(viewStep(waiting, run, nowMs)).toMatchObject({ status: 'expired', expired_at: endsAtMs / 1000 });
});

it('is cancelled with a run that was stored as cancelled since the step was read', () => {
  const run = aRun('cancelled', { cancelledAtMs: START_MS + 5000 });
  expect(viewStep(waiting, run, START_MS + 6000)).toMatchObject({ status: 'cancelled', cancelled_at: (START_MS + 5000) / 1000 });
});

it('that has ended stays as it ended', () => {
  expect(viewStep(aStep('completed'), aRun('expired'), START_MS).status).toBe('completed');
});
