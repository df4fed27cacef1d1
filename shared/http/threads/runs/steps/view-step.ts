import { stepEnd } from '../../../../actions/step-end.ts';
import type { RunStep } from '../../../../domain/run-step.ts';
import { type Run, isPastWindow } from '../../../../domain/run.ts';
import { toWireStep } from '../../../../wire/run-step.ts';

/** A step as it is to be seen now: one that still waits is expired as soon as its run is. */
export const viewStep = (step: RunStep, run: Run, nowMs: number) =>
  toWireStep(step.status === 'in_progress' && isPastWindow(run, nowMs) ? stepEnd(step, { status: 'expired' }, step.usage, run.expiresAtMs) : step);
