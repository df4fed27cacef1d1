import * as z from 'zod';

/** A thread's session of code_interpreter, and what is in it. One record a thread, from its first code on; it goes with the thread. */
export const CodeSession = z.strictObject({
  /** The thread's own id. */
  id: z.string(),
  projectId: z.string(),
  threadId: z.string(),
  rev: z.int(),
  /** As the sandbox names it (ports/sandbox.ts); absent when there is none, so that the next code begins one. It may have ended all the same. */
  session: z.string().optional(),
  openedAtMs: z.int(),
  usedAtMs: z.int(),
  /** Files of assistant and thread that were put into the session. */
  mounted: z.array(z.string()),
  /** What code of the thread has written, newest last: by their paths below /mnt/data, the files that were made of it. */
  written: z.array(z.strictObject({ path: z.string(), fileId: z.string() })),
});
export type CodeSession = z.infer<typeof CodeSession>;

/** A session that nobody has used for so long is ended. */
export const CODE_SESSION_IDLE_MS = 900_000;
