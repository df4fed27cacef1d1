import { stepEnd } from '../actions/step-end.ts';
import type { ContentPart, Message, OpenMessage } from '../domain/message.ts';
import type { CodeOutputDelta, Emit, MessageDelta, RunEvent, ToolCallDelta } from '../domain/run-event.ts';
import type { CodeCall, RunStep, StepOf, ToolCall } from '../domain/run-step.ts';
import type { RunEnd } from '../domain/run.ts';
import { closeMessage } from './close-answer.ts';
import { callsRest, messageOpening, messageRest, stepOpening } from './retell.ts';

/** The step that is open in what somebody was told, with what has been told of it. */
export class OpenStep {
  /** Its driver tells it piece by piece; otherwise it was stored, whole, and what is still heard of it is known. */
  readonly isLive: boolean;
  readonly #emit: Emit;
  readonly #step: StepOf<'in_progress'>;
  #message: OpenMessage | undefined;
  readonly #content: ContentPart[] = [];
  readonly #calls: ToolCall[] = [];

  /** Tells how it opens. */
  constructor(emit: Emit, step: RunStep, isLive: boolean) {
    this.#emit = emit;
    this.isLive = isLive;
    const opening = stepOpening(step);
    for (const event of opening) emit(event);
    this.#step = { ...step, details: step.details.type === 'tool_calls' ? { type: 'tool_calls', toolCalls: [] } : step.details, status: 'in_progress' };
  }

  get id(): string {
    return this.#step.id;
  }

  /** Tells what has not been told yet of what is known: a step as it is stored, or as its driver has it. */
  tellRest(step: RunStep, message: Message | undefined): void {
    if (message && !this.#message) for (const event of messageOpening(message)) this.#tell(event);
    if (message) for (const event of messageRest(message, this.#content)) this.#tell(event);
    for (const event of callsRest(step, this.#calls)) this.#tell(event);
  }

  /** Tells what its driver tells of it while it is open. */
  hear(event: RunEvent): void {
    if (this.isLive && this.#isOfIt(event)) this.#tell(event);
  }

  /** Closes it with what was told of it, because nobody will go on with it. */
  abandon(end: RunEnd, nowMs: number): void {
    if (this.#message) {
      const message = closeMessage({ ...this.#message, content: this.#content }, end, false, nowMs);
      this.#emit({ type: `thread.message.${message.status}`, message });
    }
    const { details } = this.#step;
    const step = stepEnd({ ...this.#step, details: details.type === 'tool_calls' ? { type: 'tool_calls', toolCalls: this.#calls } : details }, end, this.#step.usage, nowMs);
    this.#emit({ type: `thread.run.step.${step.status}`, step });
  }

  #isOfIt(event: RunEvent): boolean {
    const { details } = this.#step;
    const messageId = details.type === 'message_creation' ? details.messageId : undefined;
    switch (event.type) {
      case 'thread.run.step.delta':
        return event.stepId === this.id;
      case 'thread.message.delta':
        return this.#message !== undefined && event.messageId === messageId;
      case 'thread.message.created':
        return this.#message === undefined && event.message.id === messageId;
      case 'thread.message.in_progress':
      case 'thread.message.completed':
      case 'thread.message.incomplete':
        return this.#message !== undefined && event.message.id === messageId;
      default:
        return false;
    }
  }

  #tell(event: RunEvent): void {
    if (event.type === 'thread.message.created' && event.message.status === 'in_progress') this.#message = event.message;
    if (event.type === 'thread.message.delta') for (const delta of event.content) addPart(this.#content, delta);
    if (event.type === 'thread.run.step.delta') for (const delta of event.toolCalls) addCall(this.#calls, delta);
    this.#emit(event);
  }
}

function addPart(content: ContentPart[], delta: MessageDelta): void {
  if (delta.type === 'image_file') {
    content[delta.index] = { type: 'image_file', image_file: delta.image_file };
    return;
  }
  const part = (content[delta.index] ??= delta.type === 'text' ? { type: 'text', text: { value: '', annotations: [] } } : { type: 'refusal', refusal: '' });
  if (part.type === 'refusal' && delta.type === 'refusal') part.refusal += delta.refusal;
  if (part.type !== 'text' || delta.type !== 'text') return;
  part.text.value += delta.text.value;
  part.text.annotations.push(...(delta.text.annotations ?? []).map(({ index: _, ...annotation }) => annotation));
}

function addCall(calls: ToolCall[], delta: ToolCallDelta): void {
  const call = (calls[delta.index] ??= begun(delta));
  if (call.type === 'function' && delta.type === 'function') call.arguments += delta.function.arguments;
  if (call.type === 'code_interpreter' && delta.type === 'code_interpreter') addCode(call, delta.code_interpreter);
}

function begun(delta: ToolCallDelta): ToolCall {
  const { id = '' } = delta;
  switch (delta.type) {
    case 'function':
      return { id, type: 'function', name: delta.function.name ?? '', arguments: '' };
    case 'file_search':
      return { id, type: 'file_search', arguments: '', rankingOptions: delta.file_search.ranking_options };
    case 'code_interpreter':
      return { id, type: 'code_interpreter', input: '' };
  }
}

function addCode(call: CodeCall, { input = '', outputs = [] }: { input?: string; outputs?: CodeOutputDelta[] }): void {
  call.input += input;
  for (const output of outputs) {
    const told = (call.outputs ??= []);
    if (output.type === 'image') {
      told[output.index] = { type: 'image', fileId: output.image.file_id };
      continue;
    }
    const logs = (told[output.index] ??= { type: 'logs', logs: '' });
    if (logs.type === 'logs') logs.logs += output.logs;
  }
}
