import type { Run as WireRun } from 'openai/resources/beta/threads/runs/runs';
import { toSeconds } from '../domain/clock.ts';
import type { RunStep } from '../domain/run-step.ts';
import type { Run } from '../domain/run.ts';
import type { ReasoningEffort, ToolResources } from '../domain/settings.ts';
import { clientCalls } from '../domain/run-step.ts';
import { toWireTool } from './tools.ts';
import { toWireUsage } from './usage.ts';

/** The hosted service sent null for absent instructions, and two fields that the published schema lacks (contract §12). */
export interface KeptRun extends Omit<WireRun, 'instructions'> {
  instructions: string | null;
  tool_resources: ToolResources;
  reasoning_effort: ReasoningEffort | null;
}

/** `waiting` is the step whose calls the client must answer; needed, and looked at, only while the run requires action. */
export function toWireRun(run: Run, waiting?: RunStep): KeptRun {
  return {
    id: run.id,
    object: 'thread.run',
    created_at: toSeconds(run.createdAtMs),
    assistant_id: run.assistantId,
    thread_id: run.threadId,
    status: run.status,
    started_at: run.startedAtMs === undefined ? null : toSeconds(run.startedAtMs),
    // Null once the run has ended, but an expired run says when it did.
    expires_at: isOver(run) && run.status !== 'expired' ? null : toSeconds(run.expiresAtMs),
    cancelled_at: run.status === 'cancelled' ? toSeconds(run.cancelledAtMs) : null,
    failed_at: run.status === 'failed' ? toSeconds(run.failedAtMs) : null,
    completed_at: run.status === 'completed' || run.status === 'incomplete' ? toSeconds(run.completedAtMs) : null,
    required_action: run.status === 'requires_action' && waiting ? requiredAction(waiting) : null,
    last_error: run.status === 'failed' ? run.lastError : null,
    model: run.model,
    instructions: run.instructions ?? null,
    tools: run.tools.map(toWireTool),
    tool_resources: run.toolResources,
    metadata: run.metadata,
    temperature: run.temperature ?? 1,
    top_p: run.topP ?? 1,
    reasoning_effort: run.reasoningEffort ?? null,
    max_completion_tokens: run.maxCompletionTokens ?? null,
    max_prompt_tokens: run.maxPromptTokens ?? null,
    truncation_strategy: { type: run.truncationStrategy.type, last_messages: run.truncationStrategy.last_messages ?? null },
    incomplete_details: run.status === 'incomplete' ? { reason: run.incompleteReason } : null,
    usage: isOver(run) ? toWireUsage(run.usage) : null,
    response_format: run.responseFormat,
    tool_choice: run.toolChoice,
    parallel_tool_calls: run.parallelToolCalls,
  };
}

const isOver = (run: Run): boolean => ['completed', 'incomplete', 'failed', 'cancelled', 'expired'].includes(run.status);

const requiredAction = (step: RunStep): NonNullable<WireRun['required_action']> => ({
  type: 'submit_tool_outputs',
  submit_tool_outputs: {
    tool_calls: clientCalls(step).map((call) => ({
      id: call.id,
      type: 'function',
      function: { name: call.name, arguments: call.arguments },
    })),
  },
});
