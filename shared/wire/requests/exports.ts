import * as z from 'zod';
import { idOf } from './ids.ts';
import { metadata, optional } from './settings.ts';

const format = z.enum(['jsonl', 'markdown']).default('jsonl');

export const CreateThreadExport = z.strictObject({ format });

/** One thread, or all whose metadata has these pairs: all of the project's when neither is said. */
export const CreateExport = z.strictObject({ format, thread_id: optional(idOf('thread')), metadata });
