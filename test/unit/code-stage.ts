/** An embedded world on a clock that stands still, whose assistant executes code; the model answers as it is told, and the sandbox too. */
import { setImmediate as turn } from 'node:timers/promises';
import { newFile } from '../../shared/actions/create-file.ts';
import { createThread } from '../../shared/actions/create-thread.ts';
import { reapRemoved } from '../../shared/actions/reap-removed.ts';
import { driveJob } from '../../shared/actions/run-jobs.ts';
import type { CodeSession } from '../../shared/domain/code-session.ts';
import type { File } from '../../shared/domain/file.ts';
import { newId } from '../../shared/domain/ids.ts';
import type { CodeOutputDelta, RunEvent } from '../../shared/domain/run-event.ts';
import { type CodeCall, type RunStep, codeOf } from '../../shared/domain/run-step.ts';
import type { Run, RunOverrides } from '../../shared/domain/run.ts';
import { handleJob } from '../../shared/engine/handle-job.ts';
import { RunSignals } from '../../shared/engine/run-signals.ts';
import { RunTellings } from '../../shared/engine/run-tellings.ts';
import { type Change, type Scheduled, create, update } from '../../shared/ports/commit.ts';
import type { Model, ModelChunk, ModelRequest } from '../../shared/ports/model.ts';
import type { Outcome } from '../../shared/ports/queue.ts';
import { keys } from '../../shared/ports/store.ts';
import type { World } from '../../shared/ports/world.ts';
import type { ManualClock } from '../support/manual-clock.ts';
import { PROJECT, text } from './sample-records.ts';
import { ScriptedSandbox } from './scripted-sandbox.ts';
import { type StillWorld, openStillWorld, runOf, storedRun, storedSteps } from './still-world.ts';

const usage = { prompt_tokens: 10, completion_tokens: 3, total_tokens: 13 };
export const says = (content: string): ModelChunk[] => [{ choices: [{ index: 0, delta: { content }, finish_reason: 'stop' }], usage }];
type Asked = [name: string, args: string];
export const code = (input: string): Asked => ['code_interpreter', JSON.stringify({ code: input })];
export const asks = (...calls: Asked[]): ModelChunk[] => [
  { choices: [{ index: 0, delta: { tool_calls: calls.map(([name, args], index) => ({ index, id: `call_${index}`, type: 'function', function: { name, arguments: args } })) }, finish_reason: 'tool_calls' }], usage },
];
export const ONE_CALL = { promptTokens: 10, completionTokens: 3, cachedTokens: 0, reasoningTokens: 0 };

/** The signals of one process, and what its drivers tell. */
function listening(events: RunEvent[]): RunSignals {
  class Heard extends RunTellings {
    override begin(...given: Parameters<RunTellings['begin']>): ReturnType<RunTellings['begin']> {
      const told = super.begin(...given);
      return { tell: (event) => (events.push(event), told.tell(event)), end: () => told.end() };
    }
  }
  return Object.assign(new RunSignals(), { tellings: new Heard() });
}

export class CodeStage implements AsyncDisposable {
  readonly clock: ManualClock;
  readonly sandbox = new ScriptedSandbox();
  readonly answers: ModelChunk[][] = [];
  readonly requests: ModelRequest[] = [];
  readonly logged: string[] = [];
  readonly committed: string[] = [];
  readonly jobs: Scheduled[] = [];
  readonly events: RunEvent[] = [];
  /** What happens before a commit; it fails as this does. */
  before: (change: Change) => Promise<void> = () => Promise.resolve();
  /** Processes that stand still for ever. */
  readonly dead = new Set<string>();
  /** What other blobs do. */
  blobs: Partial<World['blobs']> = {};
  readonly #still: StillWorld;
  readonly #signals = new Map<string, RunSignals>();
  readonly #blobs = new Set<string>();

  static async start(): Promise<CodeStage> {
    return new CodeStage(await openStillWorld({ tools: [{ type: 'code_interpreter' }] }));
  }

  private constructor(still: StillWorld) {
    this.#still = still;
    this.clock = still.clock;
  }

