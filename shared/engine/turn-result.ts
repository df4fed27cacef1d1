import type { ToolCall } from '../domain/run-step.ts';
import type { Usage } from '../domain/usage.ts';

/** What one model call gave, once its stream has ended. */
export interface TurnResult {
  finishReason: 'stop' | 'length' | 'content_filter' | 'tool_calls';
  toolCalls: ToolCall[];
  usage: Usage;
}
