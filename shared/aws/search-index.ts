/** The search index, asked through the one function that has it: what it is made of is too large to stand in every function. */
import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import * as z from 'zod';
import { type Clock, within } from '../domain/clock.ts';
import type { SearchIndex } from '../ports/search-index.ts';
import { missing } from './queue.ts';

const Place = z.strictObject({ projectId: z.string(), vectorStoreId: z.string() });
const Query = z.strictObject({ text: z.string(), vector: z.array(z.number()).optional(), limit: z.int(), fileIds: z.array(z.string()).optional() });
const Question = z.discriminatedUnion('do', [
  z.strictObject({ do: z.literal('search'), place: Place, query: Query }),
  z.strictObject({ do: z.literal('read'), place: Place, indexId: z.string(), fromSeq: z.int(), limit: z.int() }),
]);
type Question = z.infer<typeof Question>;

const Hits = z.array(z.strictObject({ fileId: z.string(), indexId: z.string(), seq: z.int(), text: z.string(), score: z.number(), best: z.strictObject({ meaning: z.number().optional(), words: z.number().optional() }).optional() }));
const Chunks = z.array(z.strictObject({ seq: z.int(), text: z.string(), overlap: z.int() }));

/** Longer than any search takes, shorter than the function that does it may. */
const LONGEST_MS = 50_000;
/** In bytes of JSON. Lambda lets an answer have 6 MB. */
const MOST_ANSWERED = 5_500_000;

/** What the function that searches does with a question. */
export async function answerSearch(index: Pick<SearchIndex, 'search' | 'read'>, payload: unknown): Promise<object[]> {
  const question = Question.parse(payload);
  if (question.do === 'read') return thatFit(await index.read(question.place, question.indexId, question.fromSeq, question.limit));
  const { vector, ...query } = question.query;
  return thatFit(await index.search(question.place, { ...query, ...(vector && { vector: Float32Array.from(vector) }) }));
}

/** The first of them, as many as an answer can hold. */
function thatFit<T extends object>(found: T[]): T[] {
  let bytes = 2;
  const end = found.findIndex((each) => (bytes += Buffer.byteLength(JSON.stringify(each)) + 1) > MOST_ANSWERED);
  return end === -1 ? found : found.slice(0, end);
}

export interface RemoteIndexParts {
  lambda: LambdaClient;
  clock: Clock;
  /** Absent where nobody searches. */
  functionArn: string | undefined;
}

/** To look things up; to change the index is for those who have it. */
export function makeRemoteIndex(parts: RemoteIndexParts): SearchIndex {
  const absent = async () => missing('search index');
  return {
    add: absent,
    standing: absent,
    remove: absent,
    drop: absent,
    tidy: absent,
    async search(place, { vector, fileIds, ...query }) {
      const asked = { ...query, ...(vector && { vector: [...vector] }), ...(fileIds && { fileIds: [...fileIds] }) };
      return Hits.parse(await ask(parts, { do: 'search', place, query: asked }));
    },
    async read(place, indexId, fromSeq, limit) {
      return Chunks.parse(await ask(parts, { do: 'read', place, indexId, fromSeq, limit }));
    },
  };
}

/** Asked twice, because to look again does no harm. */
async function ask(parts: RemoteIndexParts, question: Question): Promise<unknown> {
  try {
    return await invoke(parts, question);
  } catch {
    return invoke(parts, question);
  }
}

async function invoke({ lambda, clock, functionArn = missing('function that searches') }: RemoteIndexParts, question: Question): Promise<unknown> {
  const late = () => new Error(`the search took longer than ${LONGEST_MS / 1000} seconds`);
  const { Payload = new Uint8Array(), FunctionError: failure } = await within(clock, { ms: LONGEST_MS, late }, (abortSignal) =>
    lambda.send(new InvokeCommand({ FunctionName: functionArn, InvocationType: 'RequestResponse', Payload: JSON.stringify(question) }), { abortSignal }),
  );
  const answer = Buffer.from(Payload).toString();
  // What the function says of its failure is in its own log.
  if (failure !== undefined) throw new Error('the function that searches has failed');
  return JSON.parse(answer) as unknown;
}
