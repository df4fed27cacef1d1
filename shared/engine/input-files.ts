/** Files that a run's code is given: the assistant's, or those of the run in their place, and the thread's as they are now. */
import type { File } from '../domain/file.ts';
import type { Run } from '../domain/run.ts';
import { keys } from '../ports/store.ts';
import type { World } from '../ports/world.ts';

/** Named in what the model is told; `id` is its name in the data folder (contract §11). */
export type InputFile = Pick<File, 'id' | 'filename' | 'bytes'>;

/** Those that there still are. None for a run without the tool. */
export async function findInputFiles({ store }: Pick<World, 'store'>, run: Run): Promise<File[]> {
  if (!run.tools.some(({ type }) => type === 'code_interpreter')) return [];
  const thread = await store.get(keys.thread(run.projectId, run.threadId));
  const ids = new Set([run.toolResources, thread?.toolResources].flatMap((resources) => resources?.code_interpreter?.file_ids ?? []));
  const files = await Promise.all([...ids].map((id) => store.get(keys.file(run.projectId, id))));
  return files.filter((file) => file !== undefined);
}
