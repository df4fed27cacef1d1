/** The calls of a step as an export has them, and back. */
import * as z from 'zod';
import { type RunStep, SearchRanking, searchesOf } from '../domain/run-step.ts';
import { toWireStep } from '../wire/run-step.ts';

/** The step as the API returns it, its searches with the texts that they found and with what the API does not say of them. */
export function toDetailedStep(step: RunStep) {
  const wire = toWireStep(step, { withContent: true });
  if (wire.step_details.type !== 'tool_calls') return wire;
  const searches = new Map(searchesOf(step).map((call) => [call.id, call]));
  const tool_calls = wire.step_details.tool_calls.map((call) => {
    const search = searches.get(call.id);
    if (call.type !== 'file_search' || !search) return call;
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
  });
  return { ...wire, step_details: { type: 'tool_calls', tool_calls } };
}

const FoundShape = z.object({
  file_id: z.string(),
  file_name: z.string(),
  score: z.number(),
  attributes: z.unknown().optional(),
  content: z.array(z.object({ text: z.string() })).nullish(),
  vector_store_id: z.string().nullish(),
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
});

/** What the record's own schema is then to check. */
export function fromCall({ id, type, function: called, file_search: search }: z.infer<typeof CallShape>): Record<string, unknown> {
  if (type !== 'file_search' || !search) return { id, type, ...called, ...(called && { output: called.output ?? undefined }) };
  const results = (search.results ?? []).map((found) => ({
    fileId: found.file_id,
    filename: found.file_name,
    score: found.score,
    attributes: found.attributes ?? {},
    vectorStoreId: found.vector_store_id ?? undefined,
    text: (found.content ?? []).map(({ text }) => text).join('\n'),
  }));
  return {
    id,
    type,
    arguments: search.arguments ?? '{}',
    rankingOptions: search.ranking_options ?? { ranker: 'default_2024_08_21', score_threshold: 0 },
    ordinal: search.ordinal ?? undefined,
    note: search.note ?? undefined,
    ...(!search.is_cut && { results }),
  };
}
