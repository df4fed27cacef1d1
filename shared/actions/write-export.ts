import type { ExportCounts, ExportIn, Upload } from '../domain/export.ts';
import type { Thread } from '../domain/thread.ts';
import { RENDERERS, blobKeyOf } from '../histories/renderers.ts';
import { ConflictError, update } from '../ports/commit.ts';
import type { World } from '../ports/world.ts';
import { readHistory } from './read-history.ts';

export const EXPORT_LEASE_MS = 60_000;
const RENEW_AFTER_MS = 20_000;
/** Above the least that S3 takes. A part is what is held in memory, and what is written again after a crash. */
const PART_BYTES = 8 * 1024 * 1024;

/** The cursor behind the ending. */
const WRITTEN = 'written';

interface Options {
  giveBack: AbortSignal | undefined;
  thread: Thread | undefined;
}

/** Writes a claimed export on to its end. ConflictError when somebody else has it now, or nobody. */
export async function writeExport(world: World, claim: ExportIn<'in_progress'>, { giveBack, thread }: Options): Promise<'completed' | 'given back'> {
  const writer = new Writer(world, claim);
  try {
    for await (const batch of claim.cursor === WRITTEN ? [] : readHistory(world, claim, claim.cursor, thread)) {
      writer.add(batch.text, batch.counts, batch.cursor);
      if (giveBack?.aborted) {
        await writer.giveBack();
        return 'given back';
      }
      await writer.saveIfDue();
    }
    await writer.end();
    return 'completed';
  } catch (error) {
    if (error instanceof ConflictError && !error.current) await writer.discard();
    throw error;
  }
}

const sum = (a: ExportCounts, b: ExportCounts): ExportCounts => ({ threads: a.threads + b.threads, messages: a.messages + b.messages, runs: a.runs + b.runs, steps: a.steps + b.steps });

/** The export as it is stored, and what is still to be put into its file. */
class Writer {
  readonly #world: World;
  readonly #key: string;
  #stored: ExportIn<'in_progress'>;
  #counts: ExportCounts;
  #cursor: string | undefined;
  #pieces: Buffer[] = [];
  #bytes = 0;

  constructor(world: World, stored: ExportIn<'in_progress'>) {
    this.#world = world;
    this.#stored = stored;
    this.#key = blobKeyOf(stored);
    this.#counts = stored.counts;
    this.#cursor = stored.cursor;
  }

  add(text: string, counts: ExportCounts, cursor: string): void {
    this.#hold(text);
    this.#counts = sum(this.#counts, counts);
    this.#cursor = cursor;
  }

  async saveIfDue(): Promise<void> {
    if (this.#bytes >= PART_BYTES) return this.#save();
    const { lease } = this.#stored;
    if (lease && lease.untilMs - this.#world.clock.nowMs() < EXPORT_LEASE_MS - RENEW_AFTER_MS) await this.#store('renew-export', this.#withLease());
  }

  /** Without what is not in a part yet: the next one reads that again. */
  async giveBack(): Promise<void> {
    const { lease: _, ...free } = this.#stored;
    await this.#store('free-export', free);
  }

  async end(): Promise<void> {
    const { format, upload } = this.#stored;
    if (this.#stored.cursor !== WRITTEN) this.#hold(RENDERERS[format].end(this.#counts));
    const { blobs, clock } = this.#world;
    if (upload) await this.#endUpload();
    else await blobs.put(this.#key, Buffer.concat(this.#pieces), RENDERERS[format].contentType);
    const { upload: _, cursor: __, lease: ___, ...rest } = this.#stored;
    const bytes = upload ? rest.bytes : this.#bytes;
    const record = { ...rest, counts: this.#counts, bytes, status: 'completed' as const, completedAtMs: clock.nowMs() };
    await this.#world.commit({ name: 'end-export', writes: [update('export', this.#stored, record)] });
  }

  /** Nobody wants it any more. */
  async discard(): Promise<void> {
    const { upload } = this.#stored;
    if (upload) await this.#world.blobs.abort(this.#key, upload.id);
    await this.#world.blobs.remove([this.#key]);
  }

  async #endUpload(): Promise<void> {
    this.#cursor = WRITTEN;
    // The last part is stored before the file is made of them: whoever goes on from here has nothing to read.
    if (this.#bytes > 0) await this.#save();
    const { upload } = this.#stored;
    if (upload) await this.#world.blobs.complete(this.#key, upload.id, upload.parts);
  }

  #hold(text: string): void {
    const piece = Buffer.from(text);
    this.#pieces.push(piece);
    this.#bytes += piece.byteLength;
  }

  /** Puts what is held into a part and stores how far that is. */
  async #save(): Promise<void> {
    const { blobs } = this.#world;
    const upload: Upload = this.#stored.upload ?? { id: await blobs.begin(this.#key, RENDERERS[this.#stored.format].contentType), parts: [] };
    const number = upload.parts.length + 1;
    const tag = await blobs.putPart(this.#key, upload.id, number, Buffer.concat(this.#pieces));
    const parts = [...upload.parts, { number, tag, bytes: this.#bytes }];
    await this.#store('save-export', { ...this.#withLease(), cursor: this.#cursor, counts: this.#counts, bytes: this.#stored.bytes + this.#bytes, upload: { ...upload, parts } });
    this.#pieces = [];
    this.#bytes = 0;
  }

  #withLease(): ExportIn<'in_progress'> {
    return { ...this.#stored, lease: { owner: this.#world.owner, untilMs: this.#world.clock.nowMs() + EXPORT_LEASE_MS } };
  }

  async #store(name: string, record: ExportIn<'in_progress'>): Promise<void> {
    const write = update('export', this.#stored, record);
    await this.#world.commit({ name, writes: [write] });
    this.#stored = write.record;
  }
}
