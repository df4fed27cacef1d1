/** Server-sent events exactly as contract §8 has them: a name, one line of JSON, a blank line. Never `id:` or `retry:`. */
import type { RunEvent } from '../domain/run-event.ts';
import type { ErrorBody } from './errors.ts';
import { toWireMessage } from './message.ts';
import { type StepView, toWireStep } from './run-step.ts';
import { toWireRun } from './run.ts';
import { toWireThread } from './thread.ts';

const frame = (event: string, data: unknown): string => `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;

export const DONE_FRAME = 'event: done\ndata: [DONE]\n\n';

/** A comment: every client skips it, and proxies see that the connection lives. */
export const PING_FRAME = ': ping\n\n';

/** Something went wrong with the stream itself. Not how a failed run ends: that is `thread.run.failed`. */
export const errorFrame = (body: ErrorBody): string => frame('error', body);

export function toFrame(event: RunEvent, view?: StepView): string {
  switch (event.type) {
    case 'thread.message.delta':
      return frame(event.type, { id: event.messageId, object: 'thread.message.delta', delta: { content: event.content } });
    case 'thread.run.step.delta':
      return frame(event.type, {
        id: event.stepId,
        object: 'thread.run.step.delta',
        delta: { step_details: { type: 'tool_calls', tool_calls: event.toolCalls } },
      });
    case 'thread.created':
      return frame(event.type, toWireThread(event.thread));
    case 'thread.run.requires_action':
      return frame(event.type, toWireRun(event.run, event.step));
    case 'thread.message.created':
    case 'thread.message.in_progress':
    case 'thread.message.completed':
    case 'thread.message.incomplete':
      return frame(event.type, toWireMessage(event.message));
    case 'thread.run.step.created':
    case 'thread.run.step.in_progress':
    case 'thread.run.step.completed':
    case 'thread.run.step.failed':
    case 'thread.run.step.cancelled':
    case 'thread.run.step.expired':
      return frame(event.type, toWireStep(event.step, view));
    default:
      return frame(event.type, toWireRun(event.run));
  }
}
