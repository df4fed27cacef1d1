/** One model call as it streams in: opens the message or the tool step at the first piece, tells each piece, keeps the whole. */
import { newId } from '../domain/ids.ts';
import type { Attachment, OpenMessage } from '../domain/message.ts';
import type { Emit, MessageDelta, ToolCallDelta } from '../domain/run-event.ts';
import type { FileSearchCall, StepDetails, StepOf, ToolCall } from '../domain/run-step.ts';
import type { Run } from '../domain/run.ts';
import { NO_USAGE, type Usage } from '../domain/usage.ts';
import { type ModelChunk, ModelError } from '../ports/model.ts';
import type { CallPiece } from './call-pieces.ts';
import { type Lookup, citable } from './citations.ts';
import type { CodeContext } from './code-context.ts';
import { searchName } from './offer-tools.ts';
import { callsRest } from './retell.ts';
import { SpokenParts } from './spoken-parts.ts';
import { TurnCalls } from './turn-calls.ts';
import type { TurnResult } from './turn-result.ts';

/** So many pieces of a burst are read in one turn of the event loop. */
const PIECES_PER_TURN = 25;

export interface TurnContext {
  run: Run;
  /** Newest message of the thread: the new one's id must sort behind it. */
  lastMessageId: string | undefined;
  /** Newest step of the run, likewise. */
  lastStepId: string | undefined;
  /** The run's searches so far: what the answer may cite. */
  searches?: readonly FileSearchCall[];
  /** Of a run with code_interpreter: what the answer may show and link. */
  code?: CodeContext | undefined;
  nowMs: () => number;
  emit: Emit;
  /** Called when the model goes on to calls after a text: that text's step is complete and must be stored before the next one opens. */
  onTextDone: (turn: Turn) => Promise<void>;
}

export class Turn {
  readonly #context: TurnContext;
  readonly #cited: Lookup | undefined;
  readonly #calls: TurnCalls;
  #parts: SpokenParts;
  /** The calls of the open step, once it is theirs alone; until then those that are told as they come. */
  #stepCalls: ToolCall[] | undefined;
  #finish: string | undefined;
  /** Texts of this call that are stored already. */
  #saidBefore = '';
  #lastStepId: string | undefined;
  message: OpenMessage | undefined;
  step: StepOf<'in_progress'> | undefined;
  usage: Usage | undefined;

  constructor(context: TurnContext) {
    this.#context = context;
    const { tools, parallelToolCalls } = context.run;
    this.#cited = searchName(tools) === undefined ? undefined : citable(context.searches ?? []);
    this.#calls = new TurnCalls(tools, { isParallel: parallelToolCalls, newId: () => newId('call', context.nowMs()) });
    this.#parts = new SpokenParts({ cited: this.#cited, links: context.code?.links, images: context.code?.images });
    this.#lastStepId = context.lastStepId;
  }

  /** True once anything has come: the call cannot be made again as if it had not been. */
  get hasSpoken(): boolean {
    return this.step !== undefined || !this.#parts.isEmpty || !this.#calls.isEmpty;
  }

  /** All that the model has said, for counting when it does not tell its usage. */
  get spoken(): string {
    return this.#saidBefore + this.#parts.words + this.#calls.words;
  }

