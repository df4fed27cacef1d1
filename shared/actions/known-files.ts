import { NotFoundError } from '../domain/errors.ts';
import type { MessageInput } from '../domain/message.ts';
import type { ToolResources } from '../domain/settings.ts';

/** Until files and vector stores have come, no id of one is known: saying so is better than leaving them out unseen. */
export function checkToolResources(resources: ToolResources | null | undefined): void {
  for (const id of resources?.code_interpreter?.file_ids ?? []) throw new NotFoundError('file', id);
  for (const id of resources?.file_search?.vector_store_ids ?? []) throw new NotFoundError('vector_store', id);
}

export function checkMessageFiles(messages: MessageInput[]): void {
  for (const { content, attachments } of messages) {
    for (const part of content) if (part.type === 'image_file') throw new NotFoundError('file', part.image_file.file_id);
    for (const { file_id } of attachments) if (file_id !== undefined) throw new NotFoundError('file', file_id);
  }
}
