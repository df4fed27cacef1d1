import { createHash, type Hash } from 'node:crypto';
import type { FilePiece } from '../domain/file.ts';
import { newId } from '../domain/ids.ts';
import { INCOMING_KEPT_MS, type UploadIn } from '../domain/upload.ts';
import { type UploadedPart, LEAST_PART_BYTES } from '../ports/blobs.ts';
import { ConflictError, type Write, create, remove, update } from '../ports/commit.ts';
import type { World } from '../ports/world.ts';

/** What is put away at once: all that is ever held of a file. Above the least that blob stores take. */
const AT_ONCE_BYTES = LEAST_PART_BYTES + 3 * 1024 * 1024;
const CONTENT_TYPE = 'application/octet-stream';

/** More came than may. */
export class TooManyBytesError extends Error {}

export interface Received {
  piece: FilePiece;
  /** To be committed with the record that the content is for: from then on it is that one's. */
  write: Write;
}

/**
 * Content on its way from a request into the blob store. Before anything is put there, a record says where (shared/domain/upload.ts), so that
 * nothing is lost sight of when this process dies: it goes with its time, and what it names with it. Small content is held until it is wanted.
 */
export class Incoming {
  readonly #world: World;
  readonly #projectId: string;
  readonly #id: string;
  readonly #hash: Hash | undefined;
  #record: UploadIn<'incoming'> | undefined;
  #parts: UploadedPart[] = [];
  #held: Uint8Array[] = [];
  #heldBytes = 0;
  #bytes = 0;
  /** What is being put away at this moment. */
  #putting: Promise<void> | undefined;
  #isOver = false;

  /** `isHashed`: its digest will be asked for. */
  constructor(world: World, projectId: string, { isHashed = false }: { isHashed?: boolean } = {}) {
    this.#world = world;
    this.#projectId = projectId;
    this.#id = newId('upload', world.clock.nowMs());
    this.#hash = isHashed ? createHash('sha256') : undefined;
  }

  get #key(): string {
    return `files/${this.#projectId}/${this.#id}`;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** SHA-256 of all that was taken, in hex. Once. */
  digest(): string | undefined {
    return this.#hash?.digest('hex');
  }

  /** Reads it to its end. TooManyBytesError as soon as there are more than that. */
  async take(content: AsyncIterable<Uint8Array>, mostBytes: number): Promise<void> {
    for await (const chunk of content) {
      this.#bytes += chunk.byteLength;
      if (this.#bytes > mostBytes) throw new TooManyBytesError();
      this.#hash?.update(chunk);
      // What comes at once may be more than is to be put at once.
      for (let at = 0; at < chunk.byteLength; ) {
        const slice = chunk.subarray(at, at + AT_ONCE_BYTES - this.#heldBytes);
        at += slice.byteLength;
        this.#held.push(slice);
        this.#heldBytes += slice.byteLength;
        if (this.#isOver) return;
        if (this.#heldBytes === AT_ONCE_BYTES) await (this.#putting = this.#putPart());
      }
    }
  }

  /** Everything is in its place, but nobody's yet. */
  async keep(): Promise<Received> {
    const { blobs } = this.#world;
    if (this.#record?.multipart !== undefined) {
      if (this.#heldBytes > 0) await this.#putPart();
      await blobs.complete(this.#key, this.#record.multipart, this.#parts);
    } else {
      await this.#write(undefined);
      await blobs.put(this.#key, this.#letGo(), CONTENT_TYPE);
    }
    const record = this.#record as UploadIn<'incoming'>;
    const { id, projectId, rev, createdAtMs, removeAfterMs } = record;
    return { piece: { key: this.#key, bytes: this.#bytes }, write: update('upload', record, { id, projectId, rev, createdAtMs, removeAfterMs, status: 'arrived' }) };
  }

  /** After whatever went wrong: without its record, the content will be removed. Leaves alone what is somebody's. */
  async discard(): Promise<void> {
    this.#isOver = true;
    this.#letGo();
    await this.#putting?.catch(() => undefined);
    if (!this.#record) return;
    try {
      await this.#world.commit({ name: 'discard-content', writes: [remove('upload', this.#record)] });
    } catch (error) {
      // Its time will do it.
      if (!(error instanceof ConflictError)) this.#world.log.error('discard_failed', { error });
    }
  }

  async #putPart(): Promise<void> {
    const { blobs } = this.#world;
    const multipart = this.#record?.multipart ?? (await this.#begin());
    const number = this.#parts.length + 1;
    this.#parts.push({ number, tag: await blobs.putPart(this.#key, multipart, number, this.#letGo()) });
  }

  async #begin(): Promise<string> {
    const multipart = await this.#world.blobs.begin(this.#key, CONTENT_TYPE);
    await this.#write(multipart);
    return multipart;
  }

  async #write(multipart: string | undefined): Promise<void> {
    const { clock, commit } = this.#world;
    const nowMs = clock.nowMs();
    const record: UploadIn<'incoming'> = {
      id: this.#id,
      projectId: this.#projectId,
      rev: 0,
      createdAtMs: nowMs,
      removeAfterMs: nowMs + INCOMING_KEPT_MS,
      status: 'incoming',
      key: this.#key,
      ...(multipart !== undefined && { multipart }),
    };
    this.#record = record;
    await commit({ name: 'receive-content', writes: [create('upload', record)] });
  }

  #letGo(): Buffer {
    const held = Buffer.concat(this.#held);
    [this.#held, this.#heldBytes] = [[], 0];
    return held;
  }
}
