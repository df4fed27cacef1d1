/** Files of what code has shown and written. They are there with the step that names them (save-code.ts), or not at all. */
import { newFile } from '../actions/create-file.ts';
import { Incoming, TooManyBytesError } from '../actions/receive-content.ts';
import { orAbort } from '../domain/clock.ts';
import type { File } from '../domain/file.ts';
import type { WrittenFile } from '../domain/run-step.ts';
import { type Write, create } from '../ports/commit.ts';
import { type Execution, MOST_SANDBOX_FILE_BYTES, type SandboxFile, SandboxFileError, SandboxUnavailableError, SessionGoneError } from '../ports/sandbox.ts';
import type { SandboxedWorld } from './code-session.ts';
import type { InputFile } from './input-files.ts';

/** Images and files of one execution: two writes each, and DynamoDB takes 100 in a transaction. */
const MOST_KEPT = 40;
const MOST_KEPT_BYTES = 512 * 1024 * 1024;
/** Of a run: files may be all holes, which cost the session nothing. */
export const MOST_KEPT_OF_RUN = 2 * MOST_KEPT_BYTES;

export interface Kept {
  images: string[];
  written: WrittenFile[];
  /** To be committed with the step. */
  writes: Write[];
  /** What was not kept, in words; '' when all was. */
  note: string;
  /** When they are not committed. Does no harm when they were. */
  discard(): Promise<void>;
}

export interface KeepOptions {
  projectId: string;
  signal: AbortSignal;
  /** What the run may still keep. */
  mostBytes: number;
  /** What code has written over one of these has its name. */
  inputFiles: readonly InputFile[];
}

/** Rejects with the signal's reason when it aborts, as with whatever the store or the blobs fail with; nothing is kept then. */
export async function keepOutputs(world: SandboxedWorld, session: string, { images, files, isOver }: Execution, { projectId, signal, mostBytes, inputFiles }: KeepOptions): Promise<Kept> {
  const incoming: Incoming[] = [];
  const kept: Kept = {
    images: [],
    written: [],
    writes: [],
    note: '',
    discard: async () => void (await Promise.all(incoming.map((each) => each.discard()))),
  };
  const keep = async (content: AsyncIterable<Uint8Array>, nameOf: (id: string) => string, mostBytes: number): Promise<File> => {
    const coming = new Incoming(world, projectId);
    incoming.push(coming);
    await coming.take(content, mostBytes).catch(async (error: unknown) => {
      await coming.discard();
      throw error;
    });
    const { piece, write } = await coming.keep();
    const made = newFile(world.clock.nowMs(), projectId, { filename: '', purpose: 'assistants_output' }, [piece]);
    const file = { ...made, filename: nameOf(made.id) };
    kept.writes.push(create('file', file), write);
    return file;
  };
  try {
    for (const image of images.slice(0, MOST_KEPT)) kept.images.push((await keep(ReadableStream.from([image]), (id) => `${id}.png`, image.byteLength)).id);
    let left = Math.min(MOST_KEPT_BYTES, mostBytes);
    const lost: string[] = [];
    let isGone = isOver;
    /** Undefined for what the code has taken away meanwhile, or with itself. A session that does not answer is not asked again. */
    const orGone = async <T>(reading: Promise<T>): Promise<T | undefined> => {
      try {
        return await reading;
      } catch (error) {
        if (error instanceof SandboxFileError || error instanceof TooManyBytesError) return undefined;
        if (!(error instanceof SessionGoneError || error instanceof SandboxUnavailableError)) throw error;
        isGone = true;
        return undefined;
      }
    };
    const nameOf = (path: string): string => inputFiles.find(({ id }) => id === path)?.filename ?? path.split('/').at(-1) ?? path;
    for (const { path, bytes } of files.filter(isWorthKeeping)) {
      signal.throwIfAborted();
      const isTooMuch = kept.images.length + kept.written.length >= MOST_KEPT || bytes > Math.min(left, MOST_SANDBOX_FILE_BYTES);
      const found = isTooMuch || isGone ? undefined : await orGone(orAbort(signal, world.sandbox.read(session, path)));
      const file = found && (await orGone(orAbort(signal, keep(found.body, () => nameOf(path), Math.min(left, MOST_SANDBOX_FILE_BYTES)))));
      if (!file) {
        lost.push(path);
        continue;
      }
      left -= file.bytes;
      kept.written.push({ path, fileId: file.id, bytes: file.bytes });
    }
    if (lost.length > 0) kept.note = `[Not kept for the user: ${named(lost)}.]`;
    return kept;
  } catch (error) {
    await kept.discard();
    throw error;
  }
}

/** Not what programs put beside what was meant: caches, and what names itself hidden. */
const isWorthKeeping = ({ path }: SandboxFile): boolean => path.split('/').every((part) => !part.startsWith('.') && part !== '__pycache__');

const MOST_NAMED = 10;

const named = (paths: readonly string[]): string => [...paths.slice(0, MOST_NAMED), ...(paths.length > MOST_NAMED ? [`${paths.length - MOST_NAMED} more`] : [])].join(', ');
