/** The run's tools as functions, which is all that Chat Completions knows. */
import type { SearchRanking } from '../domain/run-step.ts';
import { type FunctionTool, type Tool, isFunctionTool } from '../domain/settings.ts';

type FunctionDefinition = FunctionTool['function'];
type FileSearchTool = Extract<Tool, { type: 'file_search' }>;

const SEARCH_NAME = 'file_search';

const findSearch = (tools: readonly Tool[]): FileSearchTool | undefined => tools.find((tool) => tool.type === 'file_search');

/** What the model calls the search by; another name where a function of the client's has this one. Undefined for a run that cannot search. */
export function searchName(tools: readonly Tool[]): string | undefined {
  if (!findSearch(tools)) return undefined;
  const taken = new Set(tools.filter(isFunctionTool).map((tool) => tool.function.name));
  let name = SEARCH_NAME;
  for (let count = 2; taken.has(name); count++) name = `${SEARCH_NAME}_${count}`;
  return name;
}

/** How many results a search has when the tool does not say (contract §5). */
const USUAL_RESULTS = 20;

export const mostResults = (tools: readonly Tool[]): number => findSearch(tools)?.file_search?.max_num_results ?? USUAL_RESULTS;

export function rankingOf(tools: readonly Tool[]): SearchRanking {
  const { ranker, score_threshold } = findSearch(tools)?.file_search?.ranking_options ?? {};
  return { ranker: ranker ?? 'default_2024_08_21', score_threshold: score_threshold ?? 0 };
}

/** In one run. A model that asks for more is told to answer with what it has. */
export const MOST_SEARCHES = 32;
/** The most questions that one search may ask. */
export const MOST_QUERIES = 5;

const DESCRIPTION = [
  'Looks for passages in the files that were uploaded to this conversation or given to the assistant. Use it whenever the answer may stand in those files.',
  `Ask up to ${MOST_QUERIES} queries at once. Each must be understandable by itself: name people, products, dates and places in full instead of referring to the conversation.`,
  'Make the first query the user\'s question in your own words, with everything that the conversation says about what is meant; take the others to look at parts of it, or for other words that the files may use.',
  'Results come with markers for citing them.',
].join(' ');

const searchDefinition = (name: string): FunctionDefinition => ({
  name,
  description: DESCRIPTION,
  parameters: {
    type: 'object',
    properties: { queries: { type: 'array', items: { type: 'string' }, description: 'What to look for.' } },
    required: ['queries'],
  },
});

/** All that the model may call. */
export function offeredFunctions(tools: readonly Tool[]): FunctionDefinition[] {
  const name = searchName(tools);
  return [...tools.filter(isFunctionTool).map((tool) => tool.function), ...(name === undefined ? [] : [searchDefinition(name)])];
}
