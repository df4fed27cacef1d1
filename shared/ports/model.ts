/** The language model: Chat Completions, always streamed. Types are the official client's own. */
import type { ChatCompletionChunk, ChatCompletionCreateParamsStreaming } from 'openai/resources/chat/completions';

export type ModelRequest = Omit<ChatCompletionCreateParamsStreaming, 'stream' | 'stream_options'>;
/** Less than the official type promises: not every provider sends choices with every chunk, or a delta with every choice. */
export interface ModelChunk {
  choices?: Partial<ChatCompletionChunk.Choice>[];
  usage?: ChatCompletionChunk['usage'];
}

export interface ModelInfo {
  id: string;
  /** Unix seconds. */
  created: number;
  ownedBy: string;
}

export interface EmbedRequest {
  model: string;
  /** Left to the model when absent. */
  dimensions?: number | undefined;
  texts: readonly string[];
}

export interface Model {
  /** Rejects or throws ModelError alone, except when `signal` aborts: then with the signal's reason. Never retries. */
  stream(request: ModelRequest, signal: AbortSignal): AsyncIterable<ModelChunk>;
  list(): Promise<ModelInfo[]>;
  /** A vector for each text, in their order. Fails as `stream` does. Absent where the provider has none. */
  embed?(request: EmbedRequest, signal: AbortSignal): Promise<Float32Array[]>;
}

/**
 * Why a call failed. `unavailable` and `rate_limited` may pass by themselves; the others will not.
 * `unavailable`: 5xx, no connection, a stream cut off. `unauthorized`: 401 and 403, the operator's to mend. `rejected` is every other 4xx.
 */
export type ModelErrorKind = 'unavailable' | 'rate_limited' | 'quota_exceeded' | 'context_overflow' | 'content_filter' | 'unauthorized' | 'rejected';

export class ModelError extends Error {
  readonly kind: ModelErrorKind;
  /** What the provider asked us to wait, if it did. */
  readonly retryAfterMs: number | undefined;
  constructor(kind: ModelErrorKind, message: string, options: { retryAfterMs?: number | undefined; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.name = 'ModelError';
    this.kind = kind;
    this.retryAfterMs = options.retryAfterMs;
  }
}
