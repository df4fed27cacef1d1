/** Vectors of texts, through the official client. */
import type OpenAI from 'openai';
import * as z from 'zod';
import type { EmbedRequest } from '../ports/model.ts';
import { toModelError } from './model-errors.ts';

/** Numbers were asked for; some servers send base64 of little-endian 32-bit floats whatever they are asked. What the numbers are is looked at below, faster. */
const Answer = z.object({ data: z.array(z.object({ index: z.int().optional(), embedding: z.union([z.custom<number[]>(Array.isArray), z.base64()]) })) });

export async function embedTexts(client: OpenAI, { model, dimensions, texts }: EmbedRequest, signal: AbortSignal): Promise<Float32Array[]> {
  signal.throwIfAborted();
  if (texts.length === 0) return [];
  try {
    const answer = await client.embeddings.create({ model, input: [...texts], encoding_format: 'float', ...(dimensions !== undefined && { dimensions }) }, { signal });
    const parsed = Answer.safeParse(answer);
    if (!parsed.success) throw new Error('the embedding model answered without vectors', { cause: parsed.error });
    return inOrder(parsed.data.data, texts.length);
  } catch (error) {
    signal.throwIfAborted();
    throw toModelError(error);
  }
}

/** Of an answer that does not fit the question nothing can be used: no vector of it is known to be the right one. */
function inOrder(data: z.infer<typeof Answer>['data'], count: number): Float32Array[] {
  const vectors = new Map(data.map(({ index, embedding }, at) => [index ?? at, toVector(embedding)]));
  const ordered = Array.from({ length: count }, (_, at) => vectors.get(at)).filter((vector) => vector !== undefined);
  if (data.length !== count || ordered.length !== count) throw new Error(`the embedding model answered ${count} texts with ${data.length} vectors that are not one each`);
  const length = ordered[0]?.length ?? 0;
  if (length === 0 || ordered.some((vector) => vector.length !== length || !vector.every(Number.isFinite))) throw new Error('the embedding model answered with vectors that cannot be compared');
  return ordered;
}

function toVector(embedding: number[] | string): Float32Array {
  if (typeof embedding !== 'string') return Float32Array.from(embedding);
  const bytes = Buffer.from(embedding, 'base64');
  return Float32Array.from({ length: Math.floor(bytes.length / 4) }, (_, at) => bytes.readFloatLE(at * 4));
}
