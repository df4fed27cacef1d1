/** The calls of a step as an export has them, and back. */
import * as z from 'zod';
import { type CodeCall, type FileSearchCall, type RunStep, SearchRanking, codeOf, searchesOf } from '../domain/run-step.ts';
import { toWireStep } from '../wire/run-step.ts';

type WireCall = Extract<ReturnType<typeof toWireStep>['step_details'], { type: 'tool_calls' }>['tool_calls'][number];

/** The step as the API returns it, its searches with the texts that they found, and searches and code with what the API does not say of them. */
export function toDetailedStep(step: RunStep) {
  const wire = toWireStep(step, { withContent: true });
  if (wire.step_details.type !== 'tool_calls') return wire;
  const searches = new Map(searchesOf(step).map((call) => [call.id, call]));
  const codes = new Map(codeOf(step).map((call) => [call.id, call]));
  const tool_calls = wire.step_details.tool_calls.map((call) => {
    const [search, code] = [searches.get(call.id), codes.get(call.id)];
    if (call.type === 'file_search' && search) return detailedSearch(call, search);
    return call.type === 'code_interpreter' && code ? detailedCode(call, code) : call;
  });
  return { ...wire, step_details: { type: 'tool_calls', tool_calls } };
}

function detailedSearch(call: Extract<WireCall, { type: 'file_search' }>, search: FileSearchCall) {
  const { results = [], ...file_search } = call.file_search as { results?: object[] };
  const stored = search.results;
  return {
    ...call,
    file_search: {
      ...file_search,
      results: results.map((result, at) => ({ ...result, vector_store_id: stored?.[at]?.vectorStoreId ?? null })),
      arguments: search.arguments,
      ordinal: search.ordinal ?? null,
      note: search.note ?? null,
      ...(!stored && { is_cut: true }),
    },
  };
}

const detailedCode = (call: Extract<WireCall, { type: 'code_interpreter' }>, { files, note, outputs }: CodeCall) => ({
  ...call,
  code_interpreter: {
    ...call.code_interpreter,
    files: files?.map(({ path, fileId, bytes }) => ({ path, file_id: fileId, bytes })) ?? null,
    note: note ?? null,
    ...(!outputs && { is_cut: true }),
  },
});

const FoundShape = z.object({
  file_id: z.string(),
  file_name: z.string(),
  score: z.number(),
  attributes: z.unknown().optional(),
  content: z.array(z.object({ text: z.string() })).nullish(),
  vector_store_id: z.string().nullish(),
});

const OutputShape = z.discriminatedUnion('type', [
  z.object({ type: z.literal('logs'), logs: z.string() }),
  z.object({ type: z.literal('image'), image: z.object({ file_id: z.string() }) }),
]);

const CodeShape = z.object({
  input: z.string(),
  outputs: z.array(OutputShape).nullish(),
  files: z.array(z.object({ path: z.string(), file_id: z.string(), bytes: z.int() })).nullish(),
  note: z.string().nullish(),
  is_cut: z.boolean().nullish(),
});

export const CallShape = z.object({
  id: z.string(),
  type: z.string(),
  function: z.object({ name: z.string(), arguments: z.string(), output: z.string().nullish() }).optional(),
  file_search: z
    .object({
      ranking_options: SearchRanking.nullish(),
      results: z.array(FoundShape).nullish(),
      arguments: z.string().nullish(),
      ordinal: z.int().nullish(),
      note: z.string().nullish(),
      is_cut: z.boolean().nullish(),
    })
    .optional(),
  code_interpreter: CodeShape.optional(),
});

/** What the record's own schema is then to check. */
export function fromCall({ id, type, function: called, file_search: search, code_interpreter: code }: z.infer<typeof CallShape>): Record<string, unknown> {
  if (type === 'file_search' && search) return { id, type, ...fromSearch(search) };
  if (type === 'code_interpreter' && code) return { id, type, ...fromCode(code) };
  return { id, type, ...called, ...(called && { output: called.output ?? undefined }) };
}

function fromSearch(search: NonNullable<z.infer<typeof CallShape>['file_search']>): Record<string, unknown> {
  const results = (search.results ?? []).map((found) => ({
    fileId: found.file_id,
    filename: found.file_name,
    score: found.score,
    attributes: found.attributes ?? {},
    vectorStoreId: found.vector_store_id ?? undefined,
    text: (found.content ?? []).map(({ text }) => text).join('\n'),
  }));
  return {
    arguments: search.arguments ?? '{}',
    rankingOptions: search.ranking_options ?? { ranker: 'default_2024_08_21', score_threshold: 0 },
    ordinal: search.ordinal ?? undefined,
    note: search.note ?? undefined,
    ...(!search.is_cut && { results }),
  };
}

const fromCode = ({ input, outputs, files, note, is_cut: isCut }: z.infer<typeof CodeShape>): Record<string, unknown> => ({
  input,
  ...(!isCut && { outputs: (outputs ?? []).map((output) => (output.type === 'logs' ? output : { type: output.type, fileId: output.image.file_id })) }),
  files: files?.map(({ path, file_id: fileId, bytes }) => ({ path, fileId, bytes })),
  note: note ?? undefined,
});
