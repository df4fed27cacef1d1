import { InvalidRequestError } from '../domain/errors.ts';
import type { File } from '../domain/file.ts';
import type { MessageInput } from '../domain/message.ts';
import type { ToolResources } from '../domain/settings.ts';
import type { World } from '../ports/world.ts';
import { findFile, findVectorStore } from './find.ts';
import { demandUsable } from './vector-stores/usable.ts';

type Reader = Pick<World, 'store' | 'clock'>;

/** Names in a request are checked when it is made: what goes later goes from wherever it is named. NotFoundError for the first that there is not, StoreExpiredError for a store whose time has come. */
export async function checkToolResources(reader: Reader, projectId: string, resources: ToolResources | null | undefined): Promise<void> {
  await findAll(reader, projectId, resources?.code_interpreter?.file_ids ?? []);
  await Promise.all((resources?.file_search?.vector_store_ids ?? []).map(async (id) => demandUsable(reader, await findVectorStore(reader, projectId, id))));
}

/** InvalidRequestError for an attachment whose name says already that it cannot be searched. */
export async function checkMessageFiles(reader: Reader & Pick<World, 'documents'>, projectId: string, messages: readonly MessageInput[]): Promise<void> {
  const attached = messages.flatMap(({ attachments }) => attachments);
  const named = messages.flatMap(({ content }) => content.flatMap((part) => (part.type === 'image_file' ? [part.image_file.file_id] : [])));
  const files = await findAll(reader, projectId, [...named, ...attached.flatMap(({ file_id }) => file_id ?? [])]);
  const searched = new Set(attached.flatMap(({ file_id, tools = [] }) => (tools.some(({ type }) => type === 'file_search') ? [file_id] : [])));
  const refusal = files.filter(({ id }) => searched.has(id)).map(({ filename }) => reader.documents.refuses(filename)).find((error) => error !== undefined);
  if (refusal) throw new InvalidRequestError(refusal.message, 'file_ids', 'unsupported_file');
}

const AT_ONCE = 50;

async function findAll(reader: Reader, projectId: string, ids: readonly string[]): Promise<File[]> {
  const wanted = [...new Set(ids)];
  const found: File[] = [];
  for (let at = 0; at < wanted.length; at += AT_ONCE) found.push(...(await Promise.all(wanted.slice(at, at + AT_ONCE).map((id) => findFile(reader, projectId, id)))));
  return found;
}
