/** How an answer under way is closed when its run ends: what becomes of its message, and what is told of it. */
import { stepEnd } from '../actions/step-end.ts';
import { type Message, type OpenMessage, completeMessage, interruptMessage } from '../domain/message.ts';
import type { Emit } from '../domain/run-event.ts';
import type { RunStep, StepOf } from '../domain/run-step.ts';
import { type EndedRun, type RunEnd, toRunEnd } from '../domain/run.ts';
import { SOMETHING_WENT_WRONG } from './run-error.ts';
import type { Turn } from './turn.ts';

/** Closes the stream of a run that somebody else has ended, with what this driver alone knows of the answer, or with the stored step whose calls it had answered. */
export function tellEndedElsewhere(emit: Emit, run: EndedRun, { turn, step: stored }: { turn?: Turn | undefined; step?: StepOf<'in_progress'> | undefined }, nowMs: number): void {
  const end = toRunEnd(run);
  const [message, step] = [turn?.messageSoFar, turn?.stepSoFar ?? stored];
  const failed: RunEnd = end.status === 'cancelled' || end.status === 'expired' ? end : { status: 'failed', error: SOMETHING_WENT_WRONG };
  tellEnd(emit, run, message && closeMessage(message, failed, false, nowMs), step && stepEnd(step, end, step.usage, nowMs));
}

export function closeMessage(message: OpenMessage, end: RunEnd, isFiltered: boolean, nowMs: number): Message {
  switch (end.status) {
    case 'completed':
      return completeMessage(message, nowMs);
    case 'incomplete':
      return interruptMessage(message, 'max_tokens', nowMs);
    case 'failed':
      return interruptMessage(message, isFiltered ? 'content_filter' : 'run_failed', nowMs);
    case 'cancelled':
    case 'expired':
      return interruptMessage(message, `run_${end.status}`, nowMs);
  }
}

export function tellEnd(emit: Emit, run: EndedRun, message: Message | undefined, step: RunStep | undefined): void {
  if (message) emit({ type: `thread.message.${message.status}`, message });
  if (step) emit({ type: `thread.run.step.${step.status}`, step });
  emit({ type: `thread.run.${run.status}`, run });
}
