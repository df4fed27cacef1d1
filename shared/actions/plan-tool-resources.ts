/** Files and vector stores that come with assistants, threads and messages: what their tools work on, and what has to be written for it. */
import { InvalidRequestError, RequestError } from '../domain/errors.ts';
import type { MessageInput } from '../domain/message.ts';
import { MOST_CODE_FILES, type ToolResources, type ToolResourcesInput } from '../domain/settings.ts';
import type { Thread } from '../domain/thread.ts';
import { isStoreExpired } from '../domain/vector-store.ts';
import { keys } from '../ports/store.ts';
import type { World } from '../ports/world.ts';
import { type Configured, addedCodeFiles, placeCodeFiles } from './code-files.ts';
import { checkToolResources } from './known-files.ts';
import { type Plan, fileToAdd, planFiles, planStore } from './vector-stores/plan.ts';

/** For the commit that writes what the files come with. */
export type FilePlan = Pick<Plan, 'writes' | 'jobs' | 'timers'>;

export interface Planned {
  toolResources: ToolResources;
  plan: FilePlan;
}

/** Days after their last use that stores made for a thread expire (contract §5). */
const THREAD_STORE_DAYS = 7;
/** With more else in its commit, files go to the store by a batch, which takes few writes. */
const MANY_WRITES = 20;

const NOTHING: FilePlan = { writes: [], jobs: [], timers: [] };

/** What something that is to be created works on; with `messages`, a thread that begins with them. NotFoundError for what there is not. */
export async function planToolResources(world: World, of: Configured, given: ToolResourcesInput | undefined, messages?: readonly MessageInput[]): Promise<Planned> {
  const { resources = {}, newStore } = given ?? {};
  await checkToolResources(world, of.projectId, resources);
  const planned = newStore ? await withNewStore(world, of, resources, newStore, messages) : await attach(world, { ...of, toolResources: resources }, messages ?? [], {});
  return withPlaces(world, of, planned, {});
}

async function withNewStore(world: World, { projectId }: Configured, given: ToolResources, newStore: Required<ToolResourcesInput>['newStore'], messages: readonly MessageInput[] | undefined): Promise<Planned> {
  const { chunking, metadata } = newStore;
  const resources = withCodeFiles(given, messages);
  const files = [...newStore.fileIds.map((id) => fileToAdd(id, { chunking })), ...attachedTo(messages, 'file_search').map((id) => fileToAdd(id))];
  const plan = await planStore(world, projectId, { files, metadata, ...(messages && { expiresAfterDays: THREAD_STORE_DAYS }) }, viaBatch(messages, resources, {}));
  return { toolResources: withStore(resources, plan.store.id), plan };
}

/** What a thread works on once these messages are in it: their attachments go to its own vector store, which is made if it has none. */
export const planAttachments = async (world: World, thread: Thread, messages: readonly MessageInput[]): Promise<Planned> =>
  withPlaces(world, thread, await attach(world, thread, messages, thread.toolResources), thread.toolResources);

/** The same for messages that were accepted before: attachments that cannot be added any more, because they are gone, are left out. */
export async function planAttachmentsStill(world: World, thread: Thread, messages: readonly MessageInput[]): Promise<Planned> {
  try {
    return await planAttachments(world, thread, messages);
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    world.log.error('attachments_left_out', { threadId: thread.id, error });
    return planWhatIsLeft(world, thread, messages);
  }
}

/** Files that are still there: if not for all, then for the tools that can take them. */
async function planWhatIsLeft(world: World, thread: Thread, messages: readonly MessageInput[]): Promise<Planned> {
  const named = [...new Set(messages.flatMap(({ attachments }) => attachments.flatMap(({ file_id }) => file_id ?? [])))];
  const found = await Promise.all(named.map((id) => world.store.get(keys.file(thread.projectId, id))));
  const there = new Set(found.flatMap((file) => file?.id ?? []));
  const leftFor = (tool: Tool, message: MessageInput) => attachedTo([message], tool).flatMap((file_id) => (there.has(file_id) ? [{ file_id, tools: [{ type: tool }] }] : []));
  for (const tools of [['file_search', 'code_interpreter'], ['file_search'], ['code_interpreter']] satisfies Tool[][]) {
    try {
      return await planAttachments(world, thread, messages.map((message) => ({ ...message, attachments: tools.flatMap((tool) => leftFor(tool, message)) })));
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
    }
  }
  return { toolResources: thread.toolResources, plan: NOTHING };
}

async function attach(world: World, { projectId, toolResources }: Pick<Thread, 'projectId' | 'toolResources'>, messages: readonly MessageInput[], before: ToolResources): Promise<Planned> {
  const resources = withCodeFiles(toolResources, messages);
  const files = attachedTo(messages, 'file_search').map((id) => fileToAdd(id));
  if (files.length === 0) return { toolResources: resources, plan: NOTHING };
  const [storeId] = toolResources.file_search?.vector_store_ids ?? [];
  const store = storeId === undefined ? undefined : await world.store.get(keys.vectorStore(projectId, storeId));
  // One that is gone takes nothing any more, and a message must have somewhere to put its files.
  const isUsable = store && !isStoreExpired(store, world.clock.nowMs());
  const options = { ...viaBatch(messages, resources, before), param: 'attachments' };
  const plan = isUsable ? await planFiles(world, store, files, options) : await planStore(world, projectId, { files, expiresAfterDays: THREAD_STORE_DAYS }, options);
  return { toolResources: withStore(resources, plan.store.id), plan };
}

/** The same with what its files for code_interpreter need. */
async function withPlaces(world: World, of: Configured, { toolResources, plan }: Planned, before: ToolResources): Promise<Planned> {
  const places = await placeCodeFiles(world, of, toolResources, before);
  // A commit may say one thing of a record: files that are searched too are checked already.
  const checked = new Set(plan.writes.flatMap(({ op, key }) => (op === 'check' ? [key.id] : [])));
  const more = places.filter(({ op, key }) => op !== 'check' || !checked.has(key.id));
  return { toolResources, plan: { ...plan, writes: [...plan.writes, ...more] } };
}

type Tool = 'file_search' | 'code_interpreter';

/** Each file for code_interpreter is two writes. */
const viaBatch = (messages: readonly MessageInput[] = [], after: ToolResources, before: ToolResources): { viaBatch?: boolean } =>
  messages.length + 2 * addedCodeFiles(after, before).length > MANY_WRITES ? { viaBatch: true } : {};

/** The files that messages attach for this tool, each once. */
function attachedTo(messages: readonly MessageInput[] = [], tool: Tool): string[] {
  const attachments = messages.flatMap((message) => message.attachments);
  return [...new Set(attachments.flatMap(({ file_id, tools = [] }) => (file_id !== undefined && tools.some(({ type }) => type === tool) ? [file_id] : [])))];
}

const withStore = (resources: ToolResources, id: string): ToolResources => ({ ...resources, file_search: { vector_store_ids: [id] } });

function withCodeFiles(resources: ToolResources, messages: readonly MessageInput[] = []): ToolResources {
  const attached = attachedTo(messages, 'code_interpreter');
  if (attached.length === 0) return resources;
  const file_ids = [...new Set([...(resources.code_interpreter?.file_ids ?? []), ...attached])];
  if (file_ids.length <= MOST_CODE_FILES) return { ...resources, code_interpreter: { file_ids } };
  throw new InvalidRequestError(`Invalid 'attachments': a thread can have at most ${MOST_CODE_FILES} files for code_interpreter, and would have ${file_ids.length}.`, 'attachments', 'array_above_max_length');
}
