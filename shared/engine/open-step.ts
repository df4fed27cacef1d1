import { stepEnd } from '../actions/step-end.ts';
import type { Annotation, ContentPart, Message, OpenMessage } from '../domain/message.ts';
import type { Emit, MessageDelta, RunEvent, ToolCallDelta } from '../domain/run-event.ts';
import type { RunStep, StepOf, ToolCall } from '../domain/run-step.ts';
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
  readonly #parts: { type: 'text' | 'refusal'; said: string; annotations: Annotation[] }[] = [];
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
    if (message) for (const event of messageRest(message, this.#parts)) this.#tell(event);
    for (const event of callsRest(step, this.#calls.map((call) => call.arguments))) this.#tell(event);
  }

  /** Tells what its driver tells of it while it is open. */
  hear(event: RunEvent): void {
    if (this.isLive && this.#isOfIt(event)) this.#tell(event);
  }

  /** Closes it with what was told of it, because nobody will go on with it. */
  abandon(end: RunEnd, nowMs: number): void {
    const content = this.#parts.map(({ type, said, annotations }): ContentPart => (type === 'text' ? { type, text: { value: said, annotations } } : { type, refusal: said }));
    if (this.#message) {
      const message = closeMessage({ ...this.#message, content }, end, false, nowMs);
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
    if (event.type === 'thread.message.delta') for (const delta of event.content) this.#addSaid(delta);
    if (event.type === 'thread.run.step.delta') for (const delta of event.toolCalls) this.#addCall(delta);
    this.#emit(event);
  }

  #addSaid(delta: MessageDelta): void {
    const part = (this.#parts[delta.index] ??= { type: delta.type, said: '', annotations: [] });
    part.said += delta.type === 'text' ? delta.text.value : delta.refusal;
    if (delta.type === 'text') part.annotations.push(...(delta.text.annotations ?? []).map(({ index: _, ...annotation }) => annotation));
  }

  #addCall(delta: ToolCallDelta): void {
    if (delta.type === 'file_search') {
      this.#calls[delta.index] = { id: delta.id, type: 'file_search', arguments: '', rankingOptions: delta.file_search.ranking_options };
      return;
    }
    const { id = '', function: piece } = delta;
    const call = (this.#calls[delta.index] ??= { id, type: 'function', name: piece.name ?? '', arguments: '' });
    call.arguments += piece.arguments;
  }
}
