/** What every part of the bench works with: a model, a server, the official client to each, and the calls that are measured. */
import OpenAI from 'openai';
import { type Started, newFolder, startModel, startServer } from './processes.ts';

export const STREAM_TOKENS = 200;
export const POLLED_TOKENS = 20;
const QUESTION = 'What is the capital of France?';

export interface Bench {
  model: Started;
  /** For the server's own process, as `--cpu-prof`. */
  nodeArgs: string[];
}

export const openBench = async (nodeArgs: string[]): Promise<Bench> => ({ model: await startModel(), nodeArgs });

/** A server and an assistant on it. */
export class Lab {
  readonly server: Started;
  readonly kept: OpenAI;
  readonly direct: OpenAI;
  readonly assistantId: string;

  private constructor(server: Started, kept: OpenAI, direct: OpenAI, assistantId: string) {
    this.server = server;
    this.kept = kept;
    this.direct = direct;
    this.assistantId = assistantId;
  }

  static async open({ model, nodeArgs }: Bench, folder = newFolder()): Promise<Lab> {
    const server = await startServer(folder, model, nodeArgs);
    const kept = new OpenAI({ baseURL: server.baseUrl, apiKey: 'sk-local', maxRetries: 0 });
    const direct = new OpenAI({ baseURL: model.baseUrl, apiKey: 'bench', maxRetries: 0 });
    const assistant = await kept.beta.assistants.create({ model: `tokens-${STREAM_TOKENS}`, instructions: 'You are helpful.' });
    return new Lab(server, kept, direct, assistant.id);
  }

  close(): Promise<void> {
    return this.server.stop();
  }

  async newThread(): Promise<string> {
    return (await this.kept.beta.threads.create({ messages: [{ role: 'user', content: QUESTION }] })).id;
  }

  /** Straight to the model. Resolves to the time of the first piece of content. */
  async directStream(): Promise<number> {
    const startedMs = performance.now();
    const stream = await this.direct.chat.completions.create({
      model: `tokens-${STREAM_TOKENS}`,
      messages: [
        { role: 'system', content: 'You are helpful.' },
        { role: 'user', content: QUESTION },
      ],
      stream: true,
      stream_options: { include_usage: true },
    });
    const times: number[] = [];
    for await (const chunk of stream) if (chunk.choices[0]?.delta.content) times.push(performance.now() - startedMs);
    return firstOf(times, STREAM_TOKENS);
  }

  /** A streamed run, read to its end. Resolves to the time of the first piece of content. */
  async keptStream(threadId: string, options: { tokens?: number; truncation?: OpenAI.Beta.Threads.RunCreateParams.TruncationStrategy } = {}): Promise<number> {
    const tokens = options.tokens ?? STREAM_TOKENS;
    const startedMs = performance.now();
    const stream = await this.kept.beta.threads.runs.create(threadId, {
      assistant_id: this.assistantId,
      stream: true,
      ...(options.tokens !== undefined && { model: `tokens-${tokens}` }),
      ...(options.truncation && { truncation_strategy: options.truncation }),
    });
    const times: number[] = [];
    let last = '';
    for await (const { event } of stream) {
      last = event;
      if (event === 'thread.message.delta') times.push(performance.now() - startedMs);
    }
    if (last !== 'thread.run.completed') throw new Error(`a streamed run ended with ${last}`);
    return firstOf(times, tokens);
  }

  async fullStreamedRun(): Promise<void> {
    await this.keptStream(await this.newThread());
  }

  async fullPolledRun(tokens = POLLED_TOKENS): Promise<void> {
    const run = await this.kept.beta.threads.runs.createAndPoll(await this.newThread(), { assistant_id: this.assistantId, model: `tokens-${tokens}` });
    if (run.status !== 'completed' || run.usage?.completion_tokens !== tokens) throw new Error(`a polled run ended as ${run.status}`);
  }
}

function firstOf(times: readonly number[], expected: number): number {
  const [first] = times;
  if (first === undefined || times.length !== expected) throw new Error(`${times.length} tokens came instead of ${expected}`);
  return first;
}
