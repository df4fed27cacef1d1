import { newId } from '../../domain/ids.ts';
import { type UploadIn, UPLOAD_WINDOW_MS } from '../../domain/upload.ts';
import { create } from '../../ports/commit.ts';
import type { World } from '../../ports/world.ts';

type Announced = Pick<UploadIn<'pending'>, 'filename' | 'purpose' | 'bytes' | 'fileExpiresAfterSeconds'>;

/** Announces a file that will come in parts. */
export async function createUpload(world: World, projectId: string, announced: Announced): Promise<UploadIn<'pending'>> {
  const nowMs = world.clock.nowMs();
  const upload: UploadIn<'pending'> = {
    ...announced,
    id: newId('upload', nowMs),
    projectId,
    rev: 0,
    createdAtMs: nowMs,
    status: 'pending',
    expiresAtMs: nowMs + UPLOAD_WINDOW_MS,
    // Whoever completes it in its last moment still finds it.
    removeAfterMs: nowMs + 2 * UPLOAD_WINDOW_MS,
  };
  await world.commit({ name: 'create-upload', writes: [create('upload', upload)] });
  return upload;
}
