/** A step as a stream tells it, made of what is known of it afterwards. */
import type { ContentPart, Message } from '../domain/message.ts';
import type { MessageDelta, RunEvent, ToolCallDelta } from '../domain/run-event.ts';
import type { FileSearchCall, RunStep, StepOf } from '../domain/run-step.ts';

/** How a step opens: nothing is in it yet. */
export function stepOpening(step: RunStep): RunEvent[] {
  const { id, projectId, threadId, runId, assistantId, createdAtMs, expiresAtMs, metadata, details } = step;
  const first: StepOf<'in_progress'> = {
    ...{ id, projectId, threadId, runId, assistantId, createdAtMs, expiresAtMs, metadata },
    rev: 0,
    details: details.type === 'tool_calls' ? { type: 'tool_calls', toolCalls: [] } : details,
    status: 'in_progress',
  };
  return [
    { type: 'thread.run.step.created', step: first },
    { type: 'thread.run.step.in_progress', step: first },
  ];
}

/** How the message of a step opens: nothing is said in it yet. */
export function messageOpening(message: Message): RunEvent[] {
  const { id, projectId, threadId, createdAtMs, role, attachments, metadata, assistantId, runId } = message;
  const empty: Message = { id, projectId, threadId, createdAtMs, role, attachments, metadata, assistantId, runId, rev: 0, content: [], status: 'in_progress' };
  return [
    { type: 'thread.message.created', message: empty },
    { type: 'thread.message.in_progress', message: empty },
  ];
}

/** What has been told of a part: so many characters (UTF-16 units) and so many annotations. */
interface ToldPart {
  said: string;
  annotations: readonly unknown[];
}

/** What a message says beyond `told`, part by part: one delta with all of it, or none. */
export function messageRest({ id: messageId, content }: Message, told: readonly ToldPart[]): RunEvent[] {
  const rest = content.flatMap((part, index) => partRest(part, index, told[index]));
  return rest.length === 0 ? [] : [{ type: 'thread.message.delta', messageId, content: rest }];
}

function partRest(part: ContentPart, index: number, told: ToldPart | undefined): MessageDelta[] {
  // Models answer in text alone.
  if (part.type === 'image_file' || part.type === 'image_url') return [];
  const rest = (part.type === 'text' ? part.text.value : part.refusal).slice(told?.said.length ?? 0);
  if (rest === '' && told !== undefined) return [];
  if (part.type === 'refusal') return [{ index, type: 'refusal', refusal: rest }];
  const from = told?.annotations.length ?? 0;
  const annotations = part.text.annotations.slice(from).map((annotation, at) => ({ index: from + at, ...annotation }));
  return [{ index, type: 'text', text: told === undefined || annotations.length > 0 ? { value: rest, annotations } : { value: rest } }];
}

/** All that is told of a search while its step is open. */
export const searchOpening = (index: number, { id, rankingOptions }: FileSearchCall): ToolCallDelta => ({ index, id, type: 'file_search', file_search: { ranking_options: rankingOptions, results: [] } });

/** What a step's calls are beyond `told` of their arguments: each opens with a delta of its own, as its driver has it. */
export function callsRest({ id: stepId, details }: RunStep, told: readonly string[]): RunEvent[] {
  if (details.type !== 'tool_calls') return [];
  const delta = (toolCall: ToolCallDelta): RunEvent => ({ type: 'thread.run.step.delta', stepId, toolCalls: [toolCall] });
  return details.toolCalls.flatMap((call, index): RunEvent[] => {
    if (call.type === 'file_search') return told[index] === undefined ? [delta(searchOpening(index, call))] : [];
    const opening = delta({ index, id: call.id, type: 'function', function: { name: call.name, arguments: '', output: null } });
    const rest = call.arguments.slice(told[index]?.length ?? 0);
    return [...(told[index] === undefined ? [opening] : []), ...(rest === '' ? [] : [delta({ index, type: 'function', function: { arguments: rest } })])];
  });
}
