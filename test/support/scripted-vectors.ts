/** The vectors that the scripted model answers with: the same for the same text, alike for texts that share words or parts of words. */
import { createHash } from 'node:crypto';

/** The body of a request, as the official client types it, with the form of input that we send. */
export interface EmbedBody {
  model: string;
  input: string[];
  dimensions?: number;
  encoding_format?: string;
}

export interface Embedded {
  object: 'embedding';
  index: number;
  embedding: number[];
}

/** Dimensions of OpenAI's models. */
const LENGTHS: Record<string, number> = { 'text-embedding-3-large': 3072, 'text-embedding-3-small': 1536, 'text-embedding-ada-002': 1536 };

const MOST_INPUTS = 2048;
/** At four characters a token: the real API takes 300,000 tokens a request, and 8191 an input. */
const MOST_CHARACTERS = 1_200_000;
const MOST_CHARACTERS_OF_ONE = 32_764;

/** What the real API would say to `body`, or undefined if it would embed. */
export function embedRefusalOf({ model, input, dimensions }: EmbedBody): { status: 400 | 404; message: string } | undefined {
  const most = LENGTHS[model];
  if (most === undefined) return { status: 404, message: `The model '${model}' does not exist` };
  const refused = (message: string) => ({ status: 400 as const, message });
  if (dimensions !== undefined && !model.startsWith('text-embedding-3')) return refused(`${model} does not let itself be asked for dimensions`);
  if (dimensions !== undefined && !(Number.isInteger(dimensions) && dimensions >= 1 && dimensions <= most)) return refused(`'dimensions' is ${dimensions}, ${model} has ${most}`);
  if (!Array.isArray(input) || input.length === 0 || input.length > MOST_INPUTS) return refused(`'input' has ${Array.isArray(input) ? input.length : 'no'} texts (1 to ${MOST_INPUTS} are allowed)`);
  const bad = input.findIndex((text) => typeof text !== 'string' || text === '' || text.length > MOST_CHARACTERS_OF_ONE);
  if (bad !== -1) return refused(`input[${bad}] is empty or too long: ${input[bad]?.length} characters`);
  const characters = input.reduce((sum, { length }) => sum + length, 0);
  return characters > MOST_CHARACTERS ? refused(`'input' has ${characters} characters`) : undefined;
}

/** The usual answer. */
export function embeddingsOf({ model, input, dimensions }: EmbedBody, change: (data: Embedded[]) => object[]): object {
  const data = input.map((text, index) => ({ object: 'embedding' as const, index, embedding: [...vectorOf(text, dimensions ?? LENGTHS[model] ?? 256)] }));
  return { object: 'list', model, data: change(data), usage: { prompt_tokens: input.length, total_tokens: input.length } };
}

/** Each word and each three letters of one is hashed to a place and a sign; of length 1. */
export function vectorOf(text: string, dimensions: number): Float32Array {
  const vector = new Float32Array(dimensions);
  for (const word of text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [text]) {
    add(vector, word, 1);
    for (let at = 0; at + 3 <= word.length; at++) add(vector, `-${word.slice(at, at + 3)}`, 0.3);
  }
  const size = Math.hypot(...vector) || 1;
  return vector.map((value) => value / size);
}

function add(vector: Float32Array, feature: string, weight: number): void {
  const hash = createHash('md5').update(feature).digest();
  const at = hash.readUInt32LE(0) % vector.length;
  vector[at] = (vector[at] ?? 0) + ((hash[4] ?? 0) % 2 === 0 ? weight : -weight);
}
