import * as z from 'zod';

/** What a file is for (contract §3). Clients may give those of `UPLOADED_PURPOSES`; the others are of files that the service makes. */
export const FilePurpose = z.enum(['assistants', 'assistants_output', 'batch', 'batch_output', 'fine-tune', 'fine-tune-results', 'vision', 'user_data', 'evals']);
export type FilePurpose = z.infer<typeof FilePurpose>;

/** In bytes: 512 MB (limits L15). */
export const MOST_FILE_BYTES = 512 * 1024 * 1024;

/** A piece of a file's content: one object of the blob store. */
export const FilePiece = z.strictObject({ key: z.string(), bytes: z.int() });
export type FilePiece = z.infer<typeof FilePiece>;

/**
 * A stored file. Its content is its `pieces`, one behind the other: one for a file that came whole, one a part for a file that came as an
 * upload. The record is written when they are all in their places, so nobody sees half a file.
 */
export const File = z.strictObject({
  id: z.string(),
  projectId: z.string(),
  rev: z.int(),
  createdAtMs: z.int(),
  purpose: FilePurpose,
  filename: z.string(),
  bytes: z.int(),
  pieces: z.array(FilePiece),
  /** The store removes the record after this time and readers no longer see it from this time on: `expires_at`. Absent for one that is kept until it is deleted. */
  removeAfterMs: z.int().optional(),
});
export type File = z.infer<typeof File>;

/** Where a file is used: in the vector store whose id this record has, or for code by the assistant or thread. Found by the file, when that is deleted. */
export const FilePlace = z.strictObject({ id: z.string(), projectId: z.string(), fileId: z.string(), rev: z.int() });
export type FilePlace = z.infer<typeof FilePlace>;
