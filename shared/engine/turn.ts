/** One model call as it streams in: opens the message or the tool step at the first piece, tells each piece, keeps the whole. */
import { newId } from '../domain/ids.ts';
import type { OpenMessage } from '../domain/message.ts';
import type { Emit, MessageDelta, ToolCallDelta } from '../domain/run-event.ts';
import type { FileSearchCall, FunctionCall, SearchRanking, StepDetails, StepOf, ToolCall } from '../domain/run-step.ts';
import type { Run } from '../domain/run.ts';
import type { Usage } from '../domain/usage.ts';
import { type ModelChunk, ModelError } from '../ports/model.ts';
import { type CallPiece, CallPieces } from './call-pieces.ts';
import { type Lookup, citable } from './citations.ts';
import { rankingOf, searchName } from './offer-tools.ts';
import { searchOpening } from './retell.ts';
import { SpokenParts } from './spoken-parts.ts';
import type { TurnResult } from './turn-result.ts';

/** The most calls that one `required_action` may hold (limits L8). */
const MOST_CALLS = 128;
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
  nowMs: () => number;
  emit: Emit;
  /** Called when the model goes on to calls after a text: that text's step is complete and must be stored before the next one opens. */
  onTextDone: (turn: Turn) => Promise<void>;
}

export class Turn {
  readonly #context: TurnContext;
  readonly #cited: Lookup | undefined;
  readonly #searchName: string | undefined;
  readonly #ranking: SearchRanking;
  #parts: SpokenParts;
  readonly #calls: CallPieces;
  #finish: string | undefined;
  /** Texts of this call that are stored already. */
  #saidBefore = '';
  #lastStepId: string | undefined;
  message: OpenMessage | undefined;
  step: StepOf<'in_progress'> | undefined;
  usage: Usage | undefined;

  constructor(context: TurnContext) {
    this.#context = context;
    const { tools } = context.run;
    this.#searchName = searchName(tools);
    this.#ranking = rankingOf(tools);
    this.#cited = this.#searchName === undefined ? undefined : citable(context.searches ?? []);
    this.#parts = new SpokenParts(this.#cited);
    // Some providers ignore parallel_tool_calls: false.
    this.#calls = new CallPieces(context.run.parallelToolCalls ? MOST_CALLS : 1, () => newId('call', context.nowMs()));
    this.#lastStepId = context.lastStepId;
  }

  /** True once anything has been told: the call cannot be made again as if it had not been. */
  get hasSpoken(): boolean {
    return this.step !== undefined || !this.#parts.isEmpty;
  }

  /** All that the model has said, for counting when it does not tell its usage. */
  get spoken(): string {
    return this.#saidBefore + this.#parts.words + this.#calls.calls.map((call) => call.name + call.arguments).join('');
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
    const { calls } = this.#calls;
    const finishReason = this.#finish === 'length' || this.#finish === 'content_filter' ? this.#finish : 'stop';
    calls.forEach((call, position) => {
      if (call.arguments !== '' || finishReason !== 'stop' || this.#isSearch(call)) return;
      // A function without parameters may be called with no arguments; clients parse them all the same.
      call.arguments = '{}';
      this.#tellCall(position, { arguments: '{}' });
    });
    if (!this.hasSpoken) this.#say('text', '');
    this.#endText();
    return { finishReason, toolCalls: this.#toolCalls, usage };
  }

  /** The open message with all that was said in it. */
  get messageSoFar(): OpenMessage | undefined {
    if (!this.message) return undefined;
    return { ...this.message, content: this.#parts.content };
  }

  /** The open step with the calls as far as they came. */
  get stepSoFar(): StepOf<'in_progress'> | undefined {
    if (this.step?.details.type !== 'tool_calls') return this.step;
    return { ...this.step, details: { type: 'tool_calls', toolCalls: this.#toolCalls } };
  }

  #say(type: 'text' | 'refusal', piece: string): void {
    // Steps follow each other (contract §8): there is no place for words after the calls of the same answer.
    if (this.step?.details.type === 'tool_calls') return;
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
    const taken = this.#calls.take(piece);
    if (!taken) return;
    if (this.message) {
      this.#endText();
      await this.#context.onTextDone(this);
      this.#saidBefore = this.spoken;
      this.message = undefined;
      this.step = undefined;
      this.#parts = new SpokenParts(this.#cited);
    }
    if (!this.step) this.#openStep({ type: 'tool_calls', toolCalls: [] });
    const { position, call, opening } = taken;
    if (this.#isSearch(call)) {
      if (opening) this.#tellCalls(searchOpening(position, this.#asSearch(call)));
      return;
    }
    if (opening) this.#tellCall(position, { name: call.name, arguments: '', output: null }, call.id);
    if (taken.arguments !== '') this.#tellCall(position, { arguments: taken.arguments });
  }

  #tellCall(index: number, piece: { name?: string; arguments: string; output?: null }, id?: string): void {
    this.#tellCalls({ index, ...(id !== undefined && { id }), type: 'function', function: piece });
  }

  #tellCalls(toolCall: ToolCallDelta): void {
    this.#context.emit({ type: 'thread.run.step.delta', stepId: this.step?.id ?? '', toolCalls: [toolCall] });
  }

  get #toolCalls(): ToolCall[] {
    return this.#calls.calls.map((call) => (this.#isSearch(call) ? this.#asSearch(call) : call));
  }

  #isSearch({ name }: FunctionCall): boolean {
    return name === this.#searchName;
  }

  #asSearch({ id, arguments: args }: FunctionCall): FileSearchCall {
    return { id, type: 'file_search', arguments: args, rankingOptions: this.#ranking };
  }

  #openMessage(): void {
    const { run, emit, lastMessageId, nowMs } = this.#context;
    const message: OpenMessage = {
      id: newId('message', nowMs(), lastMessageId),
      projectId: run.projectId,
      threadId: run.threadId,
      rev: 0,
      createdAtMs: nowMs(),
      role: 'assistant',
      content: [],
      attachments: [],
      metadata: {},
      assistantId: run.assistantId,
      runId: run.id,
      status: 'in_progress',
    };
    this.#openStep({ type: 'message_creation', messageId: message.id });
    this.message = message;
    emit({ type: 'thread.message.created', message });
    emit({ type: 'thread.message.in_progress', message });
  }

  #openStep(details: StepDetails): void {
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
  }
}

const toUsage = (usage: NonNullable<ModelChunk['usage']>): Usage => ({
  promptTokens: usage.prompt_tokens,
  completionTokens: usage.completion_tokens,
  cachedTokens: usage.prompt_tokens_details?.cached_tokens ?? 0,
  reasoningTokens: usage.completion_tokens_details?.reasoning_tokens ?? 0,
});
