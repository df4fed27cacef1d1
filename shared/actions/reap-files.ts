import type { File } from '../domain/file.ts';
import type { AnnouncedUpload, Upload, UploadPart } from '../domain/upload.ts';
import { remove } from '../ports/commit.ts';
import { keys } from '../ports/store.ts';
import type { World } from '../ports/world.ts';
import { takeFromCode } from './code-files.ts';
import { detachFromAll } from './vector-stores/detach-from-all.ts';

/** Below what one commit takes. */
const AT_ONCE = 90;

/** The content of a file that is gone, and its places in vector stores; then those in assistants and threads, which may be very many. */
export async function reapFile(world: World, file: File): Promise<void> {
  await detachFromAll(world, file.projectId, file.id);
  await world.blobs.remove(file.pieces.map(({ key }) => key));
  await takeFromCode(world, file.projectId, file.id);
}

/** What was put away for an upload that nobody has made a file of. */
export async function reapUpload(world: World, upload: Upload): Promise<void> {
  switch (upload.status) {
    case 'arrived':
      return;
    case 'incoming':
      if (upload.multipart !== undefined) await world.blobs.abort(upload.key, upload.multipart);
      return world.blobs.remove([upload.key]);
    case 'pending':
    case 'cancelled':
    case 'completed':
      return reapParts(world, upload);
  }
}

/** All but those that its file is made of, if there still is one. No part can come when its upload is gone. */
async function reapParts(world: World, upload: AnnouncedUpload): Promise<void> {
  const { projectId, id } = upload;
  const file = upload.status === 'completed' ? await world.store.get(keys.file(projectId, upload.fileId)) : undefined;
  const kept = new Set(file?.pieces.map(({ key }) => key));
  for (;;) {
    const { items, hasMore } = await world.store.page('upload_part', [projectId, id], { order: 'asc', limit: AT_ONCE });
    if (items.length > 0) await reapPage(world, items, kept);
    if (!hasMore) return;
  }
}

/** Blobs first: a part without its record is lost sight of. */
async function reapPage(world: World, parts: UploadPart[], kept: ReadonlySet<string>): Promise<void> {
  await world.blobs.remove(parts.map(({ key }) => key).filter((key) => !kept.has(key)));
  await world.commit({ name: 'reap-parts', writes: parts.map((part) => remove('upload_part', part)) });
}
