/**
 * The /embeddings of the scripted model. Vectors need no script: every request gets those of scripted-vectors.ts, so that a test scripts only what
 * goes wrong. What was asked is there to be looked at, and a test in which nothing may be asked says so with `forbid()`.
 */
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import { Exchange, sendError } from './scripted-model-exchange.ts';
import { type Step, vectors } from './scripted-model-steps.ts';
import { type EmbedBody, embedRefusalOf } from './scripted-vectors.ts';

export class ScriptedEmbeddings {
  readonly #report: (problem: string) => void;
  readonly #options: { strict?: boolean; record?: boolean };
  #requests: { headers: IncomingHttpHeaders; body: EmbedBody }[] = [];
  #queue: Step[] = [];
  #always: Step | undefined;
  #isForbidden = false;
  #count = 0;

  constructor(report: (problem: string) => void, options: { strict?: boolean; record?: boolean }) {
    this.#report = report;
    this.#options = options;
  }

  /** Every request so far, in order of arrival, with those that were refused. */
  get requests(): readonly { headers: IncomingHttpHeaders; body: EmbedBody }[] {
    return this.#requests;
  }

  /** How many requests there were, also where none are kept. */
  get count(): number {
    return this.#count;
  }

  get unused(): readonly Step[] {
    return this.#queue;
  }

  /** Steps that answer the next requests, one each: `vectors()`, `httpError()`, `drop()`, `hang()`. */
  script(...steps: Step[]): void {
    this.#queue.push(...steps);
  }

  /** Answers every request that nothing else was scripted for. */
  always(step: Step): void {
    this.#always = step;
  }

  /** From now on each request is a problem that `verify()` tells. */
  forbid(): void {
    this.#isForbidden = true;
  }

  reset(): void {
    this.#requests = [];
    this.#queue = [];
    this.#always = undefined;
    this.#isForbidden = false;
    this.#count = 0;
  }

  answer(headers: IncomingHttpHeaders, body: EmbedBody, response: ServerResponse): void {
    this.#count++;
    if (this.#options.record !== false) this.#requests.push({ headers, body });
    if (this.#isForbidden) return this.#refuse(response, 'unexpected call: POST /v1/embeddings');
    const refused = this.#options.strict === false ? undefined : embedRefusalOf(body);
    // A model that is not there is what an operator may have set; all else is our mistake.
    if (refused?.status === 404) return sendError(response, 404, { code: 'model_not_found', message: refused.message });
    if (refused) return this.#refuse(response, `a request that the real API refuses: ${refused.message}`);
    const step = this.#queue.shift() ?? this.#always ?? vectors();
    step.markReached({ headers, body: { ...body, messages: [], stream: true } });
    void new Exchange(response, body, this.#count).play(step).catch((error: unknown) => this.#report(`${step.label} failed: ${String(error)}`));
  }

  /** With a status that no client retries, so that one mistake is told once. */
  #refuse(response: ServerResponse, problem: string): void {
    this.#report(problem);
    sendError(response, 400, { code: 'refused_request', message: `ScriptedModel: ${problem}` });
  }
}
