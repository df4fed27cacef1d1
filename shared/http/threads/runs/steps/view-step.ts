import { stepEnd } from '../../../../actions/step-end.ts';
import type { RunStep } from '../../../../domain/run-step.ts';
import { type Run, isPastWindow } from '../../../../domain/run.ts';
import { type StepView, toWireStep } from '../../../../wire/run-step.ts';

/**
 * A step as it is to be seen now: one that still waits has ended as soon as its run has, whether or not that is written down, and
 * also when the two were read on either side of the commit that ended both.
 */
export function viewStep(step: RunStep, run: Run, nowMs: number, view?: StepView) {
  if (step.status !== 'in_progress') return toWireStep(step, view);
  if (run.status === 'expired' || isPastWindow(run, nowMs)) return toWireStep(stepEnd(step, { status: 'expired' }, step.usage, run.expiresAtMs), view);
  if (run.status === 'cancelled') return toWireStep(stepEnd(step, { status: 'cancelled' }, step.usage, run.cancelledAtMs), view);
  return toWireStep(step, view);
}
