/**
 * Files that assistants and threads have for code_interpreter. Each has a place there, as it has one in a vector store, by which whoever reaps a deleted
 * file finds who names it. A place stays until then, also when it is named there no more.
 */
import { NotFoundError } from '../domain/errors.ts';
import type { FilePlace } from '../domain/file.ts';
import { PREFIX } from '../domain/ids.ts';
import type { ToolResources } from '../domain/settings.ts';
import { type Write, create, remove, retryOnConflict, update } from '../ports/commit.ts';
import { inTurn } from '../ports/in-turn.ts';
import { keys } from '../ports/store.ts';
import type { World } from '../ports/world.ts';

/** An assistant or a thread, perhaps one that is still to be written. */
export interface Configured {
  id: string;
  projectId: string;
}

/** The files that these resources name and `before` did not. */
export function addedCodeFiles(after: ToolResources, before: ToolResources): string[] {
  const known = new Set(before.code_interpreter?.file_ids);
  return [...new Set(after.code_interpreter?.file_ids)].filter((id) => !known.has(id));
}

/** For the commit that gives an assistant or a thread the resources `after`. NotFoundError for a file that there is not. */
export async function placeCodeFiles(world: World, to: Configured, after: ToolResources, before: ToolResources): Promise<Write[]> {
  const placed = await Promise.all(addedCodeFiles(after, before).map(async (id) => (await placeOne(world, to, id)) ?? missing(id)));
  return placed.flat();
}

/** For the commit that brings an assistant or a thread in from elsewhere, which may name files that nobody has here. */
export async function placeKnownCodeFiles(world: World, to: Configured, resources: ToolResources): Promise<Write[]> {
  const placed = await Promise.all(addedCodeFiles(resources, {}).map((id) => placeOne(world, to, id)));
  return placed.flatMap((writes) => writes ?? []);
}

async function placeOne({ store }: World, { projectId, id }: Configured, fileId: string): Promise<Write[] | undefined> {
  const [file, place] = await Promise.all([store.get(keys.file(projectId, fileId)), store.get(keys.filePlace(projectId, fileId, id))]);
  if (!file) return undefined;
  // Who reaps a file that is being deleted at this moment may have looked for its places already.
  const isThere: Write = { op: 'check', key: keys.file(projectId, fileId), expectRev: file.rev };
  return place ? [isThere] : [create('file_place', { id, projectId, fileId, rev: 0 }), isThere];
}

function missing(id: string): never {
  throw new NotFoundError('file', id);
}

const AT_ONCE = 20;

/** Takes a file that is gone out of the resources of every assistant and thread. Runs keep what they copied. */
export async function takeFromCode(world: World, projectId: string, fileId: string): Promise<void> {
  for (;;) {
    const { items } = await world.store.page('file_place', [projectId, fileId], { order: 'asc', limit: AT_ONCE, before: PREFIX.vector_store });
    if (items.length === 0) return;
    await Promise.all(items.map((place) => takeFromOne(world, place)));
  }
}

/** In turn with what clients do to a thread, whose turns go by its id. */
const takeFromOne = (world: World, { projectId, fileId, id }: FilePlace): Promise<void> =>
  inTurn(id, () =>
    retryOnConflict(async () => {
      const [place, writes] = await Promise.all([world.store.get(keys.filePlace(projectId, fileId, id)), withoutFile(world, { projectId, id }, fileId)]);
      if (place) await world.commit({ name: 'take-from-code', writes: [...writes, remove('file_place', place)] });
    }),
  );

/** Nothing to write for what is gone, or names the file no more. */
async function withoutFile({ store }: World, { projectId, id }: Configured, fileId: string): Promise<Write[]> {
  if (id.startsWith(PREFIX.thread)) {
    const thread = await store.get(keys.thread(projectId, id));
    return thread && names(thread, fileId) ? [update('thread', thread, without(thread, fileId))] : [];
  }
  const assistant = await store.get(keys.assistant(projectId, id));
  return assistant && names(assistant, fileId) ? [update('assistant', assistant, without(assistant, fileId))] : [];
}

type WithResources = { toolResources: ToolResources };

const idsOf = ({ toolResources }: WithResources): string[] => toolResources.code_interpreter?.file_ids ?? [];

const names = (config: WithResources, fileId: string): boolean => idsOf(config).includes(fileId);

const without = <C extends WithResources>(config: C, fileId: string): C => ({
  ...config,
  toolResources: { ...config.toolResources, code_interpreter: { file_ids: idsOf(config).filter((id) => id !== fileId) } },
});