  /** As one process among several has it: who dies is known to nobody. */
  world(owner = 'first'): World {
    const { embedded } = this.#still;
    const isDead = () => this.dead.has(owner);
    const clock = { nowMs: () => this.clock.nowMs(), after: (ms: number, fn: () => void) => this.clock.after(ms, () => !isDead() && fn()) };
    const model: Model = { stream: (request) => this.#say(request), list: () => Promise.resolve([]) };
    const log = { info: () => undefined, error: (said: string) => void this.logged.push(said) };
    const commit: World['commit'] = async (change) => {
      if (isDead()) return new Promise(() => undefined);
      await this.before(change);
      await embedded.commit(change);
      this.committed.push(change.name);
      this.jobs.push(...(change.jobs ?? []));
    };
    const blobs: World['blobs'] = { ...embedded.blobs, put: (key, ...rest) => (this.#blobs.add(key), embedded.blobs.put(key, ...rest)), ...this.blobs };
    return { ...embedded, clock, model, log, commit, blobs, sandbox: this.sandbox, owner, isGone: () => false };
  }

  signals(owner = 'first'): RunSignals {
    const known = this.#signals.get(owner) ?? listening(this.events);
    this.#signals.set(owner, known);
    return known;
  }

  /** On this thread, or on a new one with one message. `files`: those that the thread gives its code. */
  async newRun({ threadId, files = [], ...given }: Partial<RunOverrides> & { threadId?: string; files?: File[] } = {}): Promise<Run> {
    const world = this.world();
    const message = { role: 'user' as const, content: [text('Hello')], attachments: [], metadata: {} };
    const toolResources = { resources: { code_interpreter: { file_ids: files.map(({ id }) => id) } } };
    const on = threadId ?? (await createThread(world, PROJECT, { messages: [message], metadata: {}, toolResources })).id;
    return runOf(world, on, given);
  }

  drive(run: Run, owner?: string, giveBack?: AbortSignal): Promise<Outcome> {
    return handleJob(this.world(owner), this.signals(owner), { job: driveJob(run, this.clock.nowMs()).job, attempt: 1 }, giveBack);
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

  async callsOf(run: Run): Promise<CodeCall[]> {
    return (await this.stepsOf(run)).flatMap(codeOf);
  }

  sessionOf({ threadId }: Pick<Run, 'threadId'>): Promise<CodeSession | undefined> {
    return this.#still.embedded.store.get(keys.codeSession(PROJECT, threadId));
  }

  async newFile(filename: string, content: string, bytes = Buffer.byteLength(content)): Promise<File> {
    const key = `files/${PROJECT}/${newId('upload', this.clock.nowMs())}`;
    const file = newFile(this.clock.nowMs(), PROJECT, { filename, purpose: 'assistants' }, [{ key, bytes }]);
    await this.#still.embedded.blobs.put(key, Buffer.from(content), 'text/plain');
    await this.#still.embedded.commit({ name: 'put', writes: [create('file', file)] });
    return file;
  }

  /** What the answers link, as it was told. */
  get links(): string[] {
    const said = this.events.flatMap((event) => (event.type === 'thread.message.delta' ? event.content : []));
    return said.flatMap((part) => (part.type === 'text' ? (part.text.annotations ?? []) : [])).flatMap((found) => (found.type === 'file_path' ? [found.file_path.file_id] : []));
  }

  /** Files that were made of what code has left, oldest first. */
  async made(): Promise<File[]> {
    const { items } = await this.#still.embedded.store.page('file', [PROJECT], { order: 'asc', limit: 200 });
    return items.filter(({ purpose }) => purpose === 'assistants_output');
  }

  async contentOf({ pieces }: File): Promise<string> {
    const found = await Promise.all(pieces.map(async ({ key }) => new Response((await this.#still.embedded.blobs.read(key))?.body).text()));
    return found.join('');
  }

  /** What is on its way in and nobody's. */
  async incoming(): Promise<string[]> {
    const { items } = await this.#still.embedded.store.page('upload', [PROJECT], { order: 'asc', limit: 200 });
    return items.filter(({ status }) => status === 'incoming').map(({ id }) => id);
  }

  /** What was ever put there and is not removed, once the feed has told all that there is to tell. */
  async blobsLeft(): Promise<string[]> {
    const told = this.#still.embedded.feed.consume(async (event) => void (event.type === 'removed' && (await reapRemoved(this.world(), event))));
    await this.until(() => Number(this.#still.embedded.db.sql('SELECT count(*) AS count FROM outbox').get()?.['count']) === 0);
    told.stop();
    const left = await Promise.all([...this.#blobs].map(async (key) => ({ key, blob: await this.#still.embedded.blobs.read(key) })));
    const found = left.flatMap(({ key, blob }) => (blob ? [{ key, body: blob.body }] : []));
    await Promise.all(found.map(({ body }) => body.cancel()));
    return found.map(({ key }) => key);
  }

  /** Waits, without the clock, until this is so. */
  async until(isSo: () => boolean): Promise<void> {
    for (let turns = 0; !isSo(); turns++) {
      if (turns === 20_000) throw new Error(`never so: ${isSo.toString()}`);
      await turn();
    }
  }

  /** As another process does, of whom the driver does not know yet. */
  async relabel(run: Run): Promise<void> {
    const stored = await this.runNow(run);
    await this.#still.embedded.commit({ name: 'rival', writes: [update('run', stored, { ...stored, metadata: { by: 'rival' } })] });
  }

  /** The logs that were told, piece by piece. */
  get toldLogs(): string[] {
    return this.outputsTold.flatMap((output) => (output.type === 'logs' ? [output.logs] : []));
  }

  get outputsTold(): CodeOutputDelta[] {
    const deltas = this.events.flatMap((event) => (event.type === 'thread.run.step.delta' ? event.toolCalls : []));
    return deltas.flatMap((delta) => (delta.type === 'code_interpreter' ? (delta.code_interpreter.outputs ?? []) : []));
  }

  /** What the model was shown of its calls in the latest request. */
  get shown(): string[] {
    return (this.requests.at(-1)?.messages ?? []).flatMap(({ role, content }) => (role === 'tool' && typeof content === 'string' ? [content] : []));
  }

  async *#say(request: ModelRequest): AsyncGenerator<ModelChunk> {
    this.requests.push(request);
    await turn();
    const answer = this.answers.shift();
    if (!answer) throw new Error('a call that no answer is left for');
    yield* answer;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await turn();
    this.#still.close();
    if (this.sandbox.unforeseen.length > 0) throw new Error(`never foreseen: ${this.sandbox.unforeseen.join(', ')}`);
  }
}
