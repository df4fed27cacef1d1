/** A call to a model as the suites make it, and what they read out of its chunks. */
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { Model, ModelChunk, ModelRequest } from '../../../shared/ports/model.ts';

export type MakeModel = (upstream: { baseUrl: string; apiKey: string; aliases: ReadonlyMap<string, string> }) => Model;

export const REQUEST: ModelRequest = { model: 'gpt-4o', messages: [{ role: 'user', content: 'Hi' }] };

export const never = (): AbortSignal => new AbortController().signal;

export async function collect(chunks: AsyncIterable<ModelChunk>): Promise<ModelChunk[]> {
  const all: ModelChunk[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return all;
}

const choicesOf = (chunks: ModelChunk[]) => chunks.flatMap((chunk) => chunk.choices ?? []);
export const deltasOf = (chunks: ModelChunk[]) => choicesOf(chunks).flatMap((choice) => choice.delta ?? []);
export const textOf = (...chunks: ModelChunk[]): string => deltasOf(chunks).map((delta) => delta.content ?? '').join('');
export const finishOf = (chunks: ModelChunk[]): string => choicesOf(chunks).flatMap((choice) => choice.finish_reason ?? []).join();

/** A server that answers every request with `listener`, for what the scripted model is too well-mannered to say. */
export class RudeServer implements AsyncDisposable {
  readonly baseUrl: string;
  readonly #server;

  static async start(listener: RequestListener): Promise<RudeServer> {
    const server = createServer(listener).listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new RudeServer(server);
  }

  private constructor(server: ReturnType<typeof createServer>) {
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('the server has no port');
    this.baseUrl = `http://127.0.0.1:${address.port}/v1`;
    this.#server = server;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }
}
