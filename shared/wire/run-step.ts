import type { RunStep as WireRunStep } from 'openai/resources/beta/threads/runs/steps';
import { toSeconds } from '../domain/clock.ts';
import type { CodeCall, CodeOutput, FileSearchCall, FunctionCall, RunStep, StepDetails, ToolCall } from '../domain/run-step.ts';
import { toWireUsage } from './usage.ts';

/** What a request's `include[]` asks for. */
export interface StepView {
  /** What searches have found, with its text. */
  withContent?: boolean;
}

/** The hosted service sent `expires_at` beside the published `expired_at` (contract §12). */
export const toWireStep = (step: RunStep, view: StepView = {}): WireRunStep & { expires_at: number | null } => ({
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
  step_details: stepDetails(step.details, view),
  usage: step.status === 'in_progress' || !step.usage ? null : toWireUsage(step.usage),
  metadata: step.metadata,
});

const stepDetails = (details: StepDetails, view: StepView): WireRunStep['step_details'] =>
  details.type === 'message_creation'
    ? { type: 'message_creation', message_creation: { message_id: details.messageId } }
    : { type: 'tool_calls', tool_calls: details.toolCalls.map((call) => toWireCall(call, view)) };

function toWireCall(call: ToolCall, view: StepView) {
  switch (call.type) {
    case 'function':
      return functionCall(call);
    case 'file_search':
      return searchCall(call, view);
    case 'code_interpreter':
      return codeCall(call);
  }
}

const functionCall = ({ id, type, name, arguments: args, output }: FunctionCall) => ({ id, type, function: { name, arguments: args, output: output ?? null } });

const searchCall = ({ id, type, rankingOptions, results = [] }: FileSearchCall, { withContent = false }: StepView) => ({
  id,
  type,
  file_search: {
    ranking_options: rankingOptions,
    results: results.map(({ fileId, filename, score, attributes, text }) => ({
      file_id: fileId,
      file_name: filename,
      score,
      attributes,
      ...(withContent && { content: [{ type: 'text' as const, text }] }),
    })),
  },
});

const codeCall = ({ id, type, input, outputs = [] }: CodeCall) => ({ id, type, code_interpreter: { input, outputs: outputs.map(codeOutput) } });

const codeOutput = (output: CodeOutput) => (output.type === 'logs' ? output : { type: output.type, image: { file_id: output.fileId } });
