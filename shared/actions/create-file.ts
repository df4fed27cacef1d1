import type { File, FilePiece } from '../domain/file.ts';
import { newId } from '../domain/ids.ts';
import { create } from '../ports/commit.ts';
import type { World } from '../ports/world.ts';
import type { Incoming } from './receive-content.ts';

export type FileInput = Pick<File, 'filename' | 'purpose'> & { /** Counted from its making. */ expiresAfterSeconds?: number | undefined };

/** A file as it will be stored, made of these pieces. */
export function newFile(nowMs: number, projectId: string, { filename, purpose, expiresAfterSeconds }: FileInput, pieces: FilePiece[]): File {
  return {
    id: newId('file', nowMs),
    projectId,
    rev: 0,
    createdAtMs: nowMs,
    purpose,
    filename,
    bytes: pieces.reduce((sum, { bytes }) => sum + bytes, 0),
    pieces,
    ...(expiresAfterSeconds !== undefined && { removeAfterMs: nowMs + expiresAfterSeconds * 1000 }),
  };
}

/** Makes a file of what has come in. */
export async function createFile(world: World, projectId: string, input: FileInput, incoming: Incoming): Promise<File> {
  const { piece, write } = await incoming.keep();
  const file = newFile(world.clock.nowMs(), projectId, input, [piece]);
  await world.commit({ name: 'create-file', writes: [create('file', file), write] });
  return file;
}
