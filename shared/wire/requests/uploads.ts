import * as z from 'zod';
import { integer } from '../../domain/settings.ts';
import { MOST_PARTS, MOST_UPLOAD_BYTES } from '../../domain/upload.ts';
import { ExpiresAfter, filename, purpose } from './files.ts';
import { idOf } from './ids.ts';
import { optional } from './settings.ts';

export const CreateUpload = z.strictObject({
  filename,
  purpose,
  bytes: integer().min(0).max(MOST_UPLOAD_BYTES),
  /** RFC 4288 has no longer ones. */
  mime_type: z.string().max(255),
  expires_after: optional(ExpiresAfter),
});
export type CreateUpload = z.infer<typeof CreateUpload>;

/** `md5` in hex, as every tool prints it. */
export const CompleteUpload = z.strictObject({
  part_ids: z.array(idOf('upload_part')).max(MOST_PARTS),
  md5: optional(z.string().regex(/^[0-9a-fA-F]{32}$/)),
});
