import * as z from 'zod';
import { Attachment, type ContentPart, type MessageInput } from '../../domain/message.ts';
import { Metadata } from '../../domain/settings.ts';
import { metadata, optional } from './settings.ts';

/** Characters, in one string or one text part (contract §5). */
const LONGEST_TEXT = 256_000;
const text = z.string().max(LONGEST_TEXT);
const detail = z.enum(['auto', 'low', 'high']).default('auto');

const part = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('text'), text }),
  z.strictObject({ type: z.literal('image_file'), image_file: z.strictObject({ file_id: z.string(), detail }) }),
  z.strictObject({ type: z.literal('image_url'), image_url: z.strictObject({ url: z.url(), detail }) }),
]);

export const CreateMessage = z.strictObject({
  role: z.enum(['user', 'assistant']),
  content: z.union([text, z.array(part).min(1)]),
  attachments: optional(z.array(Attachment)),
  metadata,
});
export type CreateMessage = z.infer<typeof CreateMessage>;

export const ModifyMessage = z.strictObject({ metadata: Metadata.nullish() });

/** A string is one text part (contract §3). */
export function toMessageInput(request: CreateMessage): MessageInput {
  const content = typeof request.content === 'string' ? [textPart(request.content)] : request.content.map(toPart);
  return { role: request.role, content, attachments: request.attachments ?? [], metadata: request.metadata ?? {} };
}

const textPart = (value: string): ContentPart => ({ type: 'text', text: { value, annotations: [] } });
const toPart = (given: z.infer<typeof part>): ContentPart => (given.type === 'text' ? textPart(given.text) : given);
