import type { MessageInput } from '../domain/message.ts';
import type { ToolResources } from '../domain/settings.ts';
import type { World } from '../ports/world.ts';
import { findFile, findVectorStore } from './find.ts';

type Reader = Pick<World, 'store'>;

/** Names in a request are checked when it is made: what goes later goes from wherever it is named. NotFoundError for the first that there is not. */
export async function checkToolResources(reader: Reader, projectId: string, resources: ToolResources | null | undefined): Promise<void> {
  await findAll(reader, projectId, resources?.code_interpreter?.file_ids ?? []);
  await Promise.all((resources?.file_search?.vector_store_ids ?? []).map((id) => findVectorStore(reader, projectId, id)));
}

export async function checkMessageFiles(reader: Reader, projectId: string, messages: readonly MessageInput[]): Promise<void> {
  const named = messages.flatMap(({ content, attachments }) => [
    ...content.flatMap((part) => (part.type === 'image_file' ? [part.image_file.file_id] : [])),
    ...attachments.flatMap(({ file_id }) => file_id ?? []),
  ]);
  await findAll(reader, projectId, named);
}

const AT_ONCE = 50;

async function findAll(reader: Reader, projectId: string, ids: readonly string[]): Promise<void> {
  const wanted = [...new Set(ids)];
  for (let at = 0; at < wanted.length; at += AT_ONCE) await Promise.all(wanted.slice(at, at + AT_ONCE).map((id) => findFile(reader, projectId, id)));
}
