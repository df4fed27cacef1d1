/** The searches that the model has asked for in one answer, made by the run's driver. */
import { touchStore } from '../actions/vector-stores/usable.ts';
import { orAbort, within } from '../domain/clock.ts';
import type { FileSearchCall, FoundPassage, ToolCall } from '../domain/run-step.ts';
import { isFileSearchCall } from '../domain/run-step.ts';
import type { Run } from '../domain/run.ts';
import { type VectorStore, isStoreExpired } from '../domain/vector-store.ts';
import { keys } from '../ports/store.ts';
import type { World } from '../ports/world.ts';
import { searchStores } from '../tools/search-stores.ts';
import { MOST_QUERIES, MOST_SEARCHES, mostResults } from './offer-tools.ts';

/** Of one answer at once. */
const AT_ONCE = 4;
/** Texts of results that a step keeps, all searches of it together: it is read whole whenever the run goes on. */
const MOST_KEPT_BYTES = 1024 * 1024;
const LONGEST_QUERY = 2000;
/** In characters: what is read of a call's arguments, and how deep lists and objects may stand in each other there. */
const LONGEST_ARGUMENTS = 16 * 1024;
const DEEPEST = 8;
/** A search that takes longer has failed. */
const SEARCH_WITHIN_MS = 30_000;
/** The first search of a run has this number, as it often had at the hosted service. */
const FIRST_ORDINAL = 4;

/** A store, and what the model is told when it cannot be searched. */
interface Place {
  id: string;
  problem?: string;
  store?: VectorStore;
}

/**
 * The same calls with what their searches found. `made`: how many were made. A search that fails says so to the model, and the run goes on. Rejects with the
 * signal's reason when it aborts.
 */
export async function makeSearches(world: World, run: Run, calls: readonly ToolCall[], before: readonly FileSearchCall[], signal: AbortSignal): Promise<{ toolCalls: ToolCall[]; made: number }> {
  const searches = calls.filter(isFileSearchCall);
  if (searches.length === 0) return { toolCalls: [...calls], made: 0 };
  const allowed = searches.slice(0, Math.max(MOST_SEARCHES - before.length, 0));
  const places = allowed.length > 0 ? await findStores(world, run) : [];
  const next = Math.max(FIRST_ORDINAL, ...before.map(({ ordinal = 0 }) => ordinal + 1));
  const done = new Map<string, FileSearchCall>();
  for (const { store } of places) if (store) await touchStore(world, store);
  for (let at = 0; at < allowed.length; at += AT_ONCE) {
    signal.throwIfAborted();
    const batch = await Promise.all(allowed.slice(at, at + AT_ONCE).map((call) => search(world, run, call, places, signal)));
    for (const [place, call] of batch.entries()) done.set(call.id, { ...call, ordinal: next + at + place });
  }
  let leftBytes = MOST_KEPT_BYTES;
  const kept = (results: FoundPassage[] = []): FoundPassage[] => results.filter(({ text }) => (leftBytes -= Buffer.byteLength(text)) >= 0);
  const toolCalls = calls.map((call) => {
    if (!isFileSearchCall(call)) return call;
    const found = done.get(call.id);
    return found ? { ...found, results: kept(found.results) } : { ...call, results: [], note: `A run can make ${MOST_SEARCHES} searches, and these were made. Answer with what you have.` };
  });
  return { toolCalls, made: allowed.length };
}

async function search(world: World, run: Run, call: FileSearchCall, places: readonly Place[], signal: AbortSignal): Promise<FileSearchCall> {
  const storeIds = places.filter(({ problem }) => problem === undefined).map(({ id }) => id);
  const problems = places.flatMap(({ problem }) => (problem === undefined ? [] : [problem]));
  if (places.length === 0) problems.push('No files have been given yet.');
  const noted = (more: string[] = []) => (problems.length + more.length > 0 ? { note: [...problems, ...more].join('\n') } : {});
  try {
    const queries = queriesOf(call.arguments);
    if (queries.length === 0) return { ...call, results: [], note: 'Error: there was no query. Call again with {"queries": ["…"]}.' };
    if (storeIds.length === 0) return { ...call, results: [], ...noted() };
    const { score_threshold: scoreThreshold } = call.rankingOptions;
    const late = () => new Error(`no results within ${SEARCH_WITHIN_MS} ms`);
    const asked = { projectId: run.projectId, storeIds, queries, limit: mostResults(run.tools), scoreThreshold };
    const results = await within(world.clock, { ms: SEARCH_WITHIN_MS, late, signal }, (own) => orAbort(own, searchStores(world, { ...asked, signal: own })));
    return { ...call, results, ...noted() };
  } catch (error) {
    signal.throwIfAborted();
    world.log.error('file_search_failed', { runId: run.id, error });
    return { ...call, results: [], ...noted(['Error: the search failed. Say so if you cannot answer without it.']) };
  }
}

/** The stores of the run, which are the assistant's unless the run was given others, and those of its thread as they are now. */
async function findStores({ store, clock }: World, run: Run): Promise<Place[]> {
  const thread = await store.get(keys.thread(run.projectId, run.threadId));
  const ids = new Set([run.toolResources, thread?.toolResources].flatMap((resources) => resources?.file_search?.vector_store_ids ?? []));
  return Promise.all(
    [...ids].map(async (id): Promise<Place> => {
      const found = await store.get(keys.vectorStore(run.projectId, id));
      if (!found) return { id, problem: `The vector store ${id} does not exist any more: its files could not be searched.` };
      return isStoreExpired(found, clock.nowMs()) ? { id, problem: `The vector store ${id} has expired: its files could not be searched.` } : { id, store: found };
    }),
  );
}

/** What the model asks, in whatever shape it has put it: models were taught several. */
export function queriesOf(args: string): string[] {
  const asked = textsIn(parsed(args.slice(0, LONGEST_ARGUMENTS))).map((text) => text.trim().slice(0, LONGEST_QUERY).toWellFormed());
  return [...new Set(asked.filter((text) => text !== ''))].slice(0, MOST_QUERIES);
}

const NAMES = ['queries', 'query', 'q', 'search_query', 'text'];

function textsIn(value: unknown, depth = 0): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null || depth > DEEPEST) return [];
  if (Array.isArray(value)) return value.flatMap((each) => textsIn(each, depth + 1));
  const fields = new Map<string, unknown>(Object.entries(value));
  return NAMES.flatMap((name) => textsIn(fields.get(name), depth + 1));
}

/** What is no JSON: the queries that stand in it in quotes, as in `msearch(["a"])`, or else all of it. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // A quote without its end matches too, and is left out then: the search for the end is made once, not again from every quote that is escaped.
    const quoted = [...text.matchAll(/"((?:[^"\\]|\\.)*)(?:(")|\\?$)/gs)].flatMap(([, inside = '', end]) => (end !== undefined && !NAMES.includes(inside) ? [inside] : []));
    return quoted.length > 0 ? quoted : text.replace(/[{}[\]()]/g, ' ');
  }
}
