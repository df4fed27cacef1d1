/** An embedded world on a clock that stands still, whose assistant can search one store; the model answers as it is told, and the index too. */
import { setImmediate as turn } from 'node:timers/promises';
import { createThread } from '../../shared/actions/create-thread.ts';
import { driveJob } from '../../shared/actions/run-jobs.ts';
import type { RunStep } from '../../shared/domain/run-step.ts';
import type { Run, RunOverrides } from '../../shared/domain/run.ts';
import { NO_FILES, type VectorStore } from '../../shared/domain/vector-store.ts';
import { handleJob } from '../../shared/engine/handle-job.ts';
import { RunSignals } from '../../shared/engine/run-signals.ts';
import { create, update } from '../../shared/ports/commit.ts';
import type { Model, ModelChunk, ModelRequest } from '../../shared/ports/model.ts';
import type { Outcome } from '../../shared/ports/queue.ts';
import type { SearchIndex } from '../../shared/ports/search-index.ts';
import { keys } from '../../shared/ports/store.ts';
import type { World } from '../../shared/ports/world.ts';
import type { ManualClock } from '../support/manual-clock.ts';
import { PROJECT, text } from './sample-records.ts';
import { type StillWorld, openStillWorld, runOf, storedRun, storedSteps } from './still-world.ts';

const usage = { prompt_tokens: 10, completion_tokens: 3, total_tokens: 13 };
export const says = (content: string): ModelChunk[] => [{ choices: [{ index: 0, delta: { content }, finish_reason: 'stop' }], usage }];
export const searches = (...queries: string[]): ModelChunk[] => [
  { choices: [{ index: 0, delta: { tool_calls: queries.map((query, index) => ({ index, id: `call_${index}`, type: 'function', function: { name: 'file_search', arguments: JSON.stringify({ queries: [query] }) } })) }, finish_reason: 'tool_calls' }], usage },
];

export class SearchStage implements AsyncDisposable {
  readonly clock: ManualClock;
  readonly requests: ModelRequest[] = [];
  readonly logged: string[] = [];
  readonly signals = new RunSignals();
  answer: (request: ModelRequest) => ModelChunk[] = () => says('Done.');
  /** What the index has: texts of the one file. */
  texts: string[] = ['Blue cheese.'];
  contextWindow = 128_000;
  search: SearchIndex['search'] = () => Promise.resolve(this.texts.map((found, seq) => ({ fileId: 'file-1', indexId: 'i1', seq, text: found, score: 1 - seq / 100 })));
  readonly #still: StillWorld;

  static async start(): Promise<SearchStage> {
    const stage = new SearchStage(await openStillWorld({ tools: [{ type: 'file_search' }], toolResources: { file_search: { vector_store_ids: ['vs_1'] } } }));
    const base = { projectId: PROJECT, rev: 0, createdAtMs: 1 };
    const file = { ...base, id: 'file-1', vectorStoreId: 'vs_1', filename: 'foods.txt', attributes: {}, chunking: { maxTokens: 800, overlapTokens: 400 }, indexId: 'i1', status: 'completed' as const, usageBytes: 1, chunks: 1 };
    await stage.world().commit({ name: 'put', writes: [create('vector_store', stage.store('vs_1')), create('vector_store_file', file)] });
    return stage;
  }

  private constructor(still: StillWorld) {
    this.#still = still;
    this.clock = still.clock;
  }

  store(id: string, fields: Partial<VectorStore> = {}): VectorStore {
    return { projectId: PROJECT, rev: 0, createdAtMs: 1, id, metadata: {}, lastActiveAtMs: this.clock.nowMs(), usageBytes: 0, counts: { ...NO_FILES, completed: 1 }, ...fields };
  }

  world(owner = 'first'): World {
    const { embedded } = this.#still;
    const model: Model = { stream: (request) => this.#say(request), list: () => Promise.resolve([]) };
    const index: SearchIndex = { ...embedded.index, search: (...given) => this.search(...given) };
    const log = { info: () => undefined, error: (code: string) => void this.logged.push(code) };
    return { ...embedded, config: { ...embedded.config, contextWindow: () => this.contextWindow }, model, index, log, owner, isGone: () => false };
  }

  /** On a thread with one message. `threadStore`: the thread's own store, which is made with it. */
  async newRun({ threadStore, ...given }: Partial<RunOverrides> & { threadStore?: VectorStore } = {}): Promise<Run> {
    const world = this.world();
    if (threadStore) await world.commit({ name: 'put', writes: [create('vector_store', threadStore)] });
    const message = { role: 'user' as const, content: [text('Hello')], attachments: [], metadata: {} };
    const toolResources = threadStore ? { resources: { file_search: { vector_store_ids: [threadStore.id] } } } : undefined;
    const thread = await createThread(world, PROJECT, { messages: [message], metadata: {}, toolResources });
    return runOf(world, thread.id, given);
  }

  drive(run: Run, owner?: string, giveBack?: AbortSignal): Promise<Outcome> {
    return handleJob(this.world(owner), this.signals, { job: driveJob(run, this.clock.nowMs()).job, attempt: 1 }, giveBack);
  }

  /** The run as it is, once it has been driven to its rest. */
  async driven(run: Run): Promise<Run> {
    await this.drive(run);
    return this.runNow(run);
  }

  runNow(run: Run): Promise<Run> {
    return storedRun(this.#still.embedded, run);
  }

  stepsOf(run: Run): Promise<RunStep[]> {
    return storedSteps(this.#still.embedded, run);
  }

  async change({ id }: VectorStore, fields: Partial<VectorStore>): Promise<void> {
    const before = (await this.#still.embedded.store.get(keys.vectorStore(PROJECT, id))) as VectorStore;
    await this.#still.embedded.commit({ name: 'change', writes: [update('vector_store', before, { ...before, ...fields })] });
  }

  /** What the model was shown of its searches in the latest request. */
  get shown(): string[] {
    return (this.requests.at(-1)?.messages ?? []).flatMap(({ role, content }) => (role === 'tool' && typeof content === 'string' ? [content] : []));
  }

  async *#say(request: ModelRequest): AsyncIterable<ModelChunk> {
    this.requests.push(request);
    await turn();
    yield* this.answer(request);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await turn();
    this.#still.close();
  }
}
