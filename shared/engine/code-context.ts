/** What a run's answers may show and link of what code has made. */
import { type RunStep, type WrittenFile, codeOf } from '../domain/run-step.ts';
import type { Run } from '../domain/run.ts';
import { keys } from '../ports/store.ts';
import type { World } from '../ports/world.ts';
import { type InputFile, findInputFiles } from './input-files.ts';
import { codeName } from './offer-tools.ts';

/** Of pictures, and of files, that one message shows: the newest. */
const MOST_SHOWN = 100;

export interface CodeContext {
  inputFiles: InputFile[];
  /** By their paths below the data folder, the files that an answer may link. */
  links: ReadonlyMap<string, string>;
  /** Made since the run's last message: the next one shows them. */
  images: string[];
  /** Written since then, each path's newest. */
  written: string[];
  /** How many calls the run has made, and how many bytes their files have together. */
  calls: number;
  keptBytes: number;
}

/** Undefined for a run without the tool. */
export async function codeContext(world: Pick<World, 'store'>, run: Run, steps: readonly RunStep[]): Promise<CodeContext | undefined> {
  if (codeName(run.tools) === undefined) return undefined;
  const [inputFiles, session] = await Promise.all([findInputFiles(world, run), world.store.get(keys.codeSession(run.projectId, run.threadId))]);
  const lastMessage = steps.findLastIndex(({ details }) => details.type === 'message_creation');
  const sinceThen = steps.slice(lastMessage + 1).flatMap(codeOf);
  const files = (calls: typeof sinceThen): [string, string][] => calls.flatMap(({ files: written = [] }) => written.map(({ path, fileId }): [string, string] => [path, fileId]));
  // What code wrote over a file is what it links, by whichever of the file's two names (code-session.ts).
  const written = new Map([...(session?.written ?? []).map(({ path, fileId }): [string, string] => [path, fileId]), ...files(steps.flatMap(codeOf))]);
  const given = inputFiles.flatMap(({ id, filename }): [string, string][] => [id, filename].map((name) => [name, written.get(id) ?? id]));
  return {
    inputFiles,
    links: new Map([...given, ...written]),
    images: sinceThen.flatMap(({ outputs = [] }) => outputs.flatMap((output) => (output.type === 'image' ? [output.fileId] : []))).slice(-MOST_SHOWN),
    written: [...new Map(files(sinceThen)).values()].slice(-MOST_SHOWN),
    calls: steps.flatMap(codeOf).length,
    keptBytes: steps.flatMap(codeOf).reduce((sum, { files: written = [] }) => sum + bytesOf(written), 0),
  };
}

export const bytesOf = (files: readonly WrittenFile[]): number => files.reduce((sum, { bytes }) => sum + bytes, 0);
