import * as z from 'zod';
import type { FilePurpose } from '../../domain/file.ts';
import { integer } from '../../domain/settings.ts';
import { InvalidRequestError } from '../../domain/errors.ts';
import { validate } from '../validate.ts';
import { cursor, wholeNumber } from './page.ts';

/** What clients may upload files for, in the order in which the contract names them (§9). */
const UPLOADED_PURPOSES = ['fine-tune', 'assistants', 'batch', 'user_data', 'vision', 'evals'] as const satisfies FilePurpose[];
export type UploadedPurpose = (typeof UPLOADED_PURPOSES)[number];

export const purpose = z.string().check((ctx) => {
  if ((UPLOADED_PURPOSES as readonly string[]).includes(ctx.value)) return;
  const value = ctx.value.length <= 100 ? ctx.value : `${ctx.value.slice(0, 100)}…`;
  const message = `'${value}' is not one of [${UPLOADED_PURPOSES.map((known) => `'${known}'`).join(', ')}] - 'purpose'`;
  ctx.issues.push({ code: 'custom', input: ctx.value, message, params: { rule: 'said', code: null } });
}) as z.ZodType<UploadedPurpose>;

const seconds = integer().min(3600).max(2_592_000);
export const ExpiresAfter = z.strictObject({ anchor: z.literal('created_at'), seconds });

/** A name as long as file systems take it, four times over. */
export const filename = z.string().min(1).max(1024);

/** The fields of the form, `expires_after` put together; a form may have others, and they mean nothing. */
const CreateFile = z.object({ filename, purpose, expires_after: z.strictObject({ anchor: z.literal('created_at'), seconds: wholeNumber(seconds) }).optional() });
export type CreateFile = z.infer<typeof CreateFile>;

/** The name is that of the part which held the file. */
export function parseFileFields(fields: Record<string, string>, name: string | undefined): CreateFile {
  const { 'expires_after[anchor]': anchor, 'expires_after[seconds]': after } = fields;
  const expires = anchor === undefined && after === undefined ? undefined : { anchor, seconds: after };
  return validate(CreateFile, { filename: name ?? 'upload', purpose: fields['purpose'], expires_after: expires });
}

export const missingPart = (name: string): InvalidRequestError => new InvalidRequestError(`Missing required parameter: '${name}'.`, name, 'missing_required_parameter');

/** Pages of files are long, and go one way. */
export const FilePage = z.object({
  limit: wholeNumber(integer().min(1).max(10_000).default(10_000)),
  order: z.enum(['asc', 'desc']).default('desc'),
  after: cursor('file'),
  purpose: z.string().optional(),
});
