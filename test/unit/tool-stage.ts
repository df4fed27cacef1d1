/** An embedded world on a clock that stands still, a model that answers as it is told, and endpoints that answer when they are told. */
import { setImmediate as turn } from 'node:timers/promises';
import { driveJob } from '../../shared/actions/run-jobs.ts';
import type { RunStep } from '../../shared/domain/run-step.ts';
import type { Run } from '../../shared/domain/run.ts';
import type { EmbeddedWorld } from '../../shared/embedded/index.ts';
import { handleJob } from '../../shared/engine/handle-job.ts';
import { RunSignals } from '../../shared/engine/run-signals.ts';
import { create } from '../../shared/ports/commit.ts';
import type { Model, ModelChunk, ModelRequest } from '../../shared/ports/model.ts';
import type { OutboundRequest } from '../../shared/ports/outbound.ts';
import type { Job, Outcome } from '../../shared/ports/queue.ts';
import { keys } from '../../shared/ports/store.ts';
import type { Feature, World } from '../../shared/ports/world.ts';
import type { ManualClock } from '../support/manual-clock.ts';
import { aToolEndpoint } from '../support/records.ts';
import { PROJECT } from './sample-records.ts';
import { type StillWorld, newRunOn, openStillWorld } from './still-world.ts';

const usage = { prompt_tokens: 10, completion_tokens: 3, total_tokens: 13 };
export const says = (content: string): ModelChunk[] => [{ choices: [{ index: 0, delta: { content }, finish_reason: 'stop' }], usage }];
export const calls = (...names: string[]): ModelChunk[] => [
  { choices: [{ index: 0, delta: { tool_calls: names.map((name, index) => ({ index, id: `call_${name}`, type: 'function', function: { name, arguments: '{}' } })) }, finish_reason: 'tool_calls' }], usage },
];

/** An endpoint that has been asked and has not answered. */
interface Asked {
  name: string;
  id: string | undefined;
  answer: (body: string) => void;
  hungUp: boolean;
}

export class ToolStage implements AsyncDisposable {
  readonly clock: ManualClock;
  readonly answers: ModelChunk[][] = [];
  readonly requests: ModelRequest[] = [];
  readonly asked: Asked[] = [];
  readonly committed: string[] = [];
  readonly #embedded: EmbeddedWorld;
  readonly #close: () => void;

  static async start(...endpoints: string[]): Promise<ToolStage> {
    const tools = ['here', 'near', 'far'].map((name) => ({ type: 'function' as const, function: { name } }));
    const records = endpoints.map((id) => create('tool_endpoint', aToolEndpoint({ id, projectId: PROJECT, target: { url: `https://example.com/${id}` } })));
    const still = await openStillWorld({ tools });
    await still.embedded.commit({ name: 'put', writes: records });
    return new ToolStage(still);
  }

  private constructor({ embedded, clock, close }: StillWorld) {
    this.#embedded = embedded;
    this.#close = close;
    this.clock = clock;
  }

  /** As one process among several has it: who dies is known to nobody. */
  world(owner = 'first', lacks: Feature[] = []): World {
    const model: Model = { stream: (request) => this.#say(request), list: () => Promise.resolve([]) };
    const outbound = { check: () => undefined, post: (request: OutboundRequest) => this.#post(request) };
    const commit: World['commit'] = async (change) => {
      await this.#embedded.commit(change);
      this.committed.push(change.name);
    };
    return { ...this.#embedded, config: { ...this.#embedded.config, lacks: new Set(lacks) }, model, outbound, commit, owner, isGone: () => false };
  }

  newRun(): Promise<Run> {
    return newRunOn(this.world());
  }

  handle(job: Job, { owner, attempt = 1, giveBack, signals = new RunSignals(), lacks }: { owner?: string; attempt?: number; giveBack?: AbortSignal; signals?: RunSignals; lacks?: Feature[] } = {}): Promise<Outcome> {
    return handleJob(this.world(owner, lacks), signals, { job, attempt }, giveBack);
  }

  /** Drives the run as the queue would, until it rests or `giveBack` aborts. */
  drive(run: Run, options: { owner?: string; giveBack?: AbortSignal; signals?: RunSignals; lacks?: Feature[] } = {}): Promise<Outcome> {
    return this.handle(driveJob(run, this.clock.nowMs()).job, options);
  }

  callTools(run: Run, round = 1): Extract<Job, { type: 'call-tools' }> {
    return { type: 'call-tools', projectId: PROJECT, threadId: run.threadId, runId: run.id, round, dueMs: this.clock.nowMs() };
  }

  async run(run: Run): Promise<Run> {
    const found = await this.#embedded.store.get(keys.run(PROJECT, run.threadId, run.id));
    if (!found) throw new Error('the run is gone');
    return found;
  }

  async steps(run: Run): Promise<RunStep[]> {
    return (await this.#embedded.store.page('step', [PROJECT, run.threadId, run.id], { order: 'asc', limit: 100 })).items;
  }

  /** What the calls of the run's first step were answered with; `undefined` for those that were not. */
  async outputs(run: Run): Promise<(string | undefined)[]> {
    const [step] = await this.steps(run);
    return step?.details.type === 'tool_calls' ? step.details.toolCalls.map((call) => (call.type === 'function' ? call.output : undefined)) : [];
  }

  /** Waits, without the clock, until so many calls have come. */
  async reached(count: number): Promise<Asked[]> {
    for (let turns = 0; this.asked.length < count; turns++) {
      if (turns === 20_000) throw new Error(`only ${this.asked.length} calls have come`);
      await turn();
    }
    return this.asked;
  }

  /** Waits, without the clock, until this has been committed as often as that. */
  async done(name: string, count = 1): Promise<void> {
    for (let turns = 0; this.committed.filter((other) => other === name).length < count; turns++) {
      if (turns === 20_000) throw new Error(`never committed: ${name}, only ${this.committed.join(', ')}`);
      await turn();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#close();
  }

  async *#say(request: ModelRequest): AsyncGenerator<ModelChunk> {
    this.requests.push(request);
    const answer = this.answers.shift();
    if (!answer) throw new Error('a call that no answer is left for');
    yield* answer;
  }

  #post({ url, headers, signal }: OutboundRequest) {
    const { promise, resolve, reject } = Promise.withResolvers<{ status: number; body: Uint8Array; isCut: boolean }>();
    const asked: Asked = { name: url.replace(/^.*\//, ''), id: headers['webhook-id'], answer: (body) => resolve({ status: 200, body: Buffer.from(body), isCut: false }), hungUp: false };
    this.asked.push(asked);
    signal?.addEventListener('abort', () => {
      asked.hungUp = true;
      reject(signal.reason as Error);
    });
    return promise;
  }
}
