import type { RunStep, StepOf } from '../domain/run-step.ts';
import type { RunEnd, RunError } from '../domain/run.ts';
import { NO_USAGE, type Usage } from '../domain/usage.ts';

/** How a step that is still open ends when its run does. An incomplete run completes the text that it had to cut, but a cut call is no call. */
export function stepEnd(step: StepOf<'in_progress'>, end: RunEnd, usage: Usage | undefined, nowMs: number): RunStep {
  const { status: _, usage: __, asker: ___, ...fields } = step;
  const ended = { ...fields, usage: usage ?? NO_USAGE };
  switch (end.status) {
    case 'incomplete':
      if (step.details.type === 'tool_calls') return { ...ended, status: 'failed', failedAtMs: nowMs, lastError: CUT_CALL };
      return { ...ended, status: 'completed', completedAtMs: nowMs };
    case 'completed':
      return { ...ended, status: 'completed', completedAtMs: nowMs };
    case 'failed':
      return { ...ended, status: 'failed', failedAtMs: nowMs, lastError: stepError(end.error) };
    case 'cancelled':
      return { ...ended, status: 'cancelled', cancelledAtMs: nowMs };
    case 'expired':
      return { ...ended, status: 'expired', expiredAtMs: nowMs };
  }
}

const CUT_CALL = { code: 'server_error' as const, message: 'The model reached its token limit before it had finished the call.' };

/** A step knows two of the run's three codes (contract §4). */
const stepError = ({ code, message }: RunError) => ({
  code: code === 'rate_limit_exceeded' ? code : ('server_error' as const),
  message,
});
