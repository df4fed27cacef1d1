/** Any OpenAI-compatible endpoint, through the official client. */
import OpenAI, { APIError, APIUserAbortError } from 'openai';
import type { Model, ModelChunk, ModelInfo, ModelRequest } from '../ports/model.ts';
import { embedTexts } from './embed.ts';
import { toModelError } from './model-errors.ts';
import { eventData } from './server-sent.ts';

const OPENAI_URL = 'https://api.openai.com/v1';
/** A list is asked for by a client that waits. */
const LIST_TIMEOUT_MS = 10_000;

export interface Upstream {
  baseUrl?: string | undefined;
  apiKey: string;
  /** Names that applications still use, and what serves them today. */
  aliases: ReadonlyMap<string, string>;
}

export function openAiModel({ baseUrl, apiKey, aliases }: Upstream): Required<Model> {
  // Retries are the engine's: only it knows what has been told already and how much time the run has left.
  // All that the client would else take from the environment, which is the applications': OPENAI_BASE_URL may well point at this server.
  const client = new OpenAI({
    apiKey,
    baseURL: baseUrl ?? OPENAI_URL,
    organization: null,
    project: null,
    webhookSecret: null,
    adminAPIKey: null,
    logLevel: 'off',
    maxRetries: 0,
  });
  return { ...clientModel(client, aliases), embed: (request, signal) => embedTexts(client, { ...request, model: aliases.get(request.model) ?? request.model }, signal) };
}

/** The model behind a client that makes no retries of its own. Without embeddings, which not every endpoint has. */
export function clientModel(client: OpenAI, aliases: Upstream['aliases']): Model {
  return {
    stream: (request, signal) => streamChunks(client, { ...request, model: aliases.get(request.model) ?? request.model }, signal),
    async list() {
      const models = await listModels(client);
      const known = new Set(models.map(({ id }) => id));
      for (const [id] of aliases) if (!known.has(id)) models.push({ id, created: 0, ownedBy: 'threadkeep' });
      return models;
    },
  };
}

async function listModels(client: OpenAI): Promise<ModelInfo[]> {
  try {
    const models: ModelInfo[] = [];
    for await (const { id, created, owned_by } of client.models.list({ timeout: LIST_TIMEOUT_MS })) models.push({ id, created, ownedBy: owned_by });
    return models;
  } catch (error) {
    throw toModelError(error);
  }
}

async function* streamChunks(client: OpenAI, request: ModelRequest, signal: AbortSignal): AsyncGenerator<ModelChunk> {
  try {
    const body = { ...request, stream: true as const, stream_options: { include_usage: true } };
    const response = await client.chat.completions.create(body, { signal }).asResponse();
    if (!response.body) return;
    for await (const bundle of eventData(response.body, '[DONE]')) {
      for (const data of bundle) {
        // What had arrived before an abort is not told after it.
        signal.throwIfAborted();
        yield parseChunk(data);
      }
    }
    signal.throwIfAborted();
  } catch (error) {
    signal.throwIfAborted();
    throw error instanceof APIUserAbortError ? error : toModelError(error);
  }
}

/** A provider that fails in the middle of its answer says so in an event. */
function parseChunk(data: string): ModelChunk {
  const chunk = JSON.parse(data) as ModelChunk & { error?: { message?: string } };
  if (chunk.error) throw new APIError(undefined, chunk.error, undefined, undefined);
  return chunk;
}
