import type { ExportCounts } from '../domain/export.ts';
import type { File } from '../domain/file.ts';
import type { Message } from '../domain/message.ts';
import type { RunStep } from '../domain/run-step.ts';
import type { Run } from '../domain/run.ts';
import type { Thread } from '../domain/thread.ts';

/** How a history is written down, piece by piece, in the order thread, messages, runs each with its steps. Nothing may depend on when. */
export interface Renderer {
  contentType: string;
  extension: string;
  /** Once, before all threads. */
  begin(): string;
  thread(thread: Thread): string;
  /** With the files that it names and that are still there. */
  message(message: Message, files: readonly File[]): string;
  /** Runs are written as they are seen at the time: one past its window is expired. */
  run(run: Run): string;
  step(step: RunStep): string;
  /** Once, behind all threads. */
  end(counts: ExportCounts): string;
}
