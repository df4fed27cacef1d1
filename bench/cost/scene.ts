/** One thread with one run on it, and what each part of it causes. */
import type OpenAI from 'openai';
import type { Step } from '../../test/support/scripted-model.ts';
import type { Counts } from './counts.ts';
import type { CostStage } from './stage.ts';

const SENTENCE = 'People write about as much as this before they come to the point. ';
/** A text of so many bytes. */
export const textOf = (bytes: number): string => SENTENCE.repeat(Math.ceil(bytes / SENTENCE.length)).slice(0, bytes);

export interface Settings {
  /** In the thread when the run begins, the message that asks included. */
  messages: number;
  truncation?: OpenAI.Beta.Threads.RunCreateParams.TruncationStrategy;
  /** In bytes. */
  instructions?: number;
  question?: number;
  answer?: number;
  tools?: boolean;
}

export const USUAL = { instructions: 100, question: 100, answer: 400 };

/** What each part has caused, in order. */
export type Parts = Record<string, Counts>;

const TOOL = { type: 'function' as const, function: { name: 'look_up', description: 'Looks something up.', parameters: { type: 'object', properties: { what: { type: 'string' } } } } };

export class Scene {
  readonly stage: CostStage;
  readonly threadId: string;
  readonly parts: Parts = {};
  readonly answer: string;
  readonly #params: OpenAI.Beta.Threads.RunCreateParamsNonStreaming;

  private constructor(stage: CostStage, threadId: string, params: OpenAI.Beta.Threads.RunCreateParamsNonStreaming, answer: string) {
    this.stage = stage;
    this.threadId = threadId;
    this.answer = answer;
    this.#params = params;
  }

  /** A thread whose last message was just added. */
  static async open(stage: CostStage, { messages, truncation, tools = false, ...bytes }: Settings): Promise<Scene> {
    const { instructions, question, answer } = { ...USUAL, ...bytes };
    const assistant = await stage.client.beta.assistants.create({ model: 'gpt-4o', instructions: textOf(instructions), tools: tools ? [TOOL] : [] });
    const threadId = await stage.newThread(messages - 1);
    const scene = new Scene(stage, threadId, { assistant_id: assistant.id, ...(truncation && { truncation_strategy: truncation }) }, textOf(answer));
    await stage.settle();
    stage.take();
    await scene.part('message', () => stage.client.beta.threads.messages.create(threadId, { role: 'user', content: textOf(question) }));
    return scene;
  }

  get runs(): OpenAI['beta']['threads']['runs'] {
    return this.stage.client.beta.threads.runs;
  }

  /** Does a part and counts what comes of it, to its last consequence. */
  async part<T>(name: string, work: () => Promise<T>): Promise<T> {
    const result = await work();
    await this.stage.settle();
    this.#count(name);
    return result;
  }

  /** Counts what a part has caused when it resolves, though it goes on. */
  async beginning<T>(name: string, work: () => Promise<T>): Promise<T> {
    const result = await work();
    this.#count(name, false);
    return result;
  }

  /** Starts a run that a worker drives, which asks the model for this. */
  async start(step: Step): Promise<string> {
    this.stage.model.script(step);
    return (await this.queued(() => this.create())).id;
  }

  create() {
    return this.runs.create(this.threadId, this.#params);
  }

  /** Asks for what a worker is to do; that begins when the client has its answer. */
  async queued<T>(ask: () => Promise<T>): Promise<T> {
    this.stage.worker.close();
    try {
      return await ask();
    } finally {
      this.stage.worker.open();
    }
  }

  stream() {
    return this.runs.create(this.threadId, { ...this.#params, stream: true });
  }

  /** Reads a stream to its end. */
  async read(stream: Awaited<ReturnType<Scene['stream']>>): Promise<void> {
    let last = '';
    for await (const { event } of stream) last = event;
    if (last !== 'thread.run.completed') throw new Error(`a stream ended with ${last}`);
  }

  /** One look at the run by its client, which has to find it so. What the looks before this one cost does not depend on when they came. */
  async poll(runId: string, status: OpenAI.Beta.Threads.RunStatus, name = 'poll'): Promise<OpenAI.Beta.Threads.Run> {
    const run = await this.part(name, () => this.runs.retrieve(runId, { thread_id: this.threadId }));
    if (run.status !== status) throw new Error(`a run is ${run.status}, not ${status}`);
    return run;
  }

  async readAnswer(): Promise<void> {
    await this.part('list', () => this.stage.client.beta.threads.messages.list(this.threadId, { limit: 1 }));
  }

  #count(name: string, atRest = true): void {
    this.parts[name] = this.stage.take(atRest);
  }
}
