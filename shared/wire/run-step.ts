import type { RunStep as WireRunStep } from 'openai/resources/beta/threads/runs/steps';
import { toSeconds } from '../domain/clock.ts';
import type { RunStep, StepDetails } from '../domain/run-step.ts';
import { toWireUsage } from './usage.ts';

/** The hosted service sent `expires_at` beside the published `expired_at` (contract §12). */
export const toWireStep = (step: RunStep): WireRunStep & { expires_at: number | null } => ({
  id: step.id,
  object: 'thread.run.step',
  created_at: toSeconds(step.createdAtMs),
  run_id: step.runId,
  assistant_id: step.assistantId,
  thread_id: step.threadId,
  type: step.details.type,
  status: step.status,
  cancelled_at: step.status === 'cancelled' ? toSeconds(step.cancelledAtMs) : null,
  completed_at: step.status === 'completed' ? toSeconds(step.completedAtMs) : null,
  expired_at: step.status === 'expired' ? toSeconds(step.expiredAtMs) : null,
  expires_at: step.status === 'in_progress' ? toSeconds(step.expiresAtMs) : null,
  failed_at: step.status === 'failed' ? toSeconds(step.failedAtMs) : null,
  last_error: step.status === 'failed' ? step.lastError : null,
  step_details: stepDetails(step.details),
  usage: step.status === 'in_progress' || !step.usage ? null : toWireUsage(step.usage),
  metadata: step.metadata,
});

const stepDetails = (details: StepDetails): WireRunStep['step_details'] =>
  details.type === 'message_creation'
    ? { type: 'message_creation', message_creation: { message_id: details.messageId } }
    : {
        type: 'tool_calls',
        tool_calls: details.toolCalls.map((call) => ({
          id: call.id,
          type: 'function',
          function: { name: call.name, arguments: call.arguments, output: call.output ?? null },
        })),
      };