  async read(chunks: AsyncIterable<ModelChunk>): Promise<void> {
    let told = 0;
    for await (const chunk of chunks) {
      if (chunk.usage) this.usage = toUsage(chunk.usage);
      const choice = chunk.choices?.[0];
      const { content, refusal, tool_calls: pieces } = choice?.delta ?? {};
      if (content) this.#say('text', content);
      if (refusal) this.#say('refusal', refusal);
      for (const piece of pieces ?? []) await this.#call(piece);
      if (choice?.finish_reason) this.#finish = choice.finish_reason;
      // The first piece leaves before the others of a burst are read, and no burst keeps other runs waiting.
      if (this.hasSpoken && told++ % PIECES_PER_TURN === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    if (this.#finish === undefined) throw new ModelError('unavailable', 'the stream of the model was cut off');
  }

  /** The end of a call that ran to its end. A model that says nothing at all has said an empty text. */
  finish(usage: Usage): TurnResult {
    const finishReason = this.#finish === 'length' || this.#finish === 'content_filter' ? this.#finish : 'stop';
    this.#tellCalls(this.#calls.end(finishReason === 'stop'));
    if (!this.hasSpoken) this.#say('text', '');
    this.#endText();
    return { finishReason, toolCalls: this.#calls.all, usage };
  }

  /** These of the answer's calls are the open step's, which is opened now unless they were told as they came. */
  begin(calls: ToolCall[]): void {
    if (!this.step) {
      const step = this.#openStep({ type: 'tool_calls', toolCalls: [] });
      for (const event of callsRest({ ...step, details: { type: 'tool_calls', toolCalls: calls } }, [])) this.#context.emit(event);
    }
    this.#stepCalls = calls;
  }

  /** What the open step's one call of code has written so far. */
  get logs(): string {
    const [call] = this.#stepCalls ?? [];
    const [output] = call?.type === 'code_interpreter' ? (call.outputs ?? []) : [];
    return output?.type === 'logs' ? output.logs : '';
  }

  /** It has written this. */
  addLogs(logs: string): void {
    const [call] = this.#stepCalls ?? [];
    if (logs === '' || call?.type !== 'code_interpreter') return;
    this.#stepCalls = [{ ...call, outputs: [{ type: 'logs', logs: this.logs + logs }] }];
    this.#tellCalls([{ index: 0, type: 'code_interpreter', code_interpreter: { outputs: [{ index: 0, type: 'logs', logs }] } }]);
  }

  /** The open step is stored, and the answer's usage with it; another may follow. */
  endStep(): void {
    this.usage = NO_USAGE;
    this.step = undefined;
    this.#stepCalls = undefined;
  }

  /** The open message with all that was said in it. */
  get messageSoFar(): OpenMessage | undefined {
    if (!this.message) return undefined;
    const attached = new Set(this.message.attachments.map(({ file_id }) => file_id));
    const linked = this.#parts.linked.filter((id) => !attached.has(id));
    return { ...this.message, content: this.#parts.content, attachments: [...this.message.attachments, ...linked.map(attachment)] };
  }

  /** The open step with the calls as far as they came. */
  get stepSoFar(): StepOf<'in_progress'> | undefined {
    if (this.step?.details.type !== 'tool_calls') return this.step;
    return { ...this.step, details: { type: 'tool_calls', toolCalls: this.#stepCalls ?? this.#calls.live } };
  }

  #say(type: 'text' | 'refusal', piece: string): void {
    // Steps follow each other (contract §8): there is no place for words after the calls of the same answer.
    if (!this.#calls.isEmpty) return;
    if (!this.message) this.#openMessage();
    this.#tell(this.#parts.say(type, piece));
  }

  #endText(): void {
    if (this.message) this.#tell(this.#parts.end());
  }

  #tell(deltas: MessageDelta[]): void {
    for (const delta of deltas) this.#context.emit({ type: 'thread.message.delta', messageId: this.message?.id ?? '', content: [delta] });
  }

  async #call(piece: CallPiece): Promise<void> {
    const deltas = this.#calls.take(piece);
    if (!deltas) return;
    if (this.message) {
      this.#endText();
      await this.#context.onTextDone(this);
      this.#saidBefore = this.#saidBefore + this.#parts.words;
      this.message = undefined;
      this.step = undefined;
      // Its images are shown.
      this.#parts = new SpokenParts({ cited: this.#cited, links: this.#context.code?.links });
    }
    if (deltas.length > 0 && !this.step) this.#openStep({ type: 'tool_calls', toolCalls: [] });
    this.#tellCalls(deltas);
  }

  #tellCalls(deltas: ToolCallDelta[]): void {
    for (const delta of deltas) this.#context.emit({ type: 'thread.run.step.delta', stepId: this.step?.id ?? '', toolCalls: [delta] });
  }

  #openMessage(): void {
    const { run, emit, lastMessageId, nowMs, code } = this.#context;
    const message: OpenMessage = {
      id: newId('message', nowMs(), lastMessageId),
      projectId: run.projectId,
      threadId: run.threadId,
      rev: 0,
      createdAtMs: nowMs(),
      role: 'assistant',
      content: [],
      attachments: [...new Set([...(code?.images ?? []), ...(code?.written ?? [])])].map(attachment),
      metadata: {},
      assistantId: run.assistantId,
      runId: run.id,
      status: 'in_progress',
    };
    this.#openStep({ type: 'message_creation', messageId: message.id });
    this.message = message;
    emit({ type: 'thread.message.created', message });
    emit({ type: 'thread.message.in_progress', message });
    this.#tell(this.#parts.begin());
  }

  #openStep(details: StepDetails): StepOf<'in_progress'> {
    const { run, emit, nowMs } = this.#context;
    const step: StepOf<'in_progress'> = {
      id: newId('step', nowMs(), this.#lastStepId),
      projectId: run.projectId,
      threadId: run.threadId,
      runId: run.id,
      assistantId: run.assistantId,
      rev: 0,
      createdAtMs: nowMs(),
      expiresAtMs: run.expiresAtMs,
      metadata: {},
      details,
      status: 'in_progress',
    };
    this.step = step;
    this.#lastStepId = step.id;
    emit({ type: 'thread.run.step.created', step });
    emit({ type: 'thread.run.step.in_progress', step });
    return step;
  }
}

const attachment = (file_id: string): Attachment => ({ file_id, tools: [{ type: 'code_interpreter' }] });

const toUsage = (usage: NonNullable<ModelChunk['usage']>): Usage => ({
  promptTokens: usage.prompt_tokens,
  completionTokens: usage.completion_tokens,
  cachedTokens: usage.prompt_tokens_details?.cached_tokens ?? 0,
  reasoningTokens: usage.completion_tokens_details?.reasoning_tokens ?? 0,
});
