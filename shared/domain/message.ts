import * as z from 'zod';
import { Metadata } from './settings.ts';

export const Annotation = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('file_citation'),
    text: z.string(),
    start_index: z.int(),
    end_index: z.int(),
    /** `quote`: what the file says there. */
    file_citation: z.strictObject({ file_id: z.string(), quote: z.string().optional() }),
  }),
  z.strictObject({
    type: z.literal('file_path'),
    text: z.string(),
    start_index: z.int(),
    end_index: z.int(),
    file_path: z.strictObject({ file_id: z.string() }),
  }),
]);
export type Annotation = z.infer<typeof Annotation>;

const Detail = z.enum(['auto', 'low', 'high']);

/** One part of a message's content, as stored and as it travels. */
export const ContentPart = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('text'), text: z.strictObject({ value: z.string(), annotations: z.array(Annotation) }) }),
  z.strictObject({ type: z.literal('image_file'), image_file: z.strictObject({ file_id: z.string(), detail: Detail }) }),
  z.strictObject({ type: z.literal('image_url'), image_url: z.strictObject({ url: z.string(), detail: Detail }) }),
  z.strictObject({ type: z.literal('refusal'), refusal: z.string() }),
]);
export type ContentPart = z.infer<typeof ContentPart>;

export const Attachment = z.strictObject({
  file_id: z.string().optional(),
  tools: z.array(z.strictObject({ type: z.enum(['code_interpreter', 'file_search']) })).optional(),
});
export type Attachment = z.infer<typeof Attachment>;

export const IncompleteReason = z.enum(['content_filter', 'max_tokens', 'run_cancelled', 'run_expired', 'run_failed']);
export type IncompleteReason = z.infer<typeof IncompleteReason>;

const base = z.strictObject({
  id: z.string(),
  projectId: z.string(),
  threadId: z.string(),
  rev: z.int(),
  createdAtMs: z.int(),
  role: z.enum(['user', 'assistant']),
  content: z.array(ContentPart),
  attachments: z.array(Attachment),
  metadata: Metadata,
  assistantId: z.string().optional(),
  runId: z.string().optional(),
  /** What clients know it by, when it was imported from where ids do not sort by time; `id` is then its place among the others. */
  importedId: z.string().optional(),
});

/**
 * A message. `in_progress` exists only in the stream of the run that writes it: it is stored when the model has finished
 * with it, so that a run taken over after a crash never finds half of one.
 */
export const Message = z.discriminatedUnion('status', [
  base.extend({ status: z.literal('in_progress') }),
  base.extend({ status: z.literal('completed'), completedAtMs: z.int() }),
  base.extend({ status: z.literal('incomplete'), incompleteAtMs: z.int(), incompleteReason: IncompleteReason }),
]);
export type Message = z.infer<typeof Message>;
export type OpenMessage = Extract<Message, { status: 'in_progress' }>;

export const completeMessage = (message: OpenMessage, nowMs: number): Message => ({
  ...message,
  status: 'completed',
  completedAtMs: nowMs,
});

export const interruptMessage = (message: OpenMessage, reason: IncompleteReason, nowMs: number): Message => ({
  ...message,
  status: 'incomplete',
  incompleteAtMs: nowMs,
  incompleteReason: reason,
});

/** What a client says of a message that it adds. */
export const MessageInput = base.pick({ role: true, content: true, attachments: true, metadata: true });
export type MessageInput = z.infer<typeof MessageInput>;

/** The files that a message names, each once: in its content, its attachments and its citations. */
export function fileIdsOf({ content, attachments }: Pick<Message, 'content' | 'attachments'>): string[] {
  const named = content.flatMap((part) => {
    if (part.type === 'image_file') return [part.image_file.file_id];
    if (part.type !== 'text') return [];
    return part.text.annotations.map((annotation) => (annotation.type === 'file_citation' ? annotation.file_citation.file_id : annotation.file_path.file_id));
  });
  return [...new Set([...named, ...attachments.flatMap(({ file_id }) => file_id ?? [])])];
}
