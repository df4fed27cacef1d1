/** The run's tools as functions, which is all that Chat Completions knows. */
import type { SearchRanking } from '../domain/run-step.ts';
import { type FunctionTool, type Tool, isFunctionTool } from '../domain/settings.ts';
import { DATA_FOLDER, EXECUTION_MS } from '../ports/sandbox.ts';
import type { InputFile } from './input-files.ts';

type FunctionDefinition = FunctionTool['function'];
type FileSearchTool = Extract<Tool, { type: 'file_search' }>;

const SEARCH_NAME = 'file_search';
const CODE_NAME = 'code_interpreter';
/** What models that were trained with a tool for code call it by, whatever it was offered as. */
const CODE_ALIAS = 'python';

const findSearch = (tools: readonly Tool[]): FileSearchTool | undefined => tools.find((tool) => tool.type === 'file_search');

/** What the model calls the search by; another name where a function of the client's has this one. Undefined for a run that cannot search. */
export function searchName(tools: readonly Tool[]): string | undefined {
  return findSearch(tools) && freeName(tools, SEARCH_NAME);
}

/** Likewise for code. */
export const codeName = (tools: readonly Tool[]): string | undefined => (tools.some(({ type }) => type === 'code_interpreter') ? freeName(tools, CODE_NAME) : undefined);

/** Whether a call of this name is one of code. */
export function isCodeName(tools: readonly Tool[], name: string): boolean {
  const offered = codeName(tools);
  return offered !== undefined && (name === offered || (name === CODE_ALIAS && !namesOf(tools).has(name)));
}

const namesOf = (tools: readonly Tool[]): ReadonlySet<string> => new Set(tools.filter(isFunctionTool).map((tool) => tool.function.name));

function freeName(tools: readonly Tool[], wanted: string): string {
  const taken = namesOf(tools);
  let name = wanted;
  for (let count = 2; taken.has(name); count++) name = `${wanted}_${count}`;
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
export const MOST_EXECUTIONS = 100;
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

const CODE_DESCRIPTION = [
  'Executes Python in a session of this conversation, as a notebook does: variables and files stay from one call to the next. Use it to compute, to work with files and to draw.',
  "What is printed, the last expression's value and tracebacks are what you get back; when there is a traceback, mend the code and call again.",
  `Files are in ${DATA_FOLDER}, where the code begins; write what the user is to get there too, and link it in your answer, as in [report.csv](sandbox:${DATA_FOLDER}/report.csv).`,
  'Figures of matplotlib are shown to the user as pictures above your answer; you do not see them.',
  `There is no network. A call may take ${EXECUTION_MS / 1000} seconds.`,
].join(' ');

const codeDefinition = (name: string, files: readonly InputFile[]): FunctionDefinition => ({
  name,
  description: files.length === 0 ? CODE_DESCRIPTION : `${CODE_DESCRIPTION}\nFiles that were given to you:\n${files.map(fileLine).join('\n')}`,
  parameters: {
    type: 'object',
    properties: { code: { type: 'string', description: 'Python.' } },
    required: ['code'],
  },
});

const fileLine = ({ id, filename, bytes }: InputFile): string => `${DATA_FOLDER}/${id} (${JSON.stringify(filename)}, ${bytes} bytes)`;

/** All that the model may call. `files`: those that its code finds. */
export function offeredFunctions(tools: readonly Tool[], files: readonly InputFile[] = []): FunctionDefinition[] {
  const [search, code] = [searchName(tools), codeName(tools)];
  return [
    ...tools.filter(isFunctionTool).map((tool) => tool.function),
    ...(search === undefined ? [] : [searchDefinition(search)]),
    ...(code === undefined ? [] : [codeDefinition(code, files)]),
  ];
}
