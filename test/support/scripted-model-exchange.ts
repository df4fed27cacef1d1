/** One request to the scripted model and the answer to it, on the wire as OpenAI writes it. */
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { ChatRequest, Delta, FinishReason, HttpErrorOptions, Move, Step, StepUsage } from './scripted-model-steps.ts';
import { type EmbedBody, embeddingsOf } from './scripted-vectors.ts';

/** Any fixed instant: nothing here may depend on the clock. */
const CREATED = 1_700_000_000;

/** What an answer depends on: a chat's model and options, texts to embed. */
type Asked = Pick<ChatRequest, 'model' | 'stream_options'> & Partial<Pick<EmbedBody, 'input' | 'dimensions'>>;

export class Exchange {
  readonly #response: ServerResponse;
  readonly #body: Asked;
  readonly #number: number;
  readonly #gone = Promise.withResolvers<void>();
  #isGone = false;
  #endedByUs = false;

  constructor(response: ServerResponse, body: Asked, number: number) {
    this.#response = response;
    this.#body = body;
    this.#number = number;
    response.once('close', () => {
      this.#isGone = true;
      this.#gone.resolve();
    });
  }

  async play(step: Step): Promise<void> {
    void this.#gone.promise.then(() => {
      if (!this.#endedByUs) step.markAborted();
    });
    for (const move of step.moves) {
      if (this.#isGone) return;
      await this.#make(move, step);
    }
  }

  async #make(move: Move, step: Step): Promise<void> {
    switch (move.kind) {
      case 'role':
        return this.#send({ role: 'assistant', content: move.content, refusal: null });
      case 'delta':
        return this.#send(this.#withIds(move.delta));
      case 'raw':
        return this.#sendRaw(move.frames, move.delayMs);
      case 'wait':
        return Promise.race([step.released, this.#gone.promise]);
      case 'hang':
        return this.#gone.promise;
      case 'cut':
        return this.#cut(move.clean);
      case 'failure':
        await this.#write({ error: { message: move.message, type: 'server_error', param: null, code: move.code } });
        return this.#end();
      case 'http':
        this.#endedByUs = true;
        return sendError(this.#response, move.status, move.error);
      case 'vectors':
        this.#endedByUs = true;
        return sendJson(this.#response, embeddingsOf({ input: [], ...this.#body }, move.change));
      case 'finish':
        return this.#finish(move.reason, step.usage);
    }
  }

  #send(delta: Delta, finishReason: FinishReason | null = null): Promise<void> {
    return this.#write(this.#chunk([{ index: 0, delta, logprobs: null, finish_reason: finishReason }], null));
  }

  async #finish(reason: FinishReason, usage: StepUsage | null): Promise<void> {
    await this.#send({}, reason);
    if (usage && this.#asksForUsage) await this.#write(this.#chunk([], wireUsage(usage)));
    await this.#writeText('data: [DONE]\n\n');
    this.#end();
  }

  get #asksForUsage(): boolean {
    return this.#body.stream_options?.include_usage === true;
  }

  #chunk(choices: object[], usage: object | null): object {
    const head = { id: `chatcmpl-${this.#number}`, object: 'chat.completion.chunk', created: CREATED, model: this.#body.model };
    return { ...head, service_tier: 'default', system_fingerprint: 'fp_scripted', choices, ...(this.#asksForUsage && { usage }) };
  }

  /** Ids are distinct per request and per call, also when one step answers many requests. */
  #withIds(delta: Delta): Delta {
    if (!delta.tool_calls) return delta;
    const idOf = (index: number): string => `call_${String(this.#number).padStart(20, '0')}${String(index).padStart(4, '0')}`;
    return { ...delta, tool_calls: delta.tool_calls.map((call) => ({ ...call, ...(call.type && call.id === undefined && { id: idOf(call.index) }) })) };
  }

  #write(payload: object): Promise<void> {
    return this.#writeText(`data: ${JSON.stringify(payload)}\n\n`);
  }

  async #writeText(frame: string | Buffer): Promise<void> {
    this.#begin();
    if (!this.#response.write(frame)) await this.#drained();
  }

  async #sendRaw(frames: readonly Buffer[], delayMs: number): Promise<void> {
    this.#begin();
    for (const frame of frames) {
      if (delayMs > 0) await delay(delayMs);
      if (this.#isGone) return;
      if (!this.#response.write(frame)) await this.#drained();
    }
  }

  #drained(): Promise<unknown> {
    return Promise.race([once(this.#response, 'drain'), this.#gone.promise]).catch(() => undefined);
  }

  #begin(): void {
    if (this.#response.headersSent) return;
    this.#response.writeHead(200, { ...standardHeaders(this.#number), 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' });
  }

  #end(): void {
    this.#endedByUs = true;
    this.#response.end();
  }

  async #cut(clean: boolean): Promise<void> {
    if (clean) return this.#end();
    this.#endedByUs = true;
    // Everything said so far has to be on its way first, or the cut would take it along.
    if (this.#response.headersSent) await new Promise((resolve) => this.#response.socket?.write('', resolve) ?? resolve(undefined));
    this.#response.destroy();
  }
}

const standardHeaders = (number: number): Record<string, string> => ({
  'x-request-id': `req_scripted_${number}`,
  'openai-version': '2020-10-01',
  'openai-processing-ms': '1',
});

/** Answers with the error envelope of the API. */
export function sendError(response: ServerResponse, status: number, error: HttpErrorOptions): void {
  const { code = null, message = `scripted error ${status}`, type = status >= 500 ? 'server_error' : 'invalid_request_error', retryAfterMs } = error;
  const retry = retryAfterMs !== undefined && { 'retry-after-ms': String(retryAfterMs), 'retry-after': String(Math.ceil(retryAfterMs / 1000)) };
  response.writeHead(status, { ...standardHeaders(0), 'content-type': 'application/json', ...retry });
  response.end(JSON.stringify({ error: { message, type, param: null, code } }));
}

export function sendJson(response: ServerResponse, payload: object): void {
  response.writeHead(200, { ...standardHeaders(0), 'content-type': 'application/json' });
  response.end(JSON.stringify(payload));
}

const wireUsage = ({ prompt, completion, cached = 0, reasoning = 0 }: StepUsage): object => ({
  prompt_tokens: prompt,
  completion_tokens: completion,
  total_tokens: prompt + completion,
  prompt_tokens_details: { cached_tokens: cached, audio_tokens: 0 },
  completion_tokens_details: { reasoning_tokens: reasoning, audio_tokens: 0, accepted_prediction_tokens: 0, rejected_prediction_tokens: 0 },
});
