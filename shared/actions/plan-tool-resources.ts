/** Files and vector stores that come with assistants, threads and messages: what their tools work on, and what has to be written for it. */
import { InvalidRequestError, RequestError } from '../domain/errors.ts';
import type { MessageInput } from '../domain/message.ts';
import { MOST_CODE_FILES, type ToolResources, type ToolResourcesInput } from '../domain/settings.ts';
import type { Thread } from '../domain/thread.ts';
import { isStoreExpired } from '../domain/vector-store.ts';
import { keys } from '../ports/store.ts';
import type { World } from '../ports/world.ts';
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
/** With more messages in its commit, files go to the store by a batch, which takes few writes. */
const MANY_MESSAGES = 20;

const NOTHING: FilePlan = { writes: [], jobs: [], timers: [] };

/** What something that is to be created works on; with `messages`, a thread that begins with them. NotFoundError for what there is not. */
export async function planToolResources(world: World, projectId: string, given: ToolResourcesInput | undefined, messages?: readonly MessageInput[]): Promise<Planned> {
  const { resources = {}, newStore } = given ?? {};
  await checkToolResources(world, projectId, resources);
  if (!newStore) return messages ? attach(world, { projectId, toolResources: resources }, messages) : { toolResources: resources, plan: NOTHING };
  const { chunking, metadata } = newStore;
  const files = [...newStore.fileIds.map((id) => fileToAdd(id, { chunking })), ...attachedTo(messages, 'file_search').map((id) => fileToAdd(id))];
  const plan = await planStore(world, projectId, { files, metadata, ...(messages && { expiresAfterDays: THREAD_STORE_DAYS }) }, viaBatch(messages));
  return { toolResources: withStore(withCodeFiles(resources, messages), plan.store.id), plan };
}

/** What a thread works on once these messages are in it: their attachments go to its own vector store, which is made if it has none. */
export const planAttachments = (world: World, thread: Thread, messages: readonly MessageInput[]): Promise<Planned> => attach(world, thread, messages);

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

/** Files that are still there, for each tool by itself: what one of them cannot take does not keep the other from its own. */
async function planWhatIsLeft(world: World, thread: Thread, messages: readonly MessageInput[]): Promise<Planned> {
  const named = [...new Set(messages.flatMap(({ attachments }) => attachments.flatMap(({ file_id }) => file_id ?? [])))];
  const found = await Promise.all(named.map((id) => world.store.get(keys.file(thread.projectId, id))));
  const there = new Set(found.flatMap((file) => file?.id ?? []));
  const forTool = (tool: Tool): MessageInput[] => messages.map((message) => ({ ...message, attachments: attachedTo([message], tool).flatMap((file_id) => (there.has(file_id) ? [{ file_id, tools: [{ type: tool }] }] : [])) }));
  let planned: Planned = { toolResources: thread.toolResources, plan: NOTHING };
  try {
    planned = await planAttachments(world, thread, forTool('file_search'));
    return { ...planned, toolResources: withCodeFiles(planned.toolResources, forTool('code_interpreter')) };
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    return planned;
  }
}

async function attach(world: World, { projectId, toolResources }: Pick<Thread, 'projectId' | 'toolResources'>, messages: readonly MessageInput[]): Promise<Planned> {
  const resources = withCodeFiles(toolResources, messages);
  const files = attachedTo(messages, 'file_search').map((id) => fileToAdd(id));
  if (files.length === 0) return { toolResources: resources, plan: NOTHING };
  const [storeId] = toolResources.file_search?.vector_store_ids ?? [];
  const store = storeId === undefined ? undefined : await world.store.get(keys.vectorStore(projectId, storeId));
  // One that is gone takes nothing any more, and a message must have somewhere to put its files.
  const isUsable = store && !isStoreExpired(store, world.clock.nowMs());
  const plan = isUsable
    ? await planFiles(world, store, files, { ...viaBatch(messages), param: 'attachments' })
    : await planStore(world, projectId, { files, expiresAfterDays: THREAD_STORE_DAYS }, { ...viaBatch(messages), param: 'attachments' });
  return { toolResources: withStore(resources, plan.store.id), plan };
}

type Tool = 'file_search' | 'code_interpreter';

const viaBatch = (messages: readonly MessageInput[] = []): { viaBatch?: boolean } => (messages.length > MANY_MESSAGES ? { viaBatch: true } : {});

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
